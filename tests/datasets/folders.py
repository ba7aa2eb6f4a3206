"""A user's folder with a table of annotations and features that were extracted before."""

from pathlib import Path

import numpy as np

from datasets.features.cache import audio_digest, kept_file, write_rows
from datasets.features.registry import extractor_for
from datasets.folder import KEPT_IN, FolderOptions, load

N_FRAMES = 8  # of every recording: 4 s


def write_table(root: Path, text: str, name: str = "annotations.csv") -> Path:
    """Write a table of annotations, its lines given with whatever indentation."""
    root.mkdir(parents=True, exist_ok=True)
    path = root / name
    path.write_text("\n".join(line.strip() for line in text.strip().splitlines()) + "\n")
    return path


def write_recording(
    root: Path, name: str, libraries: str = "librosa 0", n_frames: int = N_FRAMES
) -> Path:
    """Write a file that stands for a recording, and its features: column 0 counts the frames."""
    audio = root / name
    audio.parent.mkdir(parents=True, exist_ok=True)
    audio.write_bytes(f"sound of {name}".encode())
    extractor = extractor_for("logmel")
    rows_NF = np.tile(np.arange(n_frames, dtype=np.float32)[:, None], (1, extractor.n_features))
    kept = kept_file(root, str(Path(KEPT_IN, audio.stem)), extractor)
    write_rows(kept, rows_NF, audio_digest(audio), extractor, libraries)
    return audio


def write_folder(root: Path, text: str, *names: str) -> Path:
    """Write a table and recordings; by default those of songs a, b and c."""
    write_table(root, text)
    for name in names or ("a.wav", "b.wav", "c.wav"):
        write_recording(root, name)
    return root


def read(root: Path, **options: object):
    """Load the folder's split."""
    return load(FolderOptions(**options), "logmel", root)


def songs(root: Path, **options: object) -> dict:
    """Load the folder's songs by name, of both sides."""
    return {song.song_id: song for song in read(root, **options).songs}
