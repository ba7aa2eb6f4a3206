"""Numbers that others printed, each with its source: shown beside ours, never averaged with them.

File  `published.csv`: one line per row of a printed table. `side` says which songs were scored:
      evaluation, training (development songs after training on them) or cross-validation.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import cycle

from benchmark.analysis.rows import Table
from benchmark.evaluate.registry import MEASURES
from benchmark.report.palette import MARKS_OF_PUBLISHED, Look, Mark, looks_of
from datasets.contract import TARGETS

OTHER_FEATURES = ", but from other features"
NO_CONVENTION = "they do not say whether they average over frames or songs"


@dataclass(frozen=True)
class Published:
    """One printed row; values as text, exactly as printed."""

    table: str  # the study that repeats it; "" for none
    label: str
    model: str  # our model of the same kind; "" for none
    dataset: str
    features: str
    sequence_length: int | None
    parameters: int | None
    side: str
    convention: str  # "pooled", "per song", or "" where the source does not say
    values: dict[str, str]  # "valence" -> "0.275"; "" where nothing was printed
    spreads: dict[str, str]  # over initialisations
    source: str

    def shown(self, measure: str) -> str:
        """Return "0.275 ± 0.004" as printed."""
        value, spread = self.values[measure], self.spreads[measure]
        return f"{value} ± {spread}" if spread else value

    @property
    def average(self) -> float | None:
        """Return the printed average, or the mean of both targets where none was printed."""
        if self.values["average"]:
            return float(self.values["average"])
        both = [self.values[target] for target in TARGETS]
        return sum(map(float, both)) / len(both) if all(both) else None


@cache
def published() -> tuple[Published, ...]:
    """Read every published row."""
    with files("benchmark.report").joinpath("published.csv").open(encoding="utf-8") as file:
        return tuple(_row(line) for line in csv.DictReader(file))


def _row(line: dict[str, str]) -> Published:
    return Published(
        **{key: line[key] for key in ("table", "label", "model", "dataset", "features")},
        sequence_length=int(line["sequence_length"]) if line["sequence_length"] else None,
        parameters=int(line["parameters"]) if line["parameters"] else None,
        side=line["side"],
        convention=line["convention"],
        values={measure: line[measure] for measure in MEASURES},
        spreads={measure: line[f"{measure}_std"] for measure in MEASURES},
        source=line["source"],
    )


def published_beside(table: Table) -> list[Published]:
    """Return what was published on the same songs, scored the same way."""
    if table.folds and table.folds_over == "all":
        return []  # published folds are over development songs
    side = "evaluation" if table.folds is None else "cross-validation"
    return [row for row in published() if row.dataset == table.dataset and row.side == side]


def said_of_published(table: Table, rows: Sequence[Published]) -> str:
    """Return what must be said of published points beside a table's own; "" where none is drawn."""
    if not rows:
        return ""
    others = "" if any(row.features == table.features for row in rows) else OTHER_FEATURES
    return f"Thin marks: published by others on the same songs{others}; {NO_CONVENTION}."


def marks_of_published() -> dict[tuple[str, str], Mark]:
    """Return (label, features) -> mark of every system whose size is known, in the file's order."""
    systems = dict.fromkeys((row.label, row.features) for row in published() if row.parameters)
    return dict(zip(systems, cycle(MARKS_OF_PUBLISHED), strict=False))


def looks_of_table(table: Table) -> dict[str, Look]:
    """Return how the models of a table's rows, and of what was published beside it, are drawn."""
    return looks_of(
        [row.model for row in table.rows]
        + [row.model for row in published_beside(table) if row.model]
    )


def drawn_of(table: Table) -> list[Published]:
    """Return what figures show of what was published: rows of known size and error."""
    return [row for row in published_beside(table) if row.parameters and row.average]
