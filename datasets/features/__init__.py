"""Feature sets: what the F columns of a song are.

Takes   the data folder.
Gives   a reader: song id and annotation times -> float32 features (T, F), one row per annotation.
Never   looks at annotations' values.
"""
