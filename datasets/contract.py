"""What every dataset hands over: songs, and which of them may be learned from.

Axes    T frames of one song, F features per frame, 2 targets in the order of `TARGETS`
Units   annotations on [-1, 1]; times in seconds from the start of the recording
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from datasets.arrays import flaw_of_numbers, frozen, not_numbers
from datasets.names import LONGEST, flaw_of_characters, flaw_of_name, shown_name
from datasets.raters import Raters

TARGETS = ("valence", "arousal")
FRAME_SECONDS = 0.5  # MediaEval and DEAM are rated at 2 Hz
TIME_TOLERANCE = 1e-3  # seconds


class DatasetError(ValueError):
    """Data that is missing, damaged or impossible; the message says how to mend it."""


@dataclass(frozen=True, eq=False)
class UnannotatedSong:
    """What a model predicts from: float32 features (T, F), times (T,) in seconds; read-only."""

    song_id: str
    features: NDArray[np.float32]
    times: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Close the arrays."""
        _freeze(self, ("features", "times"))

    @property
    def n_frames(self) -> int:
        """Number of half-second frames, T."""
        return len(self.times)


@dataclass(frozen=True, eq=False)
class Song:
    """One song: float32 features (T, F), float32 annotations (T, 2), times (T,) in seconds.

    Times are half a second apart, or a multiple of it where half seconds without ratings are left
    out. Its arrays are read-only: all cells share them. `family` names what a song shares with
    others (a game, an album, an artist): songs of a family stand on one side of every split.
    `raters` are the single listeners behind the annotations.
    """

    song_id: str
    features: NDArray[np.float32]
    annotations: NDArray[np.float32]
    times: NDArray[np.float64]
    family: str = ""  # "": the dataset has none
    raters: Raters | None = None

    def __post_init__(self) -> None:
        """Refuse shapes, values, labels, times and types that are not as promised above."""
        _freeze(self, ("features", "annotations", "times"))
        n_frames = len(self.times)
        if n_frames == 0:
            raise DatasetError(f"Song {self.song_id} has no frames; at least one is needed.")
        if self.features.ndim != 2 or self.annotations.shape != (n_frames, len(TARGETS)):
            raise DatasetError(
                f"Song {self.song_id}: expected features (T, F), annotations (T, 2) and times (T,),"
                f" got {self.features.shape}, {self.annotations.shape} and {self.times.shape}."
            )
        if len(self.features) != n_frames:
            raise DatasetError(
                f"Song {self.song_id} has {len(self.features)} feature frames"
                f" for {n_frames} annotations; give one row per half second."
            )
        if not np.isfinite(self.features).all() or not np.isfinite(self.annotations).all():
            raise DatasetError(f"Song {self.song_id} holds NaN or inf; every frame must be finite.")
        if np.abs(self.annotations).max() > 1:
            raise DatasetError(
                f"Song {self.song_id} has an annotation of {np.abs(self.annotations).max():.3g};"
                " valence and arousal lie in [-1, 1]."
            )
        if self.raters is not None and self.raters.curves_RT2.shape[1:] != self.annotations.shape:
            raise DatasetError(
                f"Song {self.song_id}: curves of raters are {self.raters.curves_RT2.shape},"
                f" expected (raters, {n_frames}, 2)."
            )
        self._check_times()
        for name, array in (("features", self.features), ("annotations", self.annotations)):
            if array.dtype != np.float32:
                raise DatasetError(
                    f"Song {self.song_id}: {name} are {array.dtype}, expected float32; write"
                    f" {name}.astype(np.float32)."
                )

    def _check_times(self) -> None:
        """Refuse frames that are not half a second apart: models and durations count on it."""
        if self.times.ndim != 1 or not np.isfinite(self.times).all():
            raise DatasetError(
                f"Song {self.song_id}: times {self.times.shape} must be finite seconds (T,)."
            )
        steps = np.diff(self.times)
        whole = np.maximum(1, np.rint(steps / FRAME_SECONDS)) * FRAME_SECONDS
        wrong = np.flatnonzero(np.abs(steps - whole) > TIME_TOLERANCE)
        if len(wrong):
            first, second = self.times[wrong[0] : wrong[0] + 2]
            raise DatasetError(
                f"Song {self.song_id} has frames at {first:g} s and {second:g} s; frames are"
                f" {FRAME_SECONDS} s apart. Give means of features and annotations over half"
                " seconds (dataset folder makes them of recordings and a table)."
            )

    @property
    def n_frames(self) -> int:
        """Number of half-second frames, T."""
        return len(self.times)

    def without_annotations(self) -> UnannotatedSong:
        """Return what a model may see of a song that it predicts."""
        return UnannotatedSong(self.song_id, self.features, self.times)


AnySong = Song | UnannotatedSong


def unrated(song_id: str, features: NDArray[np.float32]) -> UnannotatedSong:
    """Return a recording nobody has rated, from second 0 on."""
    times = FRAME_SECONDS * np.arange(len(features), dtype=np.float64)
    return UnannotatedSong(song_id, features, times)


def _freeze(song: AnySong, names: Sequence[str]) -> None:
    """Make a new song's arrays read-only; refuse what is no array of real numbers."""
    for name in names:
        array = getattr(song, name)
        if kind := not_numbers(array):
            raise DatasetError(
                f"Song {song.song_id}: {name} are {kind}, expected a NumPy array of real numbers."
            )
        object.__setattr__(song, name, frozen(array))


@dataclass(frozen=True, eq=False)
class Split:
    """Songs to learn from and evaluation songs; neither a song nor a family is on both sides.

    Without evaluation songs a dataset can be evaluated in folds alone (`protocol.folds`).
    `references` are predictions that need knowledge no model has (a noise floor, say): one
    (T, 2) array per evaluation song, drawn as lines beside the models. `made_by` names the
    extractor that made the features from audio, "" where this project's own did not. `notes` are
    sentences about the data to be printed before a run.
    """

    development: tuple[Song, ...]
    evaluation: tuple[Song, ...]
    references: Mapping[str, tuple[NDArray[np.float32], ...]] = field(default_factory=dict)
    made_by: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse no songs to learn from, songs on both sides and unequal feature widths."""
        if not all(isinstance(song, Song) for song in (*self.development, *self.evaluation)):
            raise DatasetError("A split is made of songs; give `Song` objects on both sides.")
        if not self.development:
            raise DatasetError(
                "A split needs development songs to learn from, got 0 development and"
                f" {len(self.evaluation)} evaluation songs."
            )
        ids = [song.song_id for song in self.development + self.evaluation]
        repeated = sorted((song_id for song_id, n in Counter(ids).items() if n > 1), key=str)
        if repeated:
            raise DatasetError(
                f"Song ids must be unique across a split; repeated: {repeated[:5]}."
                " Name each song once, on one side."
            )
        widths = {song.features.shape[1] for song in self.development + self.evaluation}
        if len(widths) != 1:
            raise DatasetError(f"All songs need the same number of features, got {sorted(widths)}.")
        if widths == {0}:
            raise DatasetError("Songs have features (T, 0); give at least one column of features.")
        self._check_names()
        self._check_families()
        self._check_texts()
        self._check_references()

    def _check_names(self) -> None:
        """Refuse what cannot be the name of a song or family in files and on a terminal."""
        for song in self.songs:
            family = [("family", song.family)] if song.family != "" else []
            for kind, name in (("song id", song.song_id), *family):
                if flaw := flaw_of_name(name):
                    raise DatasetError(
                        f"{shown_name(name)} cannot be a {kind}: it {flaw}. Give text of at most"
                        f" {LONGEST} bytes, without control characters."
                    )

    def _check_families(self) -> None:
        """Refuse a family on both sides, and families that only some songs have."""
        sides = [{song.family for song in side} for side in (self.development, self.evaluation)]
        if shared := sorted((sides[0] & sides[1]) - {""}):
            others = f" (and {len(shared) - 1} more)" if len(shared) > 1 else ""
            raise DatasetError(
                f"Family {shared[0]!r} is on both sides of the split{others}; put all its songs on"
                " one side."
            )
        families = sides[0] | sides[1]
        if "" in families and len(families) > 1:
            without = next(song for song in self.songs if not song.family)
            raise DatasetError(
                f"Song {without.song_id} has no family and others have; give every song one (its"
                " own id will do), or none."
            )

    def _check_texts(self) -> None:
        """Refuse what cannot be printed before a run, or stand in its records."""
        if self.made_by != "" and (flaw := flaw_of_name(self.made_by)):
            raise DatasetError(
                f"made_by of a split {flaw}. Name what made the features in printable text of at"
                f' most {LONGEST} bytes, or give "".'
            )
        if not isinstance(self.notes, tuple | list):
            raise DatasetError(
                f"notes of a split are {type(self.notes).__name__}; give a tuple of sentences."
            )
        for note in self.notes:
            no_text = "" if isinstance(note, str) else f"is no text but {type(note).__name__}"
            if flaw := no_text or flaw_of_characters(note):
                raise DatasetError(f"A note of a split {flaw}. Give sentences in printable text.")

    def _check_references(self) -> None:
        """Refuse references that cannot be scored as predictions for the evaluation songs."""
        if not isinstance(self.references, Mapping):
            raise DatasetError(
                f"references of a split are {type(self.references).__name__}; give a dictionary of"
                " names and arrays."
            )
        expected = [song.annotations.shape for song in self.evaluation]
        for name, arrays in self.references.items():
            if flaw := flaw_of_name(name):
                raise DatasetError(
                    f"{shown_name(name)} cannot name a reference: it {flaw}. Give printable text."
                )
            if not isinstance(arrays, tuple | list) or len(arrays) != len(expected):
                n_given = len(arrays) if isinstance(arrays, tuple | list) else "no tuple of"
                raise DatasetError(
                    f"Reference {shown_name(name)} has {n_given} arrays for {len(expected)}"
                    " evaluation songs; give one (T, 2) array for each."
                )
            for song, array in zip(self.evaluation, arrays, strict=True):
                if flaw := flaw_of_numbers(array, song.annotations.shape):
                    raise DatasetError(
                        f"Reference {shown_name(name)} {flaw} for song {song.song_id}; expected"
                        f" finite numbers {song.annotations.shape}."
                    )

    @property
    def songs(self) -> tuple[Song, ...]:
        """Return the songs of both sides, development songs first."""
        return self.development + self.evaluation

    @property
    def has_families(self) -> bool:
        """Tell whether songs belong to families."""
        return bool(self.development[0].family)

    @property
    def n_features(self) -> int:
        """Features per frame, F."""
        return int(self.development[0].features.shape[1])

    def digest(self) -> str:
        """Return the digest of the songs as they were when it was first asked for."""
        return self._first_digest

    @cached_property
    def _first_digest(self) -> str:
        return self.current_digest()

    def current_digest(self) -> str:
        """Return a sha256 over ids, sides, families, features, annotations and times, as now."""
        sha = hashlib.sha256()
        for side in (self.development, self.evaluation):
            sha.update(f"side of {len(side)} songs".encode())
            for song in side:
                sha.update(f"{song.song_id} {song.features.shape}".encode())
                if song.family:
                    sha.update(f"family {song.family}".encode())
                for array in (song.features, song.annotations, song.times):
                    sha.update(np.ascontiguousarray(array).data)
        return sha.hexdigest()
