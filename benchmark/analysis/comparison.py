"""A comparison of models: tables of rows, contrasts, rankings and ablations; numbers, no text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

from benchmark.analysis.ablations import Ablation, ablations
from benchmark.analysis.contrasts import Contrast, Pair, contrasts
from benchmark.analysis.ranking import Ranking, rankings
from benchmark.analysis.rows import Table, aggregate
from benchmark.record.record import RunRecord


@dataclass(frozen=True)
class Comparison:
    """Rows of one or more datasets, and what compares them, each computed once when asked for."""

    study: str
    records: list[RunRecord]
    tables: list[Table]
    declared: Sequence[Pair] | None = None  # contrasts; None: the default ones
    asked: Mapping[str, str] = field(default_factory=dict)  # cell -> group
    whole: "Comparison | None" = None  # of the study, where this is one run of it
    is_of_folder: bool = False  # no other study has records there

    def of(self, asked: Mapping[str, str]) -> Self:
        """Return the comparison of one run of the study, which asked for these of its cells."""
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
    def ablations(self) -> list[Ablation]:
        """Return what each change does."""
        return ablations(self.tables)

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
        every = [contrast for _, found in self.whole.contrasts for contrast in found]
        kept = []
        for table in self.tables:
            groups = {row.group for row in table.rows}
            own = [
                contrast
                for contrast in every
                if {contrast.row.group, contrast.base.group} <= groups
            ]
            kept.append((table, own))
        return kept

    def contrasts_of(self, table: Table) -> list[Contrast]:
        """Return the contrasts of one table."""
        return next(found for own, found in self.contrasts if own is table)

    @cached_property
    def rankings(self) -> Mapping[str, Ranking]:
        """Return group -> ranking, of all tables."""
        return {
            group: ranking for table in self.tables for group, ranking in rankings(table).items()
        }
