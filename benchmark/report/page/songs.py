"""The judged songs: every row's errors per song and, where they are kept, the curves over time."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.analysis.rows import Row, Table
from benchmark.record.annotations import Curves, read_annotations, read_raters
from benchmark.record.record import RunRecord
from benchmark.record.store import read_predictions
from benchmark.report.page.compression import packed, packed_raters
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


def table_songs(table: Table, results: Path, room: int) -> dict[str, Any]:
    """Return ids, lengths and errors of the judged songs, and curves that fit into `room` bytes.

    A row without curves says why; rows come in the table's order.
    """
    judged = next((row.cells[0] for row in table.rows if row.cells), None)
    if judged is None:
        none: dict[str, Any] = {
            "ids": [],
            "truth": None,
            "raters": None,
            "ratersWhy": "",
            "why": "",
        }
        return none | {"rows": [None] * len(table.rows)}
    ids = [str(one) for one in judged.per_song["song_id"]]
    true = _of_songs(read_annotations(results, table.dataset, table.digest), ids)
    truth = None if true is None else [packed(column) for column in np.concatenate(true).T]
    room -= sum(map(len, truth or []))
    rows = []
    for row in table.rows:
        curves = _row_curves(row, results, ids) if truth is not None and room > 0 else None
        if curves is not None:
            room -= sum(map(len, curves["series"]))
        rows.append(_errors(row, ids) | {"curves": curves} if row.cells else None)
    has_curves = any(row and row["curves"] for row in rows)
    raters = _raters(table, results, ids) if has_curves else None
    has_room = raters is None or sum(map(len, raters["curves"])) <= room
    return {
        "ids": ids,
        "nFrames": [int(one) for one in judged.per_song["n_frames"]],
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


def _errors(row: Row, ids: Sequence[str]) -> dict[str, Any]:
    """Return RMSE per song and target: the mean over the row's repetitions."""
    return {
        target: [
            round(float(value), 4)
            for value in np.mean(
                [_in_order(cell, f"rmse_{target}", ids) for cell in row.cells], axis=0
            )
        ]
        for target in TARGETS
    }


def _in_order(cell: RunRecord, name: str, ids: Sequence[str]) -> list[float]:
    """Return a per-song score in the order of the ids."""
    values = dict(zip(map(str, cell.per_song["song_id"]), cell.per_song[name], strict=True))
    return [values[one] for one in ids]


def _row_curves(row: Row, results: Path, ids: Sequence[str]) -> dict[str, Any] | None:
    """Return a row's mean over repetitions and how far the lowest and highest lie from it."""
    heard = [_of_songs(read_predictions(results, cell), ids) for cell in row.cells]
    if not heard or any(one is None for one in heard):
        return None
    values_RN2 = np.stack([np.concatenate(one) for one in heard if one is not None])
    mean = values_RN2.mean(axis=0)
    parts = (mean, mean - values_RN2.min(axis=0), values_RN2.max(axis=0) - mean)
    return {"series": [packed(part[:, side]) for side in range(len(TARGETS)) for part in parts]}


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
    return [curves[one] for one in ids] if all(one in curves for one in ids) else None
