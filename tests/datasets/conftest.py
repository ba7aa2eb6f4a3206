"""A disk so small that it fills up, DEAM's real clips, and the real pieces of VGMIDI."""

import subprocess
from functools import cache

import pytest

from datasets.audio import read_samples
from datasets.features.cache import AUDIO
from datasets.features.registry import extractor_for
from datasets.vgmidi import VGMIDIOptions, piece_songs
from datasets.vgmidi_files import read_pieces


@pytest.fixture
def small_disk(tmp_path):
    """Mount a disk of 2 MB."""
    place = tmp_path / "small"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a small disk can only be mounted by root")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.fixture(scope="session")
def clip_features(real_data):
    """Return a function that extracts a feature set of the ten real clips, once: id -> (90, F)."""

    @cache
    def extracted(features):
        extractor = extractor_for(features)
        return {
            int(path.stem): extractor.extract(read_samples(path))
            for path in sorted((real_data / AUDIO).glob("*.mp3"))
        }

    return extracted


@pytest.fixture(scope="session")
def vgmidi_songs(real_data):
    """Return (piece, raters, times) of every real piece, by the default options."""
    return list(piece_songs(real_data, read_pieces(real_data), VGMIDIOptions()))
