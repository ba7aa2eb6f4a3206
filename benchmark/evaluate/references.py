"""Scores of what no model can know, on the songs that score a cell; once per loaded dataset."""

from collections.abc import Sequence
from weakref import WeakKeyDictionary

import numpy as np

from benchmark.evaluate.scores import RATERS, panel_scores, summary_scores
from datasets.contract import Song, Split

References = dict[str, dict[str, float | None]]
# Of a split only while it is in memory: song ids -> references. A raters' ceiling takes seconds.
_SCORED: WeakKeyDictionary[Split, dict[tuple[str, ...], References]] = WeakKeyDictionary()


def reference_scores(split: Split, songs: Sequence[Song]) -> References:
    """Return the scores of every reference.

    Each song's own mean, a second panel of raters where the raters are known and, on the
    evaluation songs, the dataset's own references.
    """
    ids = tuple(song.song_id for song in songs)
    scored = _SCORED.setdefault(split, {})
    if ids not in scored:
        scored[ids] = _scored(split, songs)
    return {name: dict(scores) for name, scores in scored[ids].items()}


def _scored(split: Split, songs: Sequence[Song]) -> References:
    annotations = [song.annotations for song in songs]
    means = [np.tile(series.mean(axis=0), (len(series), 1)) for series in annotations]
    references = {"oracle of song means": means}
    if [song.song_id for song in songs] == [song.song_id for song in split.evaluation]:
        references |= {name: list(arrays) for name, arrays in split.references.items()}
    scores = {name: summary_scores(annotations, arrays) for name, arrays in references.items()}
    panels = [song.raters.halves(song.song_id) for song in songs if song.raters is not None]
    return scores | ({RATERS: panel_scores(panels)} if len(panels) == len(songs) else {})
