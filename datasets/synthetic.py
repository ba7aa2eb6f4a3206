"""Songs with a known answer: no audio, no third-party data, the exact noise floor included.

Emotion     A clean trajectory per song: a song mean plus a slow walk inside the song.
Labels      The clean trajectory plus rater noise (a song's offset and a slow walk) that the
            features know nothing about. Predicting the clean trajectory is the noise floor.
Features    The clean trajectory, rotated and bent by an invertible map, shares the columns with
            song factors and white noise in directions orthogonal to it. So the clean emotion can
            be recovered exactly, but no linear map does it. Columns then get unequal scales.

Spreads, correlations and lengths follow the MediaEval 2015 labels: song means spread by .34
(valence) and .32 (arousal), .09 within songs, valence and arousal correlated .63 between
development songs and about 0 between evaluation songs, evaluation songs of 68-1224 frames.
"""

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass

from datasets.contract import FRAME_SECONDS, Song, Split

N_SONGS = {"small": (96, 16), "full": (431, 58)}  # development, evaluation
N_FEATURES = {"baseline": 260, "logmel": 64}
DEVELOPMENT_FRAMES = 60  # 30 s, annotated from second 15
EVALUATION_FRAMES = (68, 1224)
FIRST_LABEL_SECONDS = 15.0

CLEAN_MEAN_SD = np.array([0.38, 0.34])  # after redrawing, with the offset below: .34 and .32
OFFSET_SD = 0.10  # raters' offset for a whole song
CLEAN_WALK_RMS = 0.085  # within 30 s; with the rater walk below: .09
RATER_WALK_RMS = 0.03
DEVELOPMENT_CORRELATION, EVALUATION_CORRELATION = 0.75, 0.0  # clean means; labels: .63 and 0
WALK_POLES = (0.97, 0.7)  # a slow walk without frame-to-frame jitter
SCALE_LIMIT = 0.98  # a song whose labels leave [-.98, .98] is drawn again

EMOTION_UNIT = 0.33  # one standard deviation of song means
CUBIC, QUADRATIC = 0.15, 0.8  # how far the bent emotion is from linear
N_SONG_FACTORS = 24
WHITE_SD = 0.3


@dataclass(frozen=True)
class SyntheticOptions:
    """Which songs to make."""

    size: Literal["small", "full"] = "small"
    data_seed: int = 2017


def load(options: SyntheticOptions, features: str, data_root: Path | None = None) -> Split:
    """Make the songs; the same options always give the same bytes. `data_root` is not used."""
    rng = np.random.default_rng([options.data_seed, sorted(N_SONGS).index(options.size)])
    mixing = Mixing(N_FEATURES[features], np.random.default_rng([options.data_seed, 99]))
    n_development, n_evaluation = N_SONGS[options.size]
    low, high = EVALUATION_FRAMES
    lengths = np.geomspace(low, high, n_evaluation).round().astype(int)
    development = [
        _song(f"dev{index:03d}", DEVELOPMENT_FRAMES, DEVELOPMENT_CORRELATION, mixing, rng)
        for index in range(n_development)
    ]
    evaluation = [
        _song(f"eval{index:03d}", int(n_frames), EVALUATION_CORRELATION, mixing, rng)
        for index, n_frames in enumerate(lengths)
    ]
    return Split(
        development=tuple(song for song, _ in development),
        evaluation=tuple(song for song, _ in evaluation),
        references={"noise floor": tuple(clean for _, clean in evaluation)},
    )


class Mixing:
    """The fixed map from clean emotion to feature columns, the same for every song."""

    def __init__(self, n_features: int, rng: np.random.Generator) -> None:
        """Draw orthonormal directions and column scales; `n_features` is F."""
        directions, _ = np.linalg.qr(rng.standard_normal((n_features, n_features)))
        n_signal = 2
        self.signal = directions[:, :n_signal]
        self.factors = directions[:, n_signal : n_signal + N_SONG_FACTORS]
        self.white = directions[:, n_signal + N_SONG_FACTORS :]
        self.scale = 10.0 ** rng.uniform(-2, 2, n_features)
        self.shift = rng.normal(0, 1, n_features) * self.scale

    def features(self, clean: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float32]:
        """Map clean emotion (T, 2) to features (T, F)."""
        n_frames = len(clean)
        factors = np.tile(rng.standard_normal(self.factors.shape[1]), (n_frames, 1))
        white = WHITE_SD * rng.standard_normal((n_frames, self.white.shape[1]))
        mixed = bend(clean) @ self.signal.T + factors @ self.factors.T + white @ self.white.T
        columns: NDArray[np.float32] = (mixed * self.scale + self.shift).astype(np.float32)
        return columns


def bend(clean: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rotate by 45 degrees and bend (T, 2); smooth and invertible, but far from linear."""
    valence, arousal = (clean / EMOTION_UNIT).T
    along, across = (valence + arousal) / np.sqrt(2), (valence - arousal) / np.sqrt(2)
    bent = [along + CUBIC * along**3, across + QUADRATIC * (along**2 - 1)]
    return np.stack(bent, axis=1, dtype=np.float64)


def _song(
    song_id: str, n_frames: int, correlation: float, mixing: Mixing, rng: np.random.Generator
) -> tuple[Song, NDArray[np.float32]]:
    """Draw one song and its clean trajectory (T, 2); labels that leave the scale are redrawn."""
    covariance = np.outer(CLEAN_MEAN_SD, CLEAN_MEAN_SD) * [[1, correlation], [correlation, 1]]
    while True:
        mean = rng.multivariate_normal(np.zeros(2), covariance)
        clean = mean + CLEAN_WALK_RMS * _walk(n_frames, rng)
        offset = rng.normal(0, OFFSET_SD, 2)
        labels = clean + offset + RATER_WALK_RMS * _walk(n_frames, rng)
        if max(np.abs(labels).max(), np.abs(clean).max()) <= SCALE_LIMIT:
            break
    times = FIRST_LABEL_SECONDS + FRAME_SECONDS * np.arange(n_frames, dtype=np.float64)
    song = Song(song_id, mixing.features(clean, rng), labels.astype(np.float32), times)
    return song, clean.astype(np.float32)


def _two_poles(noise: NDArray[np.float64], first: float, second: float) -> list[float]:
    """Return y[t] = noise[t] + first * y[t - 1] - second * y[t - 2]; scipy.signal loads slowly."""
    filtered = []
    last, before = 0.0, 0.0  # what the two values before this one add to it
    for value in noise.tolist():
        filtered.append(value + last)
        last, before = before + first * filtered[-1], -second * filtered[-1]
    return filtered


def _walk(n_frames: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Two independent slow walks (T, 2), each of mean 0 and rms 1 over its song."""
    burn_in = 200
    slow, fast = WALK_POLES
    noise = rng.standard_normal((burn_in + n_frames, 2))
    walk = np.stack([_two_poles(column, slow + fast, slow * fast) for column in noise.T], axis=1)[
        burn_in:
    ]
    walk -= walk.mean(axis=0)
    unit: NDArray[np.float64] = walk / walk.std(axis=0)
    return unit
