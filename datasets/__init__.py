"""Datasets: songs with audio features and annotations, ready for any model.

Takes   a dataset's name, its options and, for real data, the folder it lies in.
Gives   a `Split`: development songs and evaluation songs, checked and digested.
Never   trains, draws a random number it did not seed, or imports the harness.
"""
