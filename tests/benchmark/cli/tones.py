"""Eight tones as a user's dataset, and a results folder of models that learned from six of them."""

import numpy as np
import soundfile

from tests.benchmark.cli.cli import mer_once
from tests.sounds import RATE, tone

PITCHES = [220, 330, 440, 550, 660, 880, 990, 1100]  # Hz; the last two are evaluation songs
TONES = '''
"""Tones of a folder; songs begin at second FIRST."""
import numpy as np
from datasets.contract import Song, Split
from datasets.features.cache import extract_file, made_by
from datasets.features.logmel import extractor
from datasets.registry import DatasetEntry


def songs(folder):
    for path in sorted(folder.glob("*.wav")):
        rows = extract_file(path, extractor())[2 * FIRST:]
        curve = np.linspace(-0.5, 0.5, len(rows)) * (1 if int(path.stem) % 2 else -1)
        labels = np.stack([curve, np.full(len(rows), int(path.stem) / 10)], axis=1)
        times = FIRST + 0.5 * np.arange(len(rows))
        yield Song(path.stem, rows, labels.astype(np.float32), times)


def load(options, features, data_root):
    every = tuple(songs(data_root))
    made = f"{made_by(extractor())} by {extractor().made_by()}"
    return Split(every[:6], every[6:], made_by=made)


DATASETS = {
    NAME: DatasetEntry(
        load=load, summary="eight tones", feature_sets=("logmel",), needs_data_root=True
    )
}
'''


def swelling(hertz):
    """Return 8 s of a tone and its octaves that swells: bands vary from frame to frame."""
    swell = np.linspace(0.05, 0.6, 8 * RATE)
    return (swell * sum(tone(8, hertz * 2**octave) for octave in range(4))).astype(np.float32)


def write_tones(folder):
    """Write eight tones, each with a little noise, and return their folder."""
    rng = np.random.default_rng(0)
    for index, hertz in enumerate(PITCHES):
        hiss = rng.normal(0, 0.003, 8 * RATE).astype(np.float32)
        soundfile.write(folder / f"{index}.wav", swelling(hertz) + hiss, RATE)
    return folder


def train(tones, folder, models, first=0):
    """Run models on the tones and return the results folder."""
    file = folder / "tones.py"
    name = f"tones{first or ''}"  # loaded datasets are kept by name
    file.write_text(f"FIRST, NAME = {first}, {name!r}\n{TONES}")
    done = mer_once(
        "run", "--models", models, "--dataset", name, "--include", file, "--executor", "inline",
        "--data-root", tones, "--results", folder / "r", "--max-epochs", 1, "--repetitions", 1,
        "--sequence-lengths", 4,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder / "r"
