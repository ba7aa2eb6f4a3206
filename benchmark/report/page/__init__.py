"""Page: the answer as one HTML file that needs no network to view.

Takes   an answer and, where they lie beside it, predictions and annotations.
Gives   one file: tables and figures that need no script, and charts to look into.
Never   computes a score; the browser draws what is written here.
"""
