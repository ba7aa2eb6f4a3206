"""Models: music emotion recognition architectures, one a file, each readable alone.

Takes   a sequence of feature vectors, one per half second.
Gives   valence and arousal for each of them.
Never   touches seeds, devices, logging or files: the harness lends a `Trainer` for that.
"""
