"""Write the answer of a results folder: tables and figures."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmark.analysis.rows import Table, aggregate
from benchmark.errors import ResultsError
from benchmark.evaluate.registry import CONVENTIONS
from benchmark.record.names import DIGEST, folds_name, short_name
from benchmark.record.places import place, remove, write_whole
from benchmark.record.record import RunRecord
from benchmark.record.store import asked_for, declared_contrasts, read_plans, read_records
from benchmark.report.contrasts import Contrast, Pair, contrast_grids, contrasts
from benchmark.report.correlation import metric_grids
from benchmark.report.effects import Effect, effect_grids, effects
from benchmark.report.export import contrasts_csv, flat_contrast, flat_rows, rows_csv
from benchmark.report.figures.costs import costs_figure
from benchmark.report.figures.draw import drawing_beside, drawn_anew, light
from benchmark.report.figures.effects import effects_figure
from benchmark.report.figures.stale import remove_stale
from benchmark.report.figures.tradeoff import column_figure, tradeoff_figure
from benchmark.report.grid import Grid, markdown
from benchmark.report.latex import latex
from benchmark.report.paper import paper_grids
from benchmark.report.standings import Standing, standing_grids, standings
from benchmark.report.tables import grids

FIGURES = ("png",)
COLUMN = "column"  # a kind of figures: PDF for one column of a paper
ALL_STUDIES = "all studies"


@dataclass(frozen=True)
class Answer:
    """What a study found, and the files that say so."""

    study: str
    records: list[RunRecord]
    tables: list[Table]
    declared: Sequence[Pair] | None = None  # contrasts; None: the default ones
    asked: Mapping[str, str] = field(default_factory=dict)  # cell -> group
    whole: "Answer | None" = None  # of the study, where this is the answer of one run of it
    is_of_folder: bool = False  # no other study has records there

    def of(self, asked: Mapping[str, str]) -> "Answer":
        """Return the answer of one run of the study, which asked for these of its cells."""
        if asked.keys() == self.asked.keys():
            return self
        return replace(
            self,
            records=[record for record in self.records if record.cell in asked],
            tables=aggregate(self.records, asked, self.study),
            asked=asked,
            whole=self,
        )

    @cached_property
    def absent(self) -> list[str]:
        """Return the groups, cell by cell, of the rows that have no record at all."""
        begun = {record.group for record in self.records}
        return [group for group in self.asked.values() if group not in begun]

    @cached_property
    def effects(self) -> list[Effect]:
        """Return what each change does, bootstrapped once for the table and the figure."""
        return effects(self.tables)

    @cached_property
    def contrasts(self) -> list[tuple[Table, list[Contrast]]]:
        """Return the contrasts of every table.

        A run shows those of its rows, corrected for all that the study compares.
        """
        if self.whole is None:
            has_all = not self.absent
            return [
                (table, contrasts(table, self.declared, has_every_row=has_all))
                for table in self.tables
            ]
        every = [one for _, found in self.whole.contrasts for one in found]
        kept = []
        for table in self.tables:
            groups = {row.group for row in table.rows}
            own = [one for one in every if {one.row.group, one.base.group} <= groups]
            kept.append((table, own))
        return kept

    @cached_property
    def standings(self) -> Mapping[str, Standing]:
        """Return group -> standing, of all tables."""
        return {
            group: standing for table in self.tables for group, standing in standings(table).items()
        }

    @cached_property
    def grids(self) -> list[Grid]:
        """Return everything people read: the paper's own table first, if the study repeats one."""
        found = [
            *paper_grids(self.study, self.tables),
            *effect_grids(self.effects, self.tables),
        ]
        for index, (table, compared) in enumerate(self.contrasts):
            found += [
                self.mains[index],
                *contrast_grids(table, compared, self.declared),
                *standing_grids(table, self.standings),
                *metric_grids(table),
                *self._own_grids[index][1:],
            ]
        return found

    @cached_property
    def _own_grids(self) -> list[list[Grid]]:
        """Return every table's means, parts and published rows."""
        return [grids(table) for table in self.tables]

    @cached_property
    def mains(self) -> list[Grid]:
        """Return the means of every table; the first says what no table shows."""
        first, *others = [own[0] for own in self._own_grids]
        if self.absent:
            rows = len(set(self.absent))
            note = f"Not begun: {len(self.absent)} cells of {rows} further rows have no record yet."
            first = replace(first, notes=(*first.notes, note))
        return [first, *others]

    @cached_property
    def headline(self) -> list[Grid]:
        """Return the tables to read first: the study's own, then the means of every dataset."""
        first = self.grids[0]
        return self.mains if first in self.mains else [first, *self.mains]

    @cached_property
    def further(self) -> list[Grid]:
        """Return what is to be read after the headline."""
        return [grid for grid in self.grids if grid not in self.headline]

    def markdown(self) -> str:
        """Return all grids as Markdown."""
        return "\n".join(markdown(one) for one in self.grids)

    def latex(self) -> str:
        """Return all grids as LaTeX tables."""
        return latex(self.grids, stem_of(self.study))

    def csv(self) -> str:
        """Return all rows under one header."""
        return rows_csv(self.tables, self.standings)

    def as_json(self) -> dict[str, Any]:
        """Return flat rows and contrasts as `report.schema.json` describes them."""
        return {
            "study": self.study,
            "cells_not_begun": len(self.absent),
            "dataset": ",".join(sorted({table.dataset for table in self.tables})),
            "rows": [row for table in self.tables for row in flat_rows(table, self.standings)],
            "contrasts": [
                flat_contrast(one, table) for table, found in self.contrasts for one in found
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


def write_answer(answer: Answer, results: Path, figures: Sequence[str] = FIGURES) -> list[Path]:
    """Write tables as CSV, Markdown and LaTeX, and the figures in every format asked for."""
    stem = stem_of(answer.study)
    others = [stem_of(plan.study) for plan in read_plans(results)]
    drawn_stems = [figure_stem(answer.study, table) for table in answer.tables]
    remove_stale(results, stem, set(others) - {stem}, drawn_stems)
    with drawing_beside(len(figures) * (2 * len(answer.tables) + 1)) as beside:
        drawn = [one for kind in figures for one in _draw(answer, results, kind, beside)]
        texts = {
            place(results, "tables", f"{stem}.csv"): answer.csv(),
            place(results, "tables", f"{stem}.md"): answer.markdown(),
            place(results, "tables", f"{stem}.tex"): answer.latex(),
        }
        compared = place(results, "tables", f"{stem}-contrasts.csv")
        if any(found for _, found in answer.contrasts):
            texts[compared] = contrasts_csv(answer.contrasts)
        else:
            remove(compared)  # of an earlier run
        for path, text in texts.items():
            write_whole(path, text.encode())
        paths = [one.result() for one in drawn]
    return [*texts, *(path for path in paths if path is not None)]


def _draw(answer: Answer, results: Path, kind: str, beside: Executor) -> list[Future[Path | None]]:
    """Draw a trade-off for every table, what else it may cost, and one figure of all changes.

    Of the kind `column`, trade-offs alone: one file a convention, as wide as a paper's column.
    """
    drawn: list[Future[Path | None]] = []
    for table in map(light, answer.tables):
        stem = figure_stem(answer.study, table)
        if kind == COLUMN:
            for convention, suffix in CONVENTIONS.items():
                name = f"{stem}-column{suffix.replace('_', '-', 1)}.pdf"
                path = place(results, "figures", name)
                drawn.append(beside.submit(drawn_anew, path, column_figure, table, convention))
            continue
        path = place(results, "figures", f"{stem}.{kind}")
        costs = place(results, "figures", f"{stem}-costs.{kind}")
        standings = {row.group: answer.standings[row.group] for row in table.competitors}
        drawn.append(beside.submit(drawn_anew, path, tradeoff_figure, table, standings))
        drawn.append(beside.submit(drawn_anew, costs, costs_figure, table))
    if kind == COLUMN:
        return drawn
    changes = place(results, "figures", f"{stem_of(answer.study)}-changes.{kind}")
    return [*drawn, beside.submit(drawn_anew, changes, effects_figure, answer.effects)]


def figure_stem(study: str, table: Table) -> str:
    """Return the file name of a table's figure, which has a suffix for every format."""
    folds = folds_name(table.folds, table.folds_over)
    digest = table.digest[:DIGEST]
    return short_name(stem_of(study), table.dataset, table.features, folds, digest)


def stem_of(study: str) -> str:
    """Return a study's name as part of a file's name."""
    return study.replace(" ", "_")
