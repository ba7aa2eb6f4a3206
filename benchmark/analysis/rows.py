"""Mean and spread over repetitions: one row per model, settings and sequence length.

A mean over unequal cells is refused: where a cell is missing, diverged or failed, the row shows
how many there are and no mean.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from benchmark.analysis.intervals import bootstrap_intervals
from benchmark.analysis.means import mean_of, mean_scores, n_without_shape, references_of
from benchmark.analysis.resamples import n_for_intervals
from benchmark.analysis.samples import Sample, place_of, samples
from benchmark.analysis.short import short_texts
from benchmark.analysis.superseded import with_versions
from benchmark.analysis.units import Units, units_of
from benchmark.evaluate.registry import RANKED_BY, all_names, names_of
from benchmark.record.record import RunRecord, Scores
from datasets.registry import DATASETS
from models.registry import MODELS

ERROR_NAMES = names_of(RANKED_BY)
COSTS = ("parameters", "flops", "train_seconds", "train_joules")  # what a lower error may cost


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of a table."""

    model: str
    is_floor: bool  # to be beaten
    settings: dict[str, Any]  # what differs from the defaults
    dataset: str
    features: str
    labels: str
    dataset_options: dict[str, Any]
    sequence_length: int | None
    n_cells: int  # finished
    n_missing: int
    statuses: dict[str, int]
    scores: Scores  # "rmse_valence" -> mean, "rmse_valence_std" -> spread
    n_without_shape: dict[str, int]  # "valence" -> songs whose annotations are constant
    intervals: dict[str, tuple[float, float]]  # "rmse_valence" -> 95 % interval
    training: Scores  # the same on the songs that were learned from
    components: dict[str, Scores]  # the same of the model's components
    parameters: int | None
    flops: float | None
    train_seconds: float | None
    train_joules: float | None  # where the device reports it
    device: str
    seeds: tuple[int, ...]
    commits: tuple[str, ...]
    group: str
    cells: tuple[RunRecord, ...] = ()  # the finished repetitions, in order
    samples: dict[str, Sample] = field(default_factory=dict, repr=False)  # of a complete row
    named: str = ""  # what to call the model, where not by its own name
    short: dict[str, str] = field(default_factory=dict)  # setting -> value, rounded for people
    n_resamples: int = 0  # that its intervals are from

    @property
    def is_complete(self) -> bool:
        """Tell whether every cell that was asked for is done."""
        return self.n_missing == 0

    @property
    def errors(self) -> dict[str, Sample]:
        """Return the samples of the scores that rows are compared by."""
        return {name: self.samples[name] for name in ERROR_NAMES}

    @property
    def n_asked(self) -> int:
        """Return how many cells the row should have."""
        return self.n_cells + self.n_missing

    @property
    def n_text(self) -> str:
        """Return "5", or "2 of 5" where cells are missing."""
        return str(self.n_cells) if self.is_complete else f"{self.n_cells} of {self.n_asked}"

    @property
    def is_selected_on_evaluation(self) -> bool:
        """Tell whether the epoch was chosen on the evaluation songs."""
        return self.settings.get("selection") == "evaluation"

    def own_settings(self, shared: dict[str, Any]) -> dict[str, Any]:
        """Return the settings that not all rows share."""
        return {key: value for key, value in self.settings.items() if key not in shared}

    def label(self, shared: dict[str, Any]) -> str:
        """Return the model with its own settings, for people."""
        own = self.own_text(shared)
        model = self.named or self.model
        return f"{model} ({own})" if own else model

    def own_text(self, shared: dict[str, Any]) -> str:
        """Return the settings that not all rows share as text, long numbers rounded."""
        own = self.own_settings(shared)
        return settings_text({key: self.short.get(key, value) for key, value in own.items()})

    def name(self, shared: dict[str, Any]) -> str:
        """Return the label with the sequence length, which tells the rows of a table apart."""
        length = "" if self.sequence_length is None else f", L={self.sequence_length}"
        return f"{self.label(shared)}{length}"

    def cost(self, name: str) -> float | None:
        """Return what the row cost: "parameters", "flops", "train_seconds" or "train_joules"."""
        value: float | None = getattr(self, name)
        return value


@dataclass(frozen=True)
class Table:
    """All rows of one dataset, feature set and labelling, with its reference lines."""

    study: str
    dataset: str
    features: str
    labels: str
    size: str  # song counts, for people
    digest: str
    rows: tuple[Row, ...]
    references: dict[str, Scores]
    folds: int | None = None  # of cross-validation; None: evaluation songs
    folds_over: str = "development"  # which songs were dealt into folds: "development" or "all"
    has_label_choice: bool = False  # the dataset has more than one set of labels
    caveat: str = ""  # what the dataset's numbers do not say

    @property
    def folds_text(self) -> str:
        """Return ", 10-fold over all songs"; "" for evaluation songs."""
        return f", {self.folds}-fold over {self.folds_over} songs" if self.folds else ""

    @cached_property
    def units(self) -> Units | None:
        """Return the songs and families that scored the rows; None where no cell is done."""
        return next((units_of(row.cells[0]) for row in self.rows if row.cells), None)

    @property
    def unit_notes(self) -> tuple[str, ...]:
        """Return what a reader must know of the units; nothing where they are single songs."""
        return self.units.notes if self.units else ()

    @cached_property
    def shared_settings(self) -> dict[str, Any]:
        """Return the settings that every trained row has alike: said once, not in each row."""
        return shared_settings(self.rows)

    @cached_property
    def comparable(self) -> list[Row]:
        """Return the rows to rank, also those that lack cells.

        None was selected on evaluation songs or changes a setting of another row, as ablations do.
        """
        shared = self.shared_settings
        plain = {
            (row.model, row.sequence_length) for row in self.rows if not row.own_settings(shared)
        }
        return [
            row
            for row in self.rows
            if not row.is_selected_on_evaluation
            and (not row.own_settings(shared) or (row.model, row.sequence_length) not in plain)
        ]

    @cached_property
    def competitors(self) -> list[Row]:
        """Return the complete rows to rank."""
        return [row for row in self.comparable if row.is_complete]


def shared_settings(rows: Iterable[Row]) -> dict[str, Any]:
    """Return the settings that all rows but the floor have alike, or the floor has alone."""
    every = list(rows)
    trained = [row.settings for row in every if not row.is_floor]
    first, *others = trained or [row.settings for row in every] or [{}]
    return {
        key: value
        for key, value in first.items()
        if all(key in other and other[key] == value for other in others)
    }


def settings_text(settings: dict[str, Any]) -> str:
    """Return settings as text: "dropout=0.5, max_epochs=5"; "" for none."""
    return ", ".join(f"{key}={value}" for key, value in sorted(settings.items()))


def aggregate(records: Iterable[RunRecord], asked: Mapping[str, str], study: str) -> list[Table]:
    """Return one table per dataset digest and songs scored; `asked` maps cells to groups.

    Tables come in the order in which their cells were asked for.
    """
    order = {cell: position for position, cell in enumerate(asked)}
    wanted = with_versions([record for record in records if record.cell in asked])
    sides: dict[tuple[str, str, int, str], list[RunRecord]] = defaultdict(list)
    for record in sorted(wanted, key=lambda record: order[record.cell]):
        songs = record.folds or 0, record.folds_over if record.folds else ""
        sides[record.dataset_digest, record.features, *songs].append(record)
    n_asked = Counter(asked.values())
    n_resamples = n_for_intervals(len({record.group for record in wanted}))
    return [_table(side, n_asked, study, n_resamples) for side in sides.values()]


def _table(
    records: Sequence[RunRecord], n_asked: Mapping[str, int], study: str, n_resamples: int
) -> Table:
    groups: dict[str, list[RunRecord]] = defaultdict(list)
    for record in records:
        groups[record.group].append(record)
    rows = [_row(cells, n_asked[group], n_resamples) for group, cells in groups.items()]
    short = short_texts([row.settings for row in rows])
    rows = [replace(row, short=texts) for row, texts in zip(rows, short, strict=True)]
    first = records[0]
    n_songs = first.n_songs
    return Table(
        study=study,
        dataset=first.dataset,
        features=first.features,
        labels=first.labels,
        size=f"{n_songs['development']} + {n_songs['evaluation']} songs",
        digest=first.dataset_digest,
        rows=tuple(sorted(rows, key=_place)),
        references=references_of(records),
        folds=first.folds,
        folds_over=first.folds_over,
        has_label_choice="labels" in first.dataset_options,
        caveat=DATASETS[first.dataset].caveat if first.dataset in DATASETS else "",
    )


def _place(row: Row) -> tuple[bool, int, int, str]:
    """Order rows: models in the registry's order, then lengths; floors last."""
    order = {name: position for position, name in enumerate(MODELS)}
    position = order.get(row.model, len(order))
    return row.is_floor, position, -(row.sequence_length or 0), settings_text(row.settings)


def _row(cells: Sequence[RunRecord], n_asked: int, n_resamples: int) -> Row:
    done = sorted((cell for cell in cells if cell.status == "done"), key=place_of)
    n_missing = n_asked - len(done)
    first = cells[0]
    kept = done if n_missing == 0 else []  # no mean over unequal cells
    drawn = samples(kept) if kept else {}
    return Row(
        model=first.model,
        is_floor=first.model in MODELS and MODELS[first.model].is_floor,
        settings=first.settings,
        dataset=first.dataset,
        features=first.features,
        labels=first.labels,
        dataset_options=first.dataset_options,
        sequence_length=first.sequence_length,
        n_cells=len(done),
        n_missing=n_missing,
        statuses={
            status: sum(cell.status == status for cell in cells)
            for status in ("done", "diverged", "failed")
        },
        scores=mean_scores([cell.scores for cell in kept], all_names()),
        n_without_shape=n_without_shape(kept[0]) if kept else {},
        intervals=bootstrap_intervals(drawn, first.group, n_resamples),
        training=mean_scores([cell.training_scores for cell in kept], ERROR_NAMES),
        components={
            name: mean_scores([cell.components[name] for cell in kept], ERROR_NAMES)
            for name in (first.components if kept else {})
        },
        parameters=round(mean_of([cell.n_parameters for cell in kept]) or 0) if kept else None,
        flops=mean_of([cell.flops for cell in kept]),
        train_seconds=mean_of([cell.circumstances["train_seconds"] for cell in kept]),
        train_joules=mean_of([cell.circumstances.get("train_joules") for cell in kept]),
        device=",".join(sorted({cell.circumstances["device"] for cell in cells})),
        seeds=tuple(sorted({cell.base_seed for cell in cells})),
        commits=tuple(sorted({cell.circumstances["environment"]["commit"] for cell in cells})),
        group=first.group,
        cells=tuple(done),
        samples=drawn,
        n_resamples=n_resamples,
    )
