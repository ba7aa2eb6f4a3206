"""Write the answer of a results folder: tables as CSV and Markdown, the trade-off as figure."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmark.errors import ResultsError
from benchmark.record.record import RunRecord
from benchmark.record.store import asked_for, read_records
from benchmark.report.aggregate import Table, aggregate
from benchmark.report.effects import Effect, effect_grids, effects
from benchmark.report.figures.effects import effects_figure
from benchmark.report.figures.tradeoff import tradeoff_figure
from benchmark.report.grid import Grid, markdown
from benchmark.report.paper import paper_grids
from benchmark.report.tables import csv_text, grids

ALL_STUDIES = "all studies"


@dataclass(frozen=True)
class Answer:
    """What a study found, and the files that say so."""

    study: str
    records: list[RunRecord]
    tables: list[Table]

    @cached_property
    def effects(self) -> list[Effect]:
        """Return what each change does, bootstrapped once for the table and the figure."""
        return effects(self.tables)

    @property
    def grids(self) -> list[Grid]:
        """Return everything people read: the paper's own table first, if the study repeats one."""
        return [
            *paper_grids(self.study, self.tables),
            *effect_grids(self.effects, self.tables),
            *(one for table in self.tables for one in grids(table)),
        ]

    def markdown(self) -> str:
        """Return all grids as Markdown."""
        return "\n".join(markdown(one) for one in self.grids)

    def as_json(self) -> dict[str, Any]:
        """Return the flat rows; `dataset` names what they ran on."""
        return {
            "study": self.study,
            "dataset": ",".join(sorted({table.dataset for table in self.tables})),
            "rows": [row.flat() for table in self.tables for row in table.rows],
        }


def answer_from_records(
    results: Path, study: str | None = None, asked: dict[str, str] | None = None
) -> Answer:
    """Read records and build their tables; nothing is trained and no score computed.

    `asked` maps the wanted cells to their groups; without it, everything the study's plans (or
    all plans) ever asked for counts, and what they lack is missing.
    """
    records = read_records(results)
    if asked is None:
        asked = asked_for(results, study, records)
    tables = aggregate(records, asked, study or ALL_STUDIES)
    if not tables:
        of_study = f" of study '{study}'" if study else ""
        raise ResultsError(
            f"No records{of_study} in {results}. Run: python -m benchmark run --results {results}"
        )
    kept = [record for record in records if record.cell in asked]
    return Answer(study or ALL_STUDIES, kept, tables)


def write_answer(answer: Answer, results: Path) -> list[Path]:
    """Write `tables/<study>.csv`, `.md`, a figure for every table and one of all changes."""
    stem = _stem(answer.study)
    tables = results / "tables"
    tables.mkdir(parents=True, exist_ok=True)
    texts = {
        tables / f"{stem}.csv": csv_text(answer.tables),
        tables / f"{stem}.md": answer.markdown(),
    }
    for path, text in texts.items():
        path.write_text(text)
    drawn = [
        tradeoff_figure(table, results / "figures" / figure_name(answer.study, table))
        for table in answer.tables
    ]
    changes = results / "figures" / f"{stem}-changes.png"
    drawn.append(effects_figure(answer.effects, changes))
    return [*texts, *(path for path in drawn if path is not None)]


def figure_name(study: str, table: Table) -> str:
    """Return the file name of a table's figure."""
    folds = f"-{table.folds}fold" if table.folds else ""
    return f"{_stem(study)}-{table.dataset}-{table.features}{folds}-{table.digest[:8]}.png"


def _stem(study: str) -> str:
    """Return a study's name as part of a file's name."""
    return study.replace(" ", "_")
