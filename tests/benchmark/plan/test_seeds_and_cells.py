from dataclasses import replace

import pytest

from benchmark.plan.seeds import derive
from tests.models.test_every_model import make_cell


def test_a_seed_depends_on_every_name_and_on_the_base():
    seeds = {derive(1), derive(2), derive(1, "a"), derive(1, "b"), derive(1, "a", "b")}
    assert len(seeds) == 5
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_names_are_not_run_together():
    assert derive(1, "ab", "c") != derive(1, "a", "bc")


def test_a_seed_never_changes():
    """sha256 of "2017", unit separator, "crnn": records rely on it for ever."""
    import hashlib

    expected = int.from_bytes(hashlib.sha256(b"2017\x1fcrnn").digest()[:8], "big") >> 1
    assert derive(2017, "crnn") == expected


@pytest.mark.parametrize(
    "change",
    [
        {"dataset_digest": "other"}, {"features": "other"}, {"model": "blstm"},
        {"model_version": "2"}, {"config": {"dropout": 0.5}}, {"training": {"max_epochs": 3}},
        {"sequence_length": 20}, {"repetition": 2}, {"base_seed": 8}, {"protocol": "other"},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_everything_that_decides_the_outcome_is_in_the_key(change):
    cell = make_cell("crnn")
    assert replace(cell, **change).key != cell.key


def test_how_settings_are_shown_is_not_in_the_key():
    cell = make_cell("crnn")
    assert replace(cell, settings={"dropout": 0.25}).key == cell.key


def test_repetitions_share_a_group_and_nothing_else_does():
    cell = make_cell("crnn")
    assert replace(cell, repetition=2).group == cell.group
    assert replace(cell, sequence_length=20).group != cell.group


def test_all_models_of_a_repetition_hold_out_the_same_songs():
    choice = "validation songs"
    crnn, blstm = make_cell("crnn"), make_cell("blstm")
    assert crnn.shared_seed(choice) == blstm.shared_seed(choice)
    assert crnn.seed("weights") != blstm.seed("weights")
    assert crnn.shared_seed(choice) != replace(crnn, repetition=2).shared_seed(choice)
