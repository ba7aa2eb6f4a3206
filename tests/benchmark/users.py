"""A user's estimator for tests, and cells of it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from benchmark.run.execute import Job, execute
from benchmark.run.loading import _cached_split
from datasets.registry import DATASETS, DatasetEntry
from models.registry import MODELS, ModelEntry
from tests.conftest import make_split
from tests.small_models import make_cell


class Mean:
    """The smallest honest estimator; tests spoil one method each."""

    def __init__(self, *, n_features, config):
        self.mean = np.zeros(2, np.float32)

    def fit(self, songs, trainer):
        self.mean = np.concatenate([song.annotations for song in songs]).mean(axis=0)

    def predict(self, songs):
        return [np.tile(self.mean, (song.n_frames, 1)) for song in songs]

    def networks(self):
        return []

    def other_parameters(self):
        return {"mean": 2}

    def other_flops(self):
        return 0


def spoilt(**methods: Callable[..., Any]) -> type:
    """Return the estimator with other methods."""
    return type("Spoilt", (Mean,), methods)


def raising(error: BaseException) -> Callable[..., Any]:
    """Return a method that raises."""

    def method(self, *_):
        raise error

    return method


@pytest.fixture
def record_of(registries, tmp_path):
    """Return a function that executes a cell of a model or class, on songs loaded anew."""
    DATASETS["test"] = DatasetEntry(
        load=lambda options, features, root: make_split(), summary="27 songs", feature_sets=("six",)
    )
    _cached_split.cache_clear()

    def record_of(model, **changes):
        if isinstance(model, type):
            MODELS["users"] = ModelEntry(target=model, summary="theirs", kind="estimator")
        name = "users" if isinstance(model, type) else model
        cell = make_cell(name, **{"dataset_digest": make_split().digest()} | changes)
        return execute(Job(cell, tmp_path, None, "cpu"), lambda *_: None)

    yield record_of
    _cached_split.cache_clear()


def numbers(record):
    """Return all of a record that must not depend on what ran before."""
    return {key: value for key, value in vars(record).items() if key != "circumstances"}
