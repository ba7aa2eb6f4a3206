"""Evaluate: a fitted model becomes predictions, scores and costs.

Takes   a fitted estimator and the evaluation songs.
Gives   predictions (T, 2) per song, scores under every convention, parameters and FLOPs.
Never   feeds anything back into training.
"""
