"""The answer of a results folder: a comparison as text, and how records become one."""

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.rows import Table, aggregate
from benchmark.errors import ResultsError
from benchmark.record.names import DIGEST, folds_name, short_name
from benchmark.record.store import asked_for, declared_contrasts, read_plans, read_records
from benchmark.report.export import flat_contrast, flat_rows, rows_csv
from benchmark.report.grid import Grid, markdown
from benchmark.report.latex import latex
from benchmark.report.views.registry import ask, ask_all
from benchmark.report.views.view import Values

ALL_STUDIES = "all studies"
FIRST = "scores"  # the view that is read first


class Answer(Comparison):
    """A comparison as people and programs read it."""

    @cached_property
    def grids(self) -> list[Grid]:
        """Return every view's tables, each made once."""
        return self._grids(None)

    def of_views(self, names: Sequence[str] | None) -> list[Grid]:
        """Return the tables of some views, or of all."""
        return self.grids if names is None else self._grids(names)

    def _grids(self, names: Sequence[str] | None) -> list[Grid]:
        of_tables = (ask_all("table_grids", self, table, of=names) for table in self.tables)
        return [*ask_all("study_grids", self, of=names), *chain.from_iterable(of_tables)]

    @cached_property
    def mains(self) -> list[Grid]:
        """Return the means of every dataset."""
        return self.of_views([FIRST])

    @cached_property
    def values(self) -> Values:
        """Return group -> column -> value of what views add to rows."""
        found: dict[str, dict[str, Any]] = defaultdict(dict)
        for table in self.tables:
            for values in ask("values", self, table):
                for group, of_row in values.items():
                    found[group] |= of_row
        return found

    @cached_property
    def headline(self) -> list[Grid]:
        """Return the tables to read first: the study's own, then the means of every dataset."""
        first = self.grids[0]
        return self.mains if first in self.mains else [first, *self.mains]

    def besides(self, grids: Sequence[Grid]) -> list[Grid]:
        """Return what is to be read after these tables."""
        return [grid for grid in self.grids if grid not in grids]

    def markdown(self, views: Sequence[str] | None = None) -> str:
        """Return the tables of all views, or of some, as Markdown."""
        return "\n".join(markdown(grid) for grid in self.of_views(views))

    def latex(self, views: Sequence[str] | None = None) -> str:
        """Return them as LaTeX tables."""
        return latex(self.of_views(views), stem_of(self.study))

    def csv(self) -> str:
        """Return all rows under one header."""
        return rows_csv(self.tables, self.values)

    def as_json(self) -> dict[str, Any]:
        """Return flat rows and contrasts as `report.schema.json` describes them."""
        return {
            "study": self.study,
            "cells_not_begun": len(self.absent),
            "dataset": ",".join(sorted({table.dataset for table in self.tables})),
            "rows": [row for table in self.tables for row in flat_rows(table, self.values)],
            "contrasts": [
                flat_contrast(contrast, table)
                for table, found in self.contrasts
                for contrast in found
            ],
        }


def answer_from_records(
    results: Path, study: str | None = None, asked: dict[str, str] | None = None
) -> Answer:
    """Read records and build their tables; nothing is trained and no score computed.

    `asked` maps the wanted cells to their groups; without it, everything the study's plans (or
    all plans) ever asked for counts, and what they lack is missing. Without `study`, all studies
    of the folder count; where there is one, the answer has its name.
    """
    records = read_records(results)
    if asked is None:
        asked = asked_for(results, study, records)
    studies = {plan.study for plan in read_plans(results)}
    name = study or (studies.pop() if len(studies) == 1 else ALL_STUDIES)
    tables = aggregate(records, asked, name)
    if not tables:
        of_study = f" of study '{study}'" if study else ""
        raise ResultsError(
            f"No records{of_study} in {results}. Run: python -m benchmark run --results {results}"
        )
    kept = [record for record in records if record.cell in asked]
    declared = declared_contrasts(results, study)
    is_of_folder = study is None or studies <= {study}
    return Answer(name, kept, tables, declared, asked, is_of_folder=is_of_folder)


def figure_stem(study: str, table: Table) -> str:
    """Return the file name of a table's figure, which has a suffix for every format."""
    folds = folds_name(table.folds, table.folds_over)
    digest = table.digest[:DIGEST]
    return short_name(stem_of(study), table.dataset, table.features, folds, digest)


def stem_of(study: str) -> str:
    """Return a study's name as part of a file's name."""
    return study.replace(" ", "_")
