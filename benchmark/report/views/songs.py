"""The songs that scored: every row's scores and, where they are kept, the curves over time."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.rows import Row, Table
from benchmark.evaluate.registry import METRICS
from benchmark.record.annotations import Curves, read_annotations, read_raters
from benchmark.record.store import read_predictions
from benchmark.report.page.compression import packed, packed_raters
from benchmark.report.views.view import Section, View
from datasets.contract import FRAME_SECONDS, TARGETS

CURVES_BYTES = 1_800_000  # of a page: with Plotly's 2 MB it stays under 5 MB
NO_ANNOTATIONS = (
    "No curves: the annotations of these songs are not in this results folder. Scores come from the"
    " records alone."
)
RATERS_LEFT_OUT = "The curves of single raters are left out to keep this page small."
NO_PREDICTIONS = (
    "No curves: the predictions are not in this results folder (records can be copied without"
    " them). Scores come from the records alone."
)


class SongsView(View):
    """A list and a scatter of songs to choose from, and the chosen song's curves."""

    section = Section("Songs", Path(__file__))

    def drawn(self, comparison: Comparison, results: Path) -> list[Any]:
        """Return the songs of every table; curves are kept as long as there is room for them."""
        drawn, room = [], CURVES_BYTES
        for table in comparison.tables:
            drawn.append(table_songs(table, results, room))
            room -= packed_bytes(drawn[-1])
        return drawn


def table_songs(table: Table, results: Path, room: int) -> dict[str, Any]:
    """Return ids, lengths and scores of the songs, and curves that fit into `room` bytes.

    A row without curves says why; rows come in the table's order.
    """
    first = next((row.cells[0] for row in table.rows if row.cells), None)
    if first is None:
        nothing: dict[str, Any] = {"ids": [], "truth": None, "raters": None}
        return nothing | {"ratersWhy": "", "why": "", "rows": [None] * len(table.rows)}
    ids = [str(song_id) for song_id in first.per_song["song_id"]]
    true = _of_songs(read_annotations(results, table.dataset, table.digest), ids)
    truth = None if true is None else [packed(column) for column in np.concatenate(true).T]
    room -= sum(map(len, truth or []))
    rows = []
    for row in table.rows:
        curves = _row_curves(row, results, ids) if truth is not None and room > 0 else None
        if curves is not None:
            room -= sum(map(len, curves["series"]))
        rows.append({"scores": _scores(row, ids), "curves": curves} if row.cells else None)
    has_curves = any(row and row["curves"] for row in rows)
    raters = _raters(table, results, ids) if has_curves else None
    has_room = raters is None or sum(map(len, raters["curves"])) <= room
    return {
        "ids": ids,
        "nFrames": list(map(int, first.per_song["n_frames"])),
        "frameSeconds": FRAME_SECONDS,
        "rows": rows,
        "truth": truth if has_curves else None,
        "why": "" if has_curves else NO_ANNOTATIONS if true is None else NO_PREDICTIONS,
        "raters": raters if has_room else None,
        "ratersWhy": "" if has_room else RATERS_LEFT_OUT,
    }


def packed_bytes(songs: dict[str, Any]) -> int:
    """Return how much of a page the curves take."""
    series = [row["curves"]["series"] for row in songs["rows"] if row and row["curves"]]
    raters = songs["raters"]["curves"] if songs["raters"] else []
    return sum(len(text) for texts in [songs["truth"] or [], raters, *series] for text in texts)


def _scores(row: Row, ids: Sequence[str]) -> dict[str, dict[str, list[float | None]]]:
    """Return metric -> target -> the mean over the row's repetitions of every song.

    A metric that a repetition's record lacks is left out; a song without a score has None.
    """
    found = {}
    for metric in METRICS:
        names = {target: f"{metric}_{target}" for target in TARGETS}
        if all(name in cell.per_song for name in names.values() for cell in row.cells):
            found[metric] = {target: _means(row, name, ids) for target, name in names.items()}
    return found


def _means(row: Row, name: str, ids: Sequence[str]) -> list[float | None]:
    by_cell = [
        dict(zip(map(str, cell.per_song["song_id"]), cell.per_song[name], strict=True))
        for cell in row.cells
    ]
    values_RS = np.array([[scores[song_id] for song_id in ids] for scores in by_cell], dtype=float)
    return [None if np.isnan(mean) else round(float(mean), 4) for mean in values_RS.mean(axis=0)]


def _row_curves(row: Row, results: Path, ids: Sequence[str]) -> dict[str, Any] | None:
    """Return a row's mean over repetitions and how far the lowest and highest lie from it."""
    predictions = []
    for cell in row.cells:
        of_cell = _of_songs(read_predictions(results, cell), ids)
        if of_cell is None:
            return None
        predictions.append(np.concatenate(of_cell))
    if not predictions:
        return None
    values_RN2 = np.stack(predictions)
    mean = values_RN2.mean(axis=0)
    lines = (mean, mean - values_RN2.min(axis=0), values_RN2.max(axis=0) - mean)
    return {"series": [packed(line[:, side]) for side in range(len(TARGETS)) for line in lines]}


def _raters(table: Table, results: Path, ids: Sequence[str]) -> dict[str, Any] | None:
    """Return how many raters every song has and their curves, a text a song; None: not known."""
    known = read_raters(results, table.dataset, table.digest)
    if not any(song_id in known for song_id in ids):
        return None
    no_curves = np.zeros((0, 0, len(TARGETS)), np.float32)
    curves = [known.get(song_id, no_curves) for song_id in ids]
    return {"counts": list(map(len, curves)), "curves": list(map(packed_raters, curves))}


def _of_songs(curves: Curves, ids: Sequence[str]) -> list[NDArray[np.float32]] | None:
    """Return the songs' arrays in order; None where one is not there."""
    return [curves[key] for key in ids] if all(key in curves for key in ids) else None
