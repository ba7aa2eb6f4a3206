"""The 260 baseline features from audio: DEAM's names, DEAM's numbers, two routes alike."""

import numpy as np
import pandas as pd
import pytest

from datasets.audio import read_samples
from datasets.contract import DatasetError
from datasets.features.cache import AUDIO
from datasets.features.deam_features import COLUMNS
from datasets.features.opensmile import extractor, shipped_configuration
from datasets.features.song_means import SONG_LEVEL_FILE
from tests.sounds import RATE

FIRST_ANNOTATED = 30  # half seconds before second 15


@pytest.fixture(scope="module")
def features(clip_features) -> dict[int, np.ndarray]:
    """Return every clip's (90, 260) features."""
    return clip_features("baseline")


def test_columns_are_deam_s_in_deam_s_order(real_data):
    listed = (real_data / "DEAM" / "feature_columns_260.txt").read_text().split()
    assert listed == COLUMNS
    assert extractor()._smile.num_features == 260  # refuses an openSMILE that gives others


def test_ten_real_clips_give_ninety_finite_frames(features):
    assert sorted(features) == [2, 3, 4, 5, 7, 8, 10, 12, 13, 17]
    for rows in features.values():
        assert rows.shape == (90, 260)
        assert np.isfinite(rows).all()


def test_song_means_agree_with_the_official_table(features, real_data):
    """Deltas average to about nothing over 30 s, so only the 65 descriptors can be held to it."""
    table = pd.read_csv(real_data / SONG_LEVEL_FILE, index_col=0)
    static = [name for name in COLUMNS if name.endswith("_amean") and "_sma_de" not in name]
    columns = [COLUMNS.index(name) for name in static]
    assert len(static) == 65
    differences = []
    for song_id, rows in features.items():
        ours = rows[FIRST_ANNOTATED:, columns].mean(axis=0, dtype=np.float64)
        official = table.loc[song_id, static].to_numpy(np.float64)
        differences.append(np.median(np.abs(ours - official) / np.abs(official)))
    assert np.median(differences) < 0.06
    assert max(differences) < 0.12


def test_one_pass_and_descriptors_grouped_afterwards_agree(features, real_data):
    """openSMILE's own configuration of IS13, its frames grouped by numpy."""
    opensmile = pytest.importorskip("opensmile")
    n_mirrored = RATE // 2
    for song_id in (3, 17):
        samples = read_samples(real_data / AUDIO / f"{song_id}.mp3")
        longer = np.pad(samples, (0, n_mirrored), mode="reflect")
        levels = [
            opensmile.Smile(shipped_configuration("is09-13/IS13_ComParE.conf"), level)(longer, RATE)
            for level in ("lld", "lld_de")
        ]
        frames = np.concatenate([level[0].T[: 90 * 50].astype(np.float64) for level in levels], 1)
        halves = frames.reshape(90, 50, 130)
        grouped = np.stack([halves.std(axis=1), halves.mean(axis=1)], axis=2).reshape(90, 260)
        spread = features[song_id].std(axis=0)
        assert (np.abs(grouped - features[song_id]) <= 1e-5 * spread).all()


def test_too_loud_a_sample_does_not_wrap_around():
    """16 bits turn 1.0 into -1.0; a square wave would lose its level."""
    time = np.arange(2 * RATE) / RATE
    square = np.sign(np.sin(2 * np.pi * 100 * time)).astype(np.float32)
    energy = COLUMNS.index("pcm_RMSenergy_sma_amean")
    quiet, loud = (extractor().extract(level * square)[1, energy] for level in (0.5, 1.0))
    assert loud == pytest.approx(2 * quiet, rel=0.01)


def test_a_missing_package_says_how_to_get_it_and_under_which_licence(monkeypatch):
    monkeypatch.setattr("datasets.features.opensmile.find_spec", lambda name: None)
    with pytest.raises(DatasetError, match=r"pip install 'mer-benchmark\[opensmile\]' .* licence"):
        extractor().prepare()
