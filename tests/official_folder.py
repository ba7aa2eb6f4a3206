"""A data folder in DEAM's official format and full size, filled with made-up songs."""

from pathlib import Path

import numpy as np
import soundfile

from datasets.deam_files import ANNOTATIONS
from datasets.features.cache import AUDIO, kept_file, write_rows
from datasets.features.deam_features import COLUMNS
from datasets.features.extract import extract_one
from datasets.features.logmel import extractor
from datasets.mediaeval2015 import EVALUATION_IDS, development_ids

N_SONGS = 1802  # 1744 excerpts of 60 annotated frames, 58 full songs
N_WITH_AUDIO = 3
ODD_SONG = 2007  # its arousal has one value more than its valence, as 7 real songs have
SILENT_FRAMES = 30  # 15 s before the first annotation
ROW_TEXTS = 200  # distinct feature rows; a song's rows are picked among them


def annotated_lengths() -> dict[int, int]:
    """Return song id -> annotated frames, with the real numbers of songs and frames."""
    full = np.linspace(68, 800, len(EVALUATION_IDS)).astype(int)
    full[-1] = 1224
    excerpts = [*development_ids(), *(set(range(1, 2001)) - set(development_ids()))]
    kept = sorted(excerpts[: N_SONGS - len(EVALUATION_IDS)])
    return dict.fromkeys(kept, 60) | dict(zip(EVALUATION_IDS, map(int, full), strict=True))


def write_official_folder(root: Path) -> dict[int, int]:
    """Write annotations, features of the task's 489 songs, bands, and audio of a handful."""
    rng = np.random.default_rng(0)
    lengths = annotated_lengths()
    task = {*development_ids(), *EVALUATION_IDS}
    annotations = {
        song_id: np.clip(rng.normal(0, 0.3, 2) + rng.normal(0, 0.05, (n_frames, 2)), -1, 1)
        for song_id, n_frames in lengths.items()
    }
    _write_annotations(root, annotations)
    _write_features(root, {song_id: annotations[song_id] for song_id in task}, rng)
    with_audio = development_ids()[:N_WITH_AUDIO]
    for song_id in with_audio:
        _write_audio(root / AUDIO / f"{song_id}.mp3", rng)
        extract_one(root, root / AUDIO / f"{song_id}.mp3", ("logmel",))
    for song_id in task - set(with_audio):
        bands = rng.normal(-40, 10, (SILENT_FRAMES + lengths[song_id], 64)).astype(np.float32)
        path = kept_file(root, song_id, extractor())
        write_rows(path, bands, "not at hand", extractor())
    return lengths


def _write_annotations(root: Path, annotations: dict[int, np.ndarray]) -> None:
    """Write one file a target: a row a song, blanks where the song has ended."""
    longest = 1 + max(map(len, annotations.values()))
    header = ["song_id", *(f"sample_{15000 + 500 * frame}ms" for frame in range(longest))]
    (root / ANNOTATIONS).mkdir(parents=True)
    for column, target in enumerate(("valence", "arousal")):
        rows = [",".join(header)]
        for song_id, values in annotations.items():
            texts = [f"{value:.6f}" for value in values[:, column]]
            texts += ["0.000000"] * (song_id == ODD_SONG and target == "arousal")
            rows.append(",".join([str(song_id), *texts, *[""] * (longest - len(texts))]))
        (root / ANNOTATIONS / f"{target}.csv").write_text("\n".join(rows) + "\n")


def _write_features(
    root: Path, annotations: dict[int, np.ndarray], rng: np.random.Generator
) -> None:
    """Write a file a song: time, valence and arousal as first features, 258 columns of noise.

    The first feature is the time, so that a shifted row shows.
    """
    noise = rng.normal(size=(ROW_TEXTS, 257))
    texts = [";".join(f"{value:.6f}" for value in row) for row in noise]
    header = ";".join(["frameTime", *COLUMNS])
    (root / "DEAM" / "features").mkdir(parents=True)
    for song_id, values in annotations.items():
        before = np.repeat(values[:1], SILENT_FRAMES, axis=0)
        rows = [header]
        picked = rng.integers(ROW_TEXTS, size=SILENT_FRAMES + len(values))
        for frame, (valence, arousal) in enumerate([*before, *values]):
            time = f"{0.5 * frame:.1f}"
            rows.append(f"{time};{time};{valence:.6f};{arousal:.6f};{texts[picked[frame]]}")
        (root / "DEAM" / "features" / f"{song_id}.csv").write_text("\n".join(rows) + "\n")


def _write_audio(path: Path, rng: np.random.Generator) -> None:
    """Write 45 s of two tones and noise as MP3, as the official clips are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    seconds = np.arange(45 * 44_100) / 44_100
    tones = np.sin(2 * np.pi * 220 * seconds) + np.sin(2 * np.pi * rng.uniform(400, 4000) * seconds)
    soundfile.write(path, 0.2 * tones + 0.01 * rng.normal(size=len(seconds)), 44_100)
