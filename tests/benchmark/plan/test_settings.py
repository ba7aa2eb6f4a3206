"""What `list settings` prints is what `--set` takes."""

import pytest

from benchmark.plan.settings import all_settings
from benchmark.plan.studies import read_study

SETTINGS = all_settings()


@pytest.mark.parametrize("row", SETTINGS, ids=lambda row: row["name"])
def test_every_listed_default_and_choice_is_taken(row):
    for value in [row["default"], *row["choices"]]:
        if value is not None:
            written = {"protocol.folds": 5, row["name"]: value}  # folds: fold_over asks for them
            assert read_study("smoke", {"set": written}).parts


def test_settings_of_every_owner_are_listed_with_their_choices():
    listed = {row["name"]: row for row in SETTINGS}
    assert listed["training.patience"]["default"] == 10
    assert listed["protocol.selection"]["choices"] == ["held_out", "evaluation", "last"]
    assert listed["protocol.test_sequence_length"]["choices"] == ["whole"]
    assert listed["mediaeval2015.labels"]["choices"] == ["deam", "mediaeval2015"]
    assert listed["deam.families"]["choices"] == ["none", "artist"]
    assert listed["blstm_ensemble.fusion"]["choices"] == ["svr", "ann", "elm", "mean", "best"]
    assert listed["crnn.dropout"] == {"name": "crnn.dropout", "default": 0.25, "choices": []}
