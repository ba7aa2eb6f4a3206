"""A user's model may do anything: its own cell fails, and no other cell's numbers move."""

import os
import re
import signal
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmark.errors import ConfigError
from benchmark.plan.config import Study, StudyConfig
from benchmark.run.options import RunOptions
from benchmark.run.planning import plan_run
from datasets.contract import DatasetError, Song
from datasets.registry import DATASETS
from models.registry import MODELS, ModelEntry
from tests.benchmark.users import Mean, numbers, raising, record_of, spoilt
from tests.conftest import make_split

__all__ = ["record_of"]  # a fixture


class TextlessError(Exception):
    def __str__(self):
        raise RuntimeError("no text")


class LeavingError(Exception):
    def __str__(self):
        sys.exit(0)


class NoException(BaseException):
    pass


def predicting(values):
    """Return an estimator that predicts values (T, 2) made from a song."""
    return {"predict": lambda self, songs: [values(song) for song in songs]}


FAILURES = {
    "sys.exit": ({"fit": raising(SystemExit(0))}, "SystemExit: 0 in .*users.py:"),
    "its own interrupt": ({"fit": raising(KeyboardInterrupt())}, "KeyboardInterrupt in"),
    "no Exception": ({"fit": raising(NoException("odd"))}, "NoException: odd in"),
    "no text": ({"fit": raising(TextlessError())}, "TextlessError: its text raises Runtime"),
    "text exits": ({"fit": raising(LeavingError())}, "LeavingError: its text raises SystemExit in"),
    "a terminal's codes": ({"fit": raising(ValueError("\x1b[2J\ud800"))}, r"ValueError: \?\[2J\?"),
    "peeping": (predicting(lambda song: song.annotations), "has no attribute 'annotations'"),
    "raters": (predicting(lambda song: song.raters), "has no attribute 'raters'"),
    "complex": (predicting(lambda song: np.full((song.n_frames, 2), 1j)),
                "predictions complex128, expected real numbers"),
    "text": (predicting(lambda song: "up"), "predictions <U2, expected real numbers"),
    "shape": (predicting(lambda song: np.zeros(2)), r"predictions \(2,\), expected \(7, 2\)"),
    "too few": ({"predict": lambda self, songs: []}, "3 songs went in, 0 predictions came out"),
    "nothing": ({"predict": lambda self, songs: None}, "TypeError"),
    "component": ({"components": lambda self, songs: {3: Mean.predict(self, songs)}},
                  "components are named by text, not by a int"),
    "complex component": (
        {"components": lambda self, songs: {"a": [one + 1j for one in Mean.predict(self, songs)]}},
        "predictions complex64, expected real numbers"),
    "parameters": ({"other_parameters": lambda self: {"a": np.nan}}, "TypeError"),
    "names of parameters": ({"other_parameters": lambda self: {(1, 2): 3}}, "keys must be str"),
    "too many parameters": ({"other_parameters": lambda self: {"a": 2**60}},
                            r"RecordFlawed: Record of this cell is damaged: parameters\.a: "),
    "negative parameters": ({"other_parameters": lambda self: {"b": -5}},
                            r"RecordFlawed: .* parameters\.b: .*, got -5 in .*store.py:"),
    "a component's name": (
        {"components": lambda self, songs: {"a\x1b[31mb": Mean.predict(self, songs)}},
        r"RecordFlawed: Record of this cell holds the control character U\+001B in "),
    "flops": ({"other_flops": lambda self: 2j}, "'complex' object cannot be interpreted"),
    "weights": ({"state": lambda self: {"a": np.array([None])}, "restore": lambda *_: None},
                "TypeError|KeyError|ValueError|SafetensorError"),
    "our ConfigError": ({"fit": raising(ConfigError("a bad dial"))},
                        "ConfigError: a bad dial in .*users.py:"),
    "our DatasetError": (
        {"predict": lambda self, songs: [Song(one.song_id, one.features * np.nan, one.features,
                                              one.times) for one in songs]},
        "DatasetError: Song e0: expected features .* in .*test_users_models.py:"),
    "writing": ({"fit": lambda self, songs, trainer: songs[0].features.fill(0)}, "read-only"),
}  # fmt: skip


@pytest.mark.parametrize(("methods", "error"), FAILURES.values(), ids=FAILURES)
def test_what_a_model_does_wrong_fails_its_cell_alone(record_of, tmp_path, methods, error):
    failed = record_of(spoilt(**methods))
    assert failed.status == "failed"
    assert len(failed.error.splitlines()) == 1
    assert re.search(error, failed.error), failed.error
    assert failed.error.isprintable()
    assert len(list(tmp_path.glob("records/*/users-*.json"))) == 1
    assert record_of(Mean).status == "done"


class Refusing(torch.nn.Linear):
    """A network that says no, deep in a library of its own."""

    def __init__(self, *, n_features):
        super().__init__(n_features, 2)

    def forward(self, features):
        raise ValueError("Too long.")  # here


class Unbuilt(torch.nn.Module):
    def __init__(self, *, n_features):
        super().__init__()
        self.layer = torch.nn.Linear(n_features, -2)  # there: torch raises, below this line


def test_the_error_of_a_network_ends_in_its_kind_and_the_line_of_its_file(record_of):
    lines = Path(__file__).read_text().splitlines()
    here, there = (
        next(number for number, line in enumerate(lines, 1) if line.endswith(mark))
        for mark in ("  # here", ", below this line")
    )
    MODELS["refusing"] = ModelEntry(target=Refusing, summary="says no")
    MODELS["unbuilt"] = ModelEntry(target=Unbuilt, summary="cannot be built")
    error = record_of("refusing").error
    assert error.endswith(f"valence and arousal; ValueError in {__file__}:{here}")
    assert "fails on features (1, 10, 6): Too long. A network maps" in error
    error = record_of("unbuilt").error
    assert error.startswith("RuntimeError: ")
    assert error.endswith(f" in {__file__}:{there}")


def test_a_record_that_is_refused_leaves_no_weights(record_of, tmp_path):
    failed = record_of(spoilt(
        other_parameters=lambda self: {"b": -5}, state=lambda self: {"mean": self.mean},
        restore=lambda *_: None,
    ))  # fmt: skip
    assert failed.status == "failed"
    assert "parameters.b" in failed.error
    assert not list(tmp_path.glob("weights/*/*"))


@pytest.mark.parametrize(
    ("kept", "message"),
    [
        (np.array([1, np.nan], np.float32), "weights cannot be kept: 'mean' holds NaN or inf in "),
        (np.array([object()]), "weights cannot be kept: 'mean' holds object, no numbers in "),
    ],
)
def test_weights_that_could_not_be_read_are_not_kept(record_of, tmp_path, kept, message):
    failed = record_of(spoilt(state=lambda self: {"mean": kept}, restore=lambda *_: None))
    assert failed.status == "failed"
    assert failed.error.startswith(f"ValueError: {message}")
    assert not list(tmp_path.glob("weights/*/*"))
    assert not list(tmp_path.glob("predictions/*/*"))


def test_predictions_that_are_not_finite_are_recorded_as_diverged(record_of):
    record = record_of(spoilt(**predicting(lambda song: np.full((song.n_frames, 2), np.nan))))
    assert (record.status, record.error) == ("diverged", "song e0: predictions hold NaN or inf")


def test_whole_numbers_and_numpys_own_are_fine(record_of):
    record = record_of(spoilt(
        other_parameters=lambda self: {"mean": np.int64(2)},
        **predicting(lambda song: np.zeros((song.n_frames, 2), int)),
    ))  # fmt: skip
    assert record.status == "done", record.error
    assert record.parameters == {"mean": 2}


def test_a_model_without_parameters_has_none_of_them_and_is_recorded(record_of):
    record = record_of(spoilt(other_parameters=lambda self: {}))
    assert (record.status, record.n_parameters) == ("done", 0), record.error


def overwrite(self, songs, trainer):
    """Write where NumPy forbids it, through torch, which does not ask."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for song in songs:
            torch.from_numpy(song.annotations).zero_()


def test_songs_overwritten_through_torch_fail_their_cell_and_are_loaded_again(record_of):
    before = record_of("linear")
    failed = record_of(spoilt(fit=overwrite))
    assert failed.status == "failed"
    assert "model 'users' wrote into the arrays of its songs" in failed.error
    assert numbers(record_of("linear")) == numbers(before)


@pytest.mark.parametrize("swallows", [False, True])
def test_ctrl_c_stops_even_where_a_model_swallows_it(record_of, tmp_path, swallows):
    def fit(self, songs, trainer):
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except KeyboardInterrupt:
            if not swallows:
                raise

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            record_of(spoilt(fit=fit))
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert not list(tmp_path.glob("records/*/*.json"))


def test_a_cell_planned_for_other_songs_is_refused_and_not_recorded(record_of, tmp_path):
    with pytest.raises(DatasetError, match=r"Dataset 'test' changed: users.* digest eeeeeeeeeeee,"):
        record_of(Mean, dataset_digest="e" * 64)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("error", [ConfigError("a bad dial"), DatasetError("no songs")])
def test_a_model_that_raises_our_errors_is_priced_and_left_to_fail(record_of, tmp_path, error):
    MODELS["users"] = ModelEntry(
        target=spoilt(fit=raising(error)), summary="theirs", kind="estimator"
    )
    part = StudyConfig(name="mine", models=("users",), dataset="test", repetitions=1)
    plan = plan_run(Study("mine", (part,)), RunOptions(results=tmp_path, is_dry=True))
    assert [one.seconds for one in plan.estimates.values()] == [0.0] * len(plan.cells)
    assert plan.todo == plan.cells


def test_too_few_songs_for_a_model_of_our_own_still_mean_the_user(record_of, tmp_path):
    few = make_split(n_development=2)
    DATASETS["test"] = replace(DATASETS["test"], load=lambda *_: few)
    with pytest.raises(DatasetError, match="blstm_ensemble leaves out one fold of the songs for"):
        record_of("blstm_ensemble", dataset_digest=few.digest())
    assert not list(tmp_path.iterdir())
