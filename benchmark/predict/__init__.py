"""Predict: stored weights become predictions of any recording.

Takes   a record, its weights, and features made from audio as the model's own were.
Gives   valence and arousal per frame, or a TorchScript file of the whole model.
Never   trains, and never runs code that comes with the weights.
"""
