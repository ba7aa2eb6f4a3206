"""What became of a user's recordings and ratings, a sentence each, where it is not plain."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from datasets.contract import FRAME_SECONDS, Song
from datasets.folder_audio import Recordings, named
from datasets.folder_frames import LONGEST_GAP_SECONDS, Curve
from datasets.folder_table import Table

SMALL_SHARE = 0.05  # of the scale; ratings that use less were probably made on another one


def rating_notes(
    songs: Sequence[Song],
    curves: Mapping[str, Curve],
    scale: tuple[float, float],
    *,
    is_resampled: bool,
) -> Iterator[str]:
    """Yield what became of the ratings: left out, interpolated, joined, on a doubtful scale."""
    rated = [curves[song.song_id] for song in songs]
    if is_resampled and rated[0].frames_T is not None:
        yield _resampled_note(songs, rated)
    elif n_blank := sum(curve.n_blank for curve in rated):
        n_all = n_blank + sum(curve.n_frames for curve in rated)
        yield f"Without a rating and left out: {n_blank:,} of {n_all:,} frames."
    if unrated := [name for name, curve in curves.items() if not curve.n_frames]:
        yield f"Without a rating and left out: {_counted(unrated, len(curves))}."
    if joined := {song.song_id: n for song in songs if (n := _n_joined(song))}:
        yield (
            "Places where frames that are no neighbours are joined, which models take for half a"
            f" second apart: {sum(joined.values()):,} in {_counted([*joined], len(songs))}."
        )
    if shifted := [song.song_id for song in songs if curves[song.song_id].offset]:
        within = _counted(shifted, len(songs))
        yield f"Rated within half seconds, not at their start, and taken for these: {within}."
    longer = [
        song.song_id
        for song, curve in zip(songs, rated, strict=True)
        if curve.frames_T is not None and song.n_frames < curve.n_frames
    ]
    if longer:
        after = _counted(longer, len(songs))
        yield f"Rated at the end of the sound, where no frame is left: {after}."
    if (share := _share_of_scale(rated)) < SMALL_SHARE:
        yield (
            f"Ratings use {100 * share:.2g} % of the scale {scale[0]:g} to {scale[1]:g}:"
            " is folder.scale right?"
        )


def file_notes(
    songs: Sequence[Song], evaluation: Sequence[Song], recordings: Recordings, table: Table
) -> Iterator[str]:
    """Yield what was chosen for the user, and which files and columns are not used."""
    if not table.has_sides:
        chosen = _counted([song.song_id for song in evaluation], len(songs))
        yield f"Evaluation songs, as {table.path.name} has no column split: {chosen}."
    annotated = {song.name for song in table.songs}
    if without := [name for name in recordings if name not in annotated]:
        yield f"Without annotations: {_counted(without, len(recordings), 'recordings')}."
    if table.unused:
        yield f"Columns of {table.path.name} that are not used: {', '.join(table.unused)}."


def _resampled_note(songs: Sequence[Song], rated: Sequence[Curve]) -> str:
    n_frames = sum(song.n_frames for song in songs)
    n_interpolated, n_blank = (
        sum(getattr(curve, name) for curve in rated) for name in ("n_interpolated", "n_blank")
    )
    return (
        f"Half seconds: {n_frames - n_interpolated:,} with averaged ratings, {n_interpolated:,}"
        f" interpolated between ratings at most {LONGEST_GAP_SECONDS:g} s apart, {n_blank:,} left"
        " out."
    )


def _n_joined(song: Song) -> int:
    """Count the frames of a song that do not follow the one before by half a second."""
    return int((np.diff(song.times) > 1.5 * FRAME_SECONDS).sum())


def _share_of_scale(rated: Sequence[Curve]) -> float:
    """Return how much of the scale the ratings span, by the target that spans more of it."""
    values_N2 = np.concatenate([curve.values_T2 for curve in rated])
    return float(np.ptp(values_N2, axis=0).max() / 2)  # annotations lie on [-1, 1]


def _counted(names: Sequence[str], n_all: int, kind: str = "songs") -> str:
    """Return "2 of 10 songs (a, b)"."""
    return f"{len(names):,} of {n_all:,} {kind} ({named(names)})"
