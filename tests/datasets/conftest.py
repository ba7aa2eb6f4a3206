"""A disk so small that it fills up, and the real pieces of VGMIDI."""

import subprocess

import pytest

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
def vgmidi_songs(real_data):
    """Return (piece, raters, times) of every real piece, by the default options."""
    return list(piece_songs(real_data, read_pieces(real_data), VGMIDIOptions()))
