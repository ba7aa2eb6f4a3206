"""What training costs: in proportion to songs, frames and repetitions, and no memory beside data.

Each figure comes from a process of its own; time is that of its processor, so that other work on
the machine does not count.
"""

import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from benchmark.record.environment import peak_memory_bytes
from benchmark.train.trainer import CellTrainer
from tests.conftest import make_song

FACTOR = 16
SMALL = {"n_songs": 80, "n_frames": 60, "repetitions": 1}
N_FEATURES = 64


def cost(n_songs, n_frames, repetitions):
    """Return the processor's seconds and the bytes that two epochs of CRNN add to a process."""
    from tests.small_models import build, make_cell

    def train(songs, repetition):
        trainer = CellTrainer(make_cell("crnn", repetition=repetition), "cpu", lambda *_: None)
        trainer.fit(
            lambda: build("crnn", n_features=N_FEATURES), songs, songs[:1],
            sequence_length=60, name="network",
        )  # fmt: skip

    songs = [make_song(f"s{index}", n_frames, N_FEATURES) for index in range(n_songs)]
    train(songs[:4], 1)  # libraries and compiled code are loaded
    before, started = peak_memory_bytes(), time.process_time()
    for repetition in range(1, repetitions + 1):
        train(songs, repetition)
    return time.process_time() - started, peak_memory_bytes() - before


@pytest.fixture(scope="module")
def costs():
    """Return what the small training costs, and one that is larger in each of three ways."""
    larger = {name: SMALL | {name: FACTOR * SMALL[name]} for name in SMALL}
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        futures = {
            name: pool.submit(cost, **size) for name, size in ({"small": SMALL} | larger).items()
        }
        return {name: future.result() for name, future in futures.items()}


@pytest.mark.parametrize("name", SMALL)
def test_sixteen_times_as_much_takes_about_sixteen_times_as_long(costs, name):
    ratio = costs[name][0] / costs["small"][0]
    assert FACTOR / 2 < ratio < FACTOR * 1.5


@pytest.mark.parametrize("name", ["n_songs", "n_frames"])
def test_memory_grows_by_no_more_than_the_data(costs, name):
    n_values = (FACTOR - 1) * SMALL["n_songs"] * SMALL["n_frames"] * (N_FEATURES + 2)
    copies = 4  # scaled, cut, stacked into windows, and one for the batches at hand
    assert costs[name][1] - costs["small"][1] < copies * 4 * n_values


def test_memory_does_not_grow_with_repetitions(costs):
    assert costs["repetitions"][1] < 1.5 * costs["small"][1] + 20e6
