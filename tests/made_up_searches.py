"""A search made by hand: settings on every kind of scale, one trial pruned, one far above."""

import random

from benchmark.record.searches import SearchRecord, TrialRow

SPACE = {
    "tcn.dropout": "0.1 to 0.5",
    "training.learning_rate": "0.0001 to 0.01, log scale",
    "tcn.l1": "0, or 0.0001 to 1, log scale",
    "tcn.layers": "1 to 3, whole",
    "tcn.units": "4 | 8 | 64",
    "tcn.cells": "1 to 9, if tcn.fusion is svr | mean",
}
ERRORS = [0.328, 0.330, 0.332, 0.335, 0.315, 0.340, 0.3687]  # trial 4 is pruned, 6 far above


def trial(number):
    drawn = random.Random(number)
    values = {
        "tcn.dropout": drawn.uniform(0.11, 0.49),
        "training.learning_rate": 10 ** drawn.uniform(-3.9, -2.1),
        "tcn.l1": drawn.choice([0, 0.0002, 0.1]),
        "tcn.layers": drawn.randint(1, 3),
        "tcn.units": [4, 8, 64][number % 3],
        "tcn.cells": drawn.randint(1, 9),
    }
    known = {
        "number": number, "state": "pruned" if number == 4 else "done", "rmse": ERRORS[number],
        "n_parameters": 1000 * (number + 1), "n_epochs": 3, "seconds": 1.0, "reason": None,
        "is_default": number == 0, "cell": None, "commit": None, "values": values,
    }  # fmt: skip
    return TrialRow(**known)


def search(**changes):
    identity = {"model": "tcn", "folds": 3, "dataset": "hers", "features": "clips",
                "dataset digest": "d" * 64, "seed": 1, "space": SPACE}  # fmt: skip
    known = {"name": "own", "identity": identity, "options": {},
             "trials": [trial(number) for number in range(7)]}  # fmt: skip
    return SearchRecord(**known | changes)
