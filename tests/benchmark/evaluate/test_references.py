"""What no model can know is scored once for all cells of a loaded dataset."""

import gc
import weakref

import numpy as np
import pytest

from benchmark.evaluate import references
from benchmark.evaluate.references import reference_scores
from benchmark.evaluate.scores import RATERS, panel_scores
from datasets.contract import Song, Split
from datasets.raters import Raters


def song(song_id, distance):
    """Make a song whose two raters differ by a distance, a random walk in their middle."""
    walk = np.cumsum(np.random.default_rng(1).normal(0, 0.01, (40, 2)), axis=0)
    curves = np.stack([walk - distance / 2, walk + distance / 2]).astype(np.float32)
    raters = Raters(curves)
    times = 0.5 * np.arange(40)
    return Song(song_id, np.ones((40, 3), np.float32), curves.mean(axis=0), times, raters=raters)


def make_split():
    return Split((song("a", 0.1), song("b", 0.1)), (song("c", 0.2),))


@pytest.fixture
def n_panels(monkeypatch):
    """Return the number of songs of every ceiling computed."""
    numbers = []

    def counted(halves):
        numbers.append(len(halves))
        return panel_scores(halves)

    monkeypatch.setattr(references, "panel_scores", counted)
    return numbers


def test_the_ceiling_is_computed_once_for_the_songs_that_score_a_cell(n_panels):
    split = make_split()
    scores = [reference_scores(split, split.evaluation) for _ in range(3)]
    assert n_panels == [1]
    assert scores[0] == scores[1] == scores[2]
    # halves of two raters are single raters, .2 apart; panels of two differ by the root of 2 less
    assert scores[0][RATERS]["rmse_average"] == pytest.approx(0.2 / np.sqrt(2), rel=1e-5)
    over_all = reference_scores(split, split.songs)[RATERS]["rmse_average"]
    assert n_panels == [1, 3]
    pooled = np.sqrt((2 * 0.1**2 + 0.2**2) / 3)
    assert over_all == pytest.approx(pooled / np.sqrt(2), rel=1e-5)
    reference_scores(make_split(), split.evaluation)
    assert n_panels == [1, 3, 1]


def test_who_changes_the_scores_changes_a_copy():
    split = make_split()
    before = reference_scores(split, split.evaluation)
    reference_scores(split, split.evaluation)[RATERS]["rmse_average"] = 0.0
    assert reference_scores(split, split.evaluation) == before


def test_nothing_of_it_outlives_the_dataset():
    split = make_split()
    reference_scores(split, split.evaluation)
    gone = weakref.ref(split.evaluation[0])
    n_before = len(references._SCORED)
    del split
    gc.collect()
    assert gone() is None
    assert len(references._SCORED) < n_before
