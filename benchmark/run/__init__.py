"""Run: a study's cells become records.

Takes   a study, data and a results folder.
Gives   one record per cell that was missing, in as many worker processes as asked for.
Never   trains a cell twice or stops because one cell failed.
"""
