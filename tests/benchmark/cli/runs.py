"""A small study on the user's own dataset and model, and what a run of it leaves."""

import json

import numpy as np

STUDY = """
models: [tiny_gru, crnn]
dataset: tiny
sequence_lengths: [10]
repetitions: 3
max_epochs: 3
"""
N_CELLS = 3 + 2 * 3  # floors once, two models three times


def outcomes(results):
    """Return every record without its circumstances, and every prediction, by file name."""
    records = {
        path.name: {key: value for key, value in json.loads(path.read_text()).items()
                    if key != "circumstances"}
        for path in (results / "records").glob("*/*.json")
    }  # fmt: skip
    predictions = {}
    for path in (results / "predictions").glob("*/*.npz"):
        with np.load(path) as stored:
            predictions[path.name] = {song: stored[song].tobytes() for song in stored.files}
    return records, predictions
