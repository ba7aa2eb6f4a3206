"""Record: scores become one JSON file per cell, and a copy in MLflow.

Takes   what happened to a cell.
Gives   a file that outlives this code; records are the truth, everything else is rebuilt.
Never   computes a score.
"""
