"""One cell from plan to record, under every protocol."""

from dataclasses import replace

import numpy as np
import pytest

from benchmark.analysis.intervals import bootstrap_intervals
from benchmark.analysis.samples import samples
from benchmark.plan.protocol import ProtocolConfig
from benchmark.run.execute import Job, execute
from benchmark.run.loading import _cached_split
from benchmark.train.trainer import CellTrainer
from datasets.registry import DATASETS, DatasetEntry
from tests.conftest import make_split
from tests.small_models import make_cell

SPLIT = make_split(n_development=25)


@pytest.fixture
def record_of(registries, tmp_path):
    """Return a function that executes a cell on 25 + 3 songs and returns its record."""
    DATASETS["test"] = DatasetEntry(
        load=lambda options, features, root: SPLIT, summary="28 songs", feature_sets=("six",)
    )

    def record_of(model="crnn", *, training=None, repetition=1, **protocol):
        trained = replace(make_cell(model).training, **training or {})
        cell = make_cell(
            model, protocol=ProtocolConfig(**protocol), training=trained, repetition=repetition,
            dataset_digest=SPLIT.digest(),
        )  # fmt: skip
        record = execute(Job(cell, tmp_path, None, "cpu"), lambda *_: None)
        assert record.status == "done", record.error
        return record

    _cached_split.cache_clear()
    return record_of


@pytest.fixture
def stopped_on(monkeypatch):
    """Return the songs that each training stopped on, as they come in."""
    seen = []
    original = CellTrainer.fit

    def spy(self, build, training, validation, **options):
        used = validation if self.scored_on is None else self.scored_on
        seen.append(([s.song_id for s in training], [s.song_id for s in used]))
        return original(self, build, training, validation, **options)

    monkeypatch.setattr(CellTrainer, "fit", spy)
    return seen


def test_the_default_protocol_never_stops_on_an_evaluation_song(record_of, stopped_on):
    record_of("crnn")
    record_of("blstm_ensemble")
    evaluation = {song.song_id for song in SPLIT.evaluation}
    assert len(stopped_on) == 1 + 9
    for training, stopping in stopped_on:
        assert not evaluation & {*training, *stopping}
        assert not set(training) & set(stopping)


def test_selection_on_evaluation_songs_stops_on_them_and_trains_on_the_same_songs(
    record_of, stopped_on
):
    record_of("crnn")
    record_of("crnn", selection="evaluation")
    (training, _), (same_training, stopping) = stopped_on
    assert same_training == training
    assert stopping == [song.song_id for song in SPLIT.evaluation]


def test_choosing_the_epoch_on_the_evaluation_songs_never_looks_worse(record_of):
    training = {"max_epochs": 12, "patience": 12, "learning_rate": 0.01}
    honest = record_of("blstm", training=training)
    flattered = record_of("blstm", training=training, selection="evaluation")
    assert flattered.scores["rmse_average"] <= honest.scores["rmse_average"]
    assert flattered.curves["network"]["training_loss"] == honest.curves["network"]["training_loss"]


def test_with_nothing_held_out_all_development_songs_teach(record_of, stopped_on):
    record = record_of("crnn", selection="last", training={"validation_fraction": 0})
    ((training, stopping),) = stopped_on
    assert (len(training), stopping) == (25, [])
    curve = record.curves["network"]
    assert (curve["validation_rmse"], curve["best_epoch"]) == ((), 2)


def test_cross_validation_scores_every_development_song_once(record_of):
    record = record_of("crnn", folds=5)
    assert sorted(record.per_song["song_id"]) == sorted(s.song_id for s in SPLIT.development)
    assert list(record.curves) == [f"fold {k}: network" for k in range(1, 6)]
    assert list(record.references) == ["oracle of song means"]
    again = record_of("crnn", folds=5, repetition=2)  # other folds, the same order of songs
    assert again.per_song["song_id"] == record.per_song["song_id"]
    assert bootstrap_intervals(samples([record, again]))
    errors = np.array(record.per_song["rmse_valence"])
    assert record.scores["rmse_valence_per_song"] == pytest.approx(errors.mean())
    frames = np.array(record.per_song["n_frames"])
    pooled = np.sqrt(np.sum(frames * errors**2) / frames.sum())
    assert record.scores["rmse_valence"] == pytest.approx(pooled)


def test_folds_are_trained_from_different_weights(record_of):
    curves = record_of("crnn", folds=5).curves.values()
    assert len({curve["training_loss"] for curve in curves}) == 5


def test_a_composed_model_leaves_the_scores_of_its_parts(record_of):
    record = record_of("blstm_ensemble")
    assert list(record.components) == [
        "member 1, L=5", "member 2, L=10", "member 3, L=5", "best", "mean", "svr", "ann", "elm",
    ]  # fmt: skip
    members = [scores["rmse_average"] for name, scores in record.components.items()
               if name.startswith("member")]  # fmt: skip
    assert record.components["best"]["rmse_average"] in members
    assert record_of("crnn").components == {}
