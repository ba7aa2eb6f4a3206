"""The ratings of a song become annotations of half seconds on [-1, 1].

Frame     half second k lasts from 0.5 k to 0.5 (k + 1) seconds; the rating of a time belongs to the
          half second it lies in, as a rating of DEAM belongs to the half second it begins. Times
          0.25, 0.75, ... so are frames 0, 1, ...
Spacing   ratings are 0.5 s apart, nothing left out between them; other times are refused, or
          resampled where this is asked for: ratings of one half second are averaged, half seconds
          between two rated ones that are near are interpolated linearly
Blank     a frame without a rating of both targets is left out
Axes      N ratings, T frames, 2 targets
"""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from datasets.contract import FRAME_SECONDS, TARGETS, DatasetError
from datasets.folder_table import RatedSong, Table, wrong

SLACK_SECONDS = 0.02  # times are often written to hundredths
ROUNDING_SECONDS = 1e-6  # so that 0.3 + 0.2 lies in the second half second
# Ratings change slowly (autocorrelation from one half second to the next: .97), and VGMIDI's, 1 to
# 6 s apart, are interpolated the same way. What happens in longer gaps nobody has rated.
LONGEST_GAP_SECONDS = 5.0
Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Curve:
    """The annotations of one song on [-1, 1] and the frames they belong to, from its start."""

    frames_T: NDArray[np.int64] | None  # None: one value, for every frame of the recording
    values_T2: Array  # none at all where nothing is rated
    n_blank: int = 0  # half seconds left out
    n_interpolated: int = 0  # half seconds without a rating of their own
    offset: float = 0.0  # seconds from the start of a half second to its rating

    @property
    def n_frames(self) -> int:
        """Return how many half seconds are annotated."""
        return len(self.values_T2)

    def within(self, n_frames: int) -> tuple[NDArray[np.int64], Array]:
        """Return frames (T,) and values (T, 2) within a recording of so many frames."""
        if self.frames_T is None:
            return np.arange(n_frames), np.tile(self.values_T2, (n_frames, 1))
        is_within = self.frames_T < n_frames
        return self.frames_T[is_within], self.values_T2[is_within]


def curve_of(
    song: RatedSong, table: Table, scale: tuple[float, float], *, is_resampled: bool
) -> Curve:
    """Return a song's annotations, checked; `is_resampled` averages and interpolates them."""
    values_N2 = on_unit_scale(song, table, scale)
    is_rated = np.asarray(np.isfinite(values_N2).all(axis=1))
    if song.times is None:
        return Curve(None, values_N2[is_rated])
    if is_resampled:
        return _resampled(song.times, values_N2, is_rated)
    check_spacing(song, song.times, table)
    first = int((song.times[0] + SLACK_SECONDS) / FRAME_SECONDS)
    offset = float(song.times[0]) - first * FRAME_SECONDS
    return Curve(
        (first + np.arange(len(values_N2)))[is_rated],
        values_N2[is_rated],
        n_blank=int((~is_rated).sum()),
        offset=offset if offset > SLACK_SECONDS else 0.0,
    )


def on_unit_scale(song: RatedSong, table: Table, scale: tuple[float, float]) -> Array:
    """Map a song's ratings (N, 2) from their scale to [-1, 1]; the first one off it is an error."""
    low, high = scale
    is_off = (song.ratings_N2 < low) | (song.ratings_N2 > high)  # NaN is neither
    if is_off.any():
        row, target = np.argwhere(is_off)[0]
        raise wrong(
            table.path,
            song.rows[row],
            f"{TARGETS[target]} {song.ratings_N2[row, target]:g} is off the scale {low:g} to"
            f" {high:g}. Correct it, or give the scale of your ratings, as in --set"
            " folder.scale=1,9",
        )
    return np.asarray((song.ratings_N2 - low) / (high - low) * 2 - 1)


def last_frame(times_N: Array) -> int:
    """Return the half second in which the last rating lies."""
    return int((times_N[-1] + ROUNDING_SECONDS) / FRAME_SECONDS)


def check_end(song: RatedSong, table: Table, last: int, n_frames: int, audio: Path) -> None:
    """Refuse ratings beyond a recording of so many frames; one at its very end is no mistake."""
    if last > n_frames:
        raise wrong(
            table.path,
            song.rows[-1],
            f"song {song.name} is rated up to {last * FRAME_SECONDS:g} s, but {audio} lasts"
            f" {n_frames * FRAME_SECONDS:g} s. Correct the times, which are seconds from the start"
            " of the recording, or get the whole recording.",
        )


def check_spacing(song: RatedSong, times_N: Array, table: Table) -> None:
    """Refuse ratings that are not half a second apart."""
    regular_N = times_N[0] + FRAME_SECONDS * np.arange(len(times_N))
    is_off = np.abs(times_N - regular_N) > SLACK_SECONDS
    if not is_off.any():
        return
    later = int(is_off.argmax())
    spacing = times_N[later] - times_N[later - 1]
    if abs(spacing - FRAME_SECONDS) <= SLACK_SECONDS:  # off by a little everywhere
        spacing = (times_N[later] - times_N[0]) / later
    raise DatasetError(
        f"File {table.path}, rows {song.rows[later - 1]} and {song.rows[later]}: times of song"
        f" {song.name} are {spacing:.4g} s apart, expected {FRAME_SECONDS} s. Give --resample to"
        " average ratings within half seconds and interpolate between near ones."
    )


def _resampled(times_N: Array, values_N2: Array, is_rated: NDArray[np.bool_]) -> Curve:
    """Average the ratings of every half second, and interpolate where a gap is short."""
    place_N = ((times_N + ROUNDING_SECONDS) / FRAME_SECONDS).astype(np.int64)
    rated_T, group_N = np.unique(place_N[is_rated], return_inverse=True)
    sums_T2 = np.zeros((len(rated_T), len(TARGETS)))
    np.add.at(sums_T2, group_N, values_N2[is_rated])
    means_T2 = sums_T2 / np.bincount(group_N, minlength=len(rated_T))[:, None]
    frames_T = _without_long_gaps(rated_T)
    columns = [np.interp(frames_T, rated_T, mean_T) for mean_T in means_T2.T if len(rated_T)]
    return Curve(
        frames_T,
        np.stack(columns, axis=1) if columns else means_T2,
        n_blank=int(place_N[-1] - place_N[0]) + 1 - len(frames_T),
        n_interpolated=len(frames_T) - len(rated_T),
    )


def _without_long_gaps(rated_T: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the rated half seconds and all between two of them that are near each other."""
    longest = int(LONGEST_GAP_SECONDS / FRAME_SECONDS)
    between = [
        np.arange(left + 1, right)
        for left, right in pairwise(rated_T.tolist())
        if right - left <= longest
    ]
    return np.sort(np.concatenate([rated_T, *between]))
