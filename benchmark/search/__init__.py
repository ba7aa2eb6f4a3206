"""Search: Optuna looks for a model's settings on development songs (only door to optuna).

Takes   a model, its search space and development songs in folds.
Gives   trials, the finalists trained again, and a study that opens the evaluation songs.
Never   reads an evaluation song.
"""
