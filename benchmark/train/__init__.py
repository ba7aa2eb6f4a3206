"""Train: a cell and its development songs become a fitted model.

Takes   a cell, the development songs and a device.
Gives   an estimator that predicts songs.
Never   sees an evaluation song, writes a file or talks to a tracking server.
"""
