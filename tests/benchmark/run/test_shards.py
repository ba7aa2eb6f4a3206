"""A study's cells dealt to shards: every cell to one of them, and about the same work to each."""

import random

import pytest

from benchmark.cli.options import seconds, shard_of
from benchmark.errors import ConfigError
from benchmark.run.costs import work
from benchmark.run.shards import Shard, dealt
from benchmark.train import estimate
from models.registry import MODELS, ModelEntry
from tests.benchmark.users import raising, spoilt
from tests.conftest import make_split
from tests.small_models import make_cell

# ten repetitions of what costs 1, 6, 85 and 400, as floor rows, CRNN, BLSTM and an ensemble do
COSTS = {f"{cost}-{number}": cost for cost in (1, 6, 85, 400) for number in range(10)}


@pytest.mark.parametrize("count", range(1, 8))
def test_shards_are_complete_disjoint_and_balanced_within_a_fifth(count):
    shares = dealt(COSTS, count)
    assert sorted(key for share in shares for key in share) == sorted(COSTS)
    mean = sum(COSTS.values()) / count
    assert max(sum(COSTS[key] for key in share) for share in shares) <= 1.2 * mean


def test_the_dearest_cells_are_dealt_first_each_to_the_share_that_has_least():
    # 7 | 6 | 5; the 4 joins the 5, the 3 the 6, the 2 the 7: nine each
    costs = {"c": 2, "a": 7, "d": 3, "b": 6, "e": 5, "f": 4}
    assert dealt(costs, 3) == [{"a", "c"}, {"b", "d"}, {"e", "f"}]
    assert Shard(2, 3).of(costs) == {"b", "d"}


def test_cells_are_dealt_alike_in_whatever_order_they_come():
    keys = list(COSTS)
    random.Random(1).shuffle(keys)
    assert dealt({key: COSTS[key] for key in keys}, 7) == dealt(COSTS, 7)


def test_repetitions_are_spread_even_where_there_are_more_shards_than_cells():
    assert sorted(map(len, dealt(dict.fromkeys("abcde", 2.0), 7))) == [0, 0, 1, 1, 1, 1, 1]


def test_work_is_reckoned_without_a_clock(monkeypatch, split):
    monkeypatch.setattr(estimate, "_time_step", raising(AssertionError("timed")))
    crnn, blstm = make_cell("crnn"), make_cell("blstm")
    assert work(crnn, split) == work(crnn, split)
    assert work(make_cell("constant", training=None), split) < work(crnn, split)
    ensemble = make_cell("blstm_ensemble")
    assert work(blstm, split) < work(ensemble, split)


def test_work_grows_with_songs_epochs_and_parameters(split):
    cell = make_cell("crnn")
    assert work(cell, make_split(n_development=48)) == pytest.approx(2 * work(cell, split), rel=0.1)
    # 24 songs of 20 frames are 48 windows of 10: three batches of 16 an epoch, two epochs
    size = sum(one.numel() for one in MODELS["crnn"].build(6).parameters())
    networks = 2 * 3 * 16 * 10 * (1500 + size**0.75)
    assert work(cell, split) == pytest.approx(24 * 20 * 50_000 + networks, rel=1e-3)


def test_a_model_that_cannot_be_priced_is_dealt_too(split, registries):
    broken = spoilt(train_networks=raising(RuntimeError("no")))
    MODELS["broken"] = ModelEntry(target=broken, summary="", kind="estimator")
    assert work(make_cell("broken"), split) == 24 * 20 * 50_000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("3", "not of the form I/N"),
        ("a/b", "not of the form"),
        ("-1/4", "not of the form"),
        ("1/2/3", "not of the form"),
        ("0/4", "counted from 1 to N.*--array=1-N"),
        ("5/4", "counted from 1"),
        ("1/0", "counted from 1"),
        ("1/20001", "at most 20,000"),
    ],
)
def test_an_impossible_shard_is_explained(text, message):
    with pytest.raises(ConfigError, match=message):
        shard_of(text)


def test_a_shard_is_read():
    assert shard_of("3/20") == Shard(3, 20)
    assert shard_of(None) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90", 90), ("1.5", 1.5), ("90s", 90), ("50m", 3000), ("2h", 7200), ("1h30m", 5400),
     ("1h 30m 5s", 5405), ("1.5h", 5400)],
)  # fmt: skip
def test_a_duration_is_read(text, expected):
    assert seconds("--timeout", text) == expected


@pytest.mark.parametrize("text", ["", "0", "m", "30m1h", "1h30", "1d", "-5", "1e3", "9" * 12])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ConfigError, match="no duration such as 90s, 50m, 2h or 1h30m"):
        seconds("--timeout", text)
