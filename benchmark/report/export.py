"""The answer for other programs: flat rows, one header for every study, as CSV and JSON.

CSV   UTF-8, comma, newline, full precision, empty where there is no value, columns of `columns.py`
JSON  checked against `report.schema.json`; readers may rely on its names, later versions add some
"""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from typing import Any

from benchmark.analysis.contrasts import Contrast
from benchmark.analysis.rows import COSTS, Row, Table, settings_text
from benchmark.evaluate.registry import RANKED_BY, names_of
from benchmark.report.schema import contrast_columns, row_columns
from benchmark.report.views.view import Values

FORMULA = ("=", "+", "-", "@", "\t", "\r")
NUMBER = re.compile(r"[+-]?[\d.]+(?:e[+-]?\d+)?", re.IGNORECASE)
IDENTITY = ("model", "dataset", "features", "labels", "sequence_length")


def flat_rows(table: Table, more: Values) -> list[dict[str, Any]]:
    """Return one flat JSON-ready object a row, every column in it; `more` is what views add."""
    columns = row_columns()
    return [_flat(row, table, more.get(row.group, {}), columns) for row in table.rows]


def _flat(
    row: Row, table: Table, more: Mapping[str, Any], columns: Iterable[str]
) -> dict[str, Any]:
    plain = (*IDENTITY, "n_cells", "n_missing", "group", "device", *COSTS)
    known = {
        **{name: getattr(row, name) for name in plain},
        "settings": settings_text(row.settings),
        **_scored_on(table),
        "kind": "floor" if row.is_floor else "model",
        "label": row.name(table.shared_settings),
        **row.scores,
        **_ends(row.intervals),
        **{f"n_songs_without_shape_{key}": n for key, n in row.n_without_shape.items()},
        **more,
    }
    return {column: known.get(column) for column in columns}


def flat_contrast(contrast: Contrast, table: Table) -> dict[str, Any]:
    """Return a contrast as one flat JSON-ready object."""
    shared = table.shared_settings
    return {
        "dataset": table.dataset,
        "features": table.features,
        "labels": table.labels,
        **_scored_on(table),
        "label": contrast.row.name(shared),
        "against": contrast.base.name(shared),
        "share_improved": contrast.share_improved,
        "p_sign_flip": contrast.p,
        "p_holm": contrast.p_holm,
        **{name: contrast.values[name] for name in names_of(RANKED_BY)},
        **_ends(contrast.intervals),
        "group": contrast.row.group,
        "group_against": contrast.base.group,
        "share_families_improved": contrast.share_families_improved,
    }


def rows_csv(tables: Sequence[Table], more: Values) -> str:
    """Return all rows, then references and parts of models, which have no cells of their own."""
    lines = [line for table in tables for line in flat_rows(table, more)]
    for table in tables:
        shared = {"dataset": table.dataset, "features": table.features, "labels": table.labels}
        shared |= _scored_on(table)
        for name, scores in table.references.items():
            lines.append({"model": f"({name})", "kind": "reference", **shared, **scores})
        for row in table.rows:
            lines += [
                {
                    "model": f"({row.model}: {name})",
                    "kind": "part",
                    **shared,
                    "settings": settings_text(row.settings),
                    "sequence_length": row.sequence_length,
                    "label": f"{row.name(table.shared_settings)}: {name}",
                    "n_cells": row.n_cells,
                    "n_missing": row.n_missing,
                    **scores,
                }
                for name, scores in row.components.items()
            ]
    return _csv(row_columns(), lines)


def contrasts_csv(found: Iterable[tuple[Table, Sequence[Contrast]]]) -> str:
    """Return every contrast of every table."""
    lines = [flat_contrast(contrast, table) for table, several in found for contrast in several]
    return _csv(contrast_columns(), lines)


def _csv(columns: Iterable[str], lines: Iterable[Mapping[str, Any]]) -> str:
    text = StringIO()
    writer = csv.DictWriter(text, list(columns), lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows({key: plain_cell(value) for key, value in line.items()} for line in lines)
    return text.getvalue()


def plain_cell(value: Any) -> Any:
    """Return a cell's value; text that a spreadsheet would run as a formula begins with a quote."""
    if isinstance(value, str) and value.startswith(FORMULA) and not NUMBER.fullmatch(value):
        return f"'{value}"
    return value


def _ends(intervals: Mapping[str, tuple[float, float]]) -> dict[str, float]:
    """Return "rmse_valence_low" and "rmse_valence_high" of every interval."""
    return {
        f"{name}_{end}": value
        for name, pair in intervals.items()
        for end, value in zip(("low", "high"), pair, strict=True)
    }


def _scored_on(table: Table) -> dict[str, Any]:
    folds = f"{table.folds}-fold {table.folds_over}"
    return {
        "judged_on": "evaluation" if table.folds is None else folds,
        "n_songs": table.units.n_songs if table.units else None,
        "n_families": table.units.n_families if table.units else None,
    }
