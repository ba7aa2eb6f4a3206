"""A small copy of VGMIDI in its published format: three pieces, three made-up raters each."""

import hashlib
import json
from pathlib import Path

import mido
import pytest

from datasets import vgmidi_inventory

TICKS = 480  # per quarter note
SECONDS_PER_QUARTER = 0.5  # what MIDI means where no tempo is given
N_MEASURES = 3
NAMES = {
    1: ["Alpha_PC_Game One_First.mid", "Alpha_PC_Game One_Second.mid"],
    2: ["Beta_NES_Game Two_Third.mid"],
}
ALL_NAMES = [name for names in NAMES.values() for name in names]


def write_midi(path: Path, onsets: list[float], note_seconds: float = 0.2) -> Path:
    """Write piano notes that begin at these seconds."""
    per_second = TICKS / SECONDS_PER_QUARTER
    events = [(round(onset * per_second), "note_on") for onset in onsets]
    events += [(round((onset + note_seconds) * per_second), "note_off") for onset in onsets]
    file, track, now = mido.MidiFile(ticks_per_beat=TICKS), mido.MidiTrack(), 0
    for tick, kind in sorted(events):
        track.append(mido.Message(kind, note=60, velocity=100, time=tick - now))
        now = tick
    file.tracks.append(track)
    path.parent.mkdir(parents=True, exist_ok=True)
    file.save(path)
    return path


def ratings(number: int) -> dict:
    """Return one round's annotations as they are published, but for the raters' answers."""
    pieces = {
        f"piece{index}": {"midi": name, "name": name, "duration": 4, "measures": N_MEASURES}
        for index, name in enumerate(NAMES[number])
    }
    annotations = {
        f"{piece}_{rater}": {
            "valence": [0.1 * (rater + 1)] * N_MEASURES,
            "arousal": [-0.2, 0.0, 0.1 * rater],
        }
        for piece in pieces
        for rater in range(3)
    }
    return {"pieces": pieces, "annotations": annotations}


def write_ratings(folder: Path, number: int, table: object) -> Path:
    """Write one round's file."""
    path = folder / "annotations" / f"vgmidi_raw_{number}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(table))
    return path


def write_copy(folder: Path) -> Path:
    """Write what the repository holds in labelled/: annotations and MIDI files of about 4 s."""
    for number, names in NAMES.items():
        write_ratings(folder, number, ratings(number))
        for index, name in enumerate(names):
            write_midi(folder / "midi" / name, [0.5, 2.0 + 0.5 * index, 3.5])
    return folder


def publish(monkeypatch: pytest.MonkeyPatch, data_root: Path) -> None:
    """Make the copy in a data folder the published one."""
    annotations = sorted((data_root / "VGMIDI" / "annotations").iterdir())
    sums = tuple(sha256(path.read_bytes()) for path in annotations)
    midi = "".join(
        sha256((data_root / "VGMIDI" / "midi" / name).read_bytes()) for name in ALL_NAMES
    )
    monkeypatch.setattr(vgmidi_inventory, "PUBLISHED", sums)
    monkeypatch.setattr(vgmidi_inventory, "PUBLISHED_MIDI", sha256(midi.encode()))


def sha256(content: bytes) -> str:
    """Return the digest of some bytes."""
    return hashlib.sha256(content).hexdigest()
