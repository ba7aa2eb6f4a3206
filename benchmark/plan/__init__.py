"""Plan: turn a study into the list of cells to run.

Takes   the YAML or the options a person wrote.
Gives   cells in a fixed order, each with its own seed and digest.
Never   trains a model or writes a file, so `run --dry-run` can show the cost first.
"""
