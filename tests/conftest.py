"""What many tests need: small songs, real data, FluidSynth, a user's own file, a browser."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from datasets.contract import DatasetError, Song, Split

if TYPE_CHECKING:
    from playwright.sync_api import Browser

REAL_DATA = Path(__file__).parents[2] / "shared" / "data"

USERS_FILE = '''
"""A user's own dataset and model: two small tables."""
import numpy as np
from torch import nn
from datasets.contract import DatasetError, Song, Split
from datasets.registry import DatasetEntry
from models.registry import ModelEntry


def songs(prefix, lengths, seed):
    rng = np.random.default_rng(seed)
    for index, n_frames in enumerate(lengths):
        emotion = np.clip(rng.normal(0, 0.3, 2) + rng.normal(0, 0.05, (n_frames, 2)), -1, 1)
        columns = np.concatenate([emotion, rng.normal(0, 1, (n_frames, 4))], axis=1)
        yield Song(f"{prefix}{index}", columns.astype(np.float32),
                   emotion.astype(np.float32), 15 + 0.5 * np.arange(n_frames))


def load(options, features, data_root):
    return Split(tuple(songs("d", [20] * 24, 1)), tuple(songs("e", [7, 20, 33], 2)))


class TinyGRU(nn.Module):
    def __init__(self, *, n_features):
        super().__init__()
        self.gru = nn.GRU(n_features, 4, batch_first=True)
        self.head = nn.Linear(4, 2)

    def forward(self, features_BTF):
        return self.head(self.gru(features_BTF)[0])


DATASETS = {"tiny": DatasetEntry(load=load, summary="24 + 3 small songs", feature_sets=("six",))}
MODELS = {"tiny_gru": ModelEntry(target=TinyGRU, summary="a GRU with four units")}
'''


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a GPU where torch finds none."""
    if item.get_closest_marker("gpu"):
        import torch

        if not torch.cuda.is_available():
            pytest.skip("torch finds no CUDA device")


@pytest.fixture(scope="session", autouse=True)
def _share_what_is_slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    from tests.benchmark.apart import preload_everything
    from tests.quick_databases import quick_databases

    with pytest.MonkeyPatch.context() as patch, quick_databases(tmp_path_factory.mktemp("tables")):
        preload_everything(patch)
        yield


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real data; only a checkout without it may skip."""
    if not REAL_DATA.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"CI must have the real data in {REAL_DATA}")
        pytest.skip("no real data beside this checkout (../shared/data)")
    return REAL_DATA


@pytest.fixture(scope="session")
def fluidsynth() -> None:
    """See that MIDI can be rendered; only a machine that is no build server may skip."""
    from datasets import midi

    try:
        midi.prepare()
    except DatasetError as error:
        if os.environ.get("CI"):
            pytest.fail(f"CI must render MIDI: {error}")
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def official_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a data folder in DEAM's official format and full size."""
    from tests.official_folder import write_official_folder

    folder = tmp_path_factory.mktemp("official")
    write_official_folder(folder)
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Lend a headless Chromium to the tests of one file; see `tests/browser.py`."""
    from tests.browser import chromium_browser

    with chromium_browser() as one:
        yield one


@pytest.fixture
def users_file(tmp_path: Path) -> Path:
    """Write a user's file with dataset `tiny` and model `tiny_gru`."""
    path = tmp_path / "mine.py"
    path.write_text(USERS_FILE)
    return path


def make_song(song_id: str, n_frames: int, n_features: int = 6, seed: int = 0) -> Song:
    """Make a song whose first two features are its annotations, the rest noise."""
    rng = np.random.default_rng([seed, *song_id.encode()])
    annotations = np.clip(rng.normal(0, 0.3, 2) + rng.normal(0, 0.05, (n_frames, 2)), -1, 1)
    noise = rng.normal(0, 1, (n_frames, n_features - 2))
    features = np.concatenate([annotations, noise], axis=1).astype(np.float32)
    times = 15 + 0.5 * np.arange(n_frames)
    return Song(song_id, features, annotations.astype(np.float32), times)


def make_split(n_development: int = 24, lengths: tuple[int, ...] = (7, 20, 33)) -> Split:
    """Make a small split."""
    return Split(
        tuple(make_song(f"d{index}", 20) for index in range(n_development)),
        tuple(make_song(f"e{index}", n_frames) for index, n_frames in enumerate(lengths)),
    )


@pytest.fixture
def split() -> Split:
    """Return 24 development songs of 20 frames and three evaluation songs."""
    return make_split()


@pytest.fixture
def registries():
    """Put the registries back as they were."""
    from benchmark.run.plugins import registries

    tables = [registry.rows for registry in registries().values()]
    before = [dict(table) for table in tables]
    yield
    for table, rows in zip(tables, before, strict=True):
        table.clear()
        table.update(rows)
