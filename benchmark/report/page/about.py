"""What ran on what, where, and what went wrong: the facts of the page, as text."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from benchmark.analysis.counts import count_cells
from benchmark.analysis.rows import Table, settings_text
from benchmark.evaluate.scores import RATERS
from benchmark.plan.config import as_text
from benchmark.record.record import RunRecord
from benchmark.report.captions import CEILING
from benchmark.report.page.charts import row_labels, short_name
from benchmark.report.page.reproduce import same_study
from datasets.registry import DATASETS
from models.registry import MODELS

SELECTIONS = {
    "held_out": "the epoch is chosen on {share} development songs, held out; the"
    " evaluation songs are opened once, after training",
    "evaluation": "the epoch is chosen on the evaluation songs themselves, so the error is too low",
    "last": "the last epoch is kept",
}
TESTED = {"whole": "whole songs"}
LAYERS = (
    "Layers: plain is the model as its file defines it; fused, its layers compiled for a CPU, the"
    " same numbers but for rounding; graphs, whole training steps replayed on a GPU."
)
FILE = "same.yaml"


@dataclass(frozen=True)
class Problem:
    """Cells that are not in the means, and why."""

    name: str
    status: str
    reason: str


def cells(number: int) -> str:
    """Return "1 cell" or "2 cells"."""
    return "1 cell" if number == 1 else f"{number} cells"


def facts(table: Table) -> list[tuple[str, str]]:
    """Return what the table's models learned from and what they were scored on."""
    first = next(record for row in table.rows for record in row.cells or ())
    learned, scored = _songs(table, first.n_songs)
    return [
        ("Dataset", table.dataset),
        ("Features", f"{table.features}, {first.n_features} columns per half second"),
        *([("Labels", table.labels)] if table.has_label_choice else []),
        *(
            (f"Option {key}", as_text(value))
            for key, value in first.dataset_options.items()
            if key != "labels"
        ),
        ("Learned from", learned),
        ("Scored on", scored),
        *(("Unit", note) for note in table.unit_notes),
        *([(RATERS.capitalize(), CEILING)] if RATERS in table.references else []),
        ("Protocol", " In rows that say so, ".join(f"{way}." for way in _protocols(table))),
        *([("Every model", settings_text(shared))] if (shared := table.shared_settings) else []),
        ("Digest of the songs", table.digest),
    ]


def _songs(table: Table, n_songs: Mapping[str, int]) -> tuple[str, str]:
    development = f"{n_songs['development']} development songs"
    held_out = f"each by the one of {table.folds} folds that held it out"
    if table.folds is None:
        return development, f"{n_songs['evaluation']} evaluation songs"
    if table.folds_over == "all":
        all_songs = f"all {sum(n_songs.values())} songs"
        return f"{all_songs}, less the fold held out", f"{all_songs}, {held_out}"
    return development, f"the development songs, {held_out}"


def _protocols(table: Table) -> list[str]:
    found = []
    for row in table.rows:
        for record in row.cells[:1]:
            if not record.training:
                continue  # a floor row trains nothing that could stop
            fraction = record.training.get("validation_fraction")
            share = f"{fraction:.0%} of the" if fraction else "some"
            text = SELECTIONS[record.protocol["selection"]].format(share=share)
            length = record.protocol["test_sequence_length"]
            text += (
                f"; tested on {TESTED.get(length, f'sequences of {length} frames')}"
                if length
                else ""
            )
            found.append(text)
    return list(dict.fromkeys(found))


def caveats(tables: Sequence[Table]) -> list[str]:
    """Return what must be said beside every number."""
    named = dict.fromkeys(table.dataset for table in tables)
    return [
        f"Dataset {name}: {DATASETS[name].caveat}."
        for name in named
        if name in DATASETS and DATASETS[name].caveat
    ]


def counts(records: Sequence[RunRecord], asked: Mapping[str, str]) -> dict[str, int]:
    """Return how many cells there are of every kind, "asked" included."""
    by_status, _ = count_cells(records, asked)
    return {"asked": len(asked)} | by_status


def told(label: str, table: Table, tables: Sequence[Table]) -> str:
    """Return a row's name, with its table where there are several."""
    return label if len(tables) == 1 else f"{label} ({short_name(table)})"


def problems(
    records: Sequence[RunRecord], asked: Mapping[str, str], tables: Sequence[Table]
) -> list[Problem]:
    """Return every diverged and failed cell with its reason, then what was never recorded."""
    _, wrong = count_cells(records, asked)
    found = [Problem(record.name, record.status, record.error or "") for record in wrong]
    known = {record.cell for record in records}
    missing = Counter(group for cell, group in asked.items() if cell not in known)
    names = {
        row.group: told(label, table, tables)
        for table in tables
        for row, label in zip(table.rows, row_labels(table), strict=True)
    }
    for group, n_cells in missing.items():
        name = names.get(group, f"a row without any record (group {group[:12]})")
        reason = f"{cells(n_cells)} asked for and never recorded: stopped, or still running"
        found.append(Problem(name, "missing", reason))
    return found


@dataclass(frozen=True)
class Environment:
    """Where cells ran: what all have alike, and every combination of the rest with its count."""

    shared: dict[str, str]
    differing: list[tuple[str, dict[str, str]]]


def environment(records: Sequence[RunRecord]) -> Environment:
    """Return machine, commit and versions of all cells."""
    shown = [
        {
            "device": str(record.circumstances["device"]),
            "layers": str(record.circumstances.get("kernels") or "not recorded"),
            "features made by": {None: "not recorded", "": "other code than this project's"}.get(
                made_by := record.circumstances.get("features_made_by"), str(made_by)
            ),
            **{key: str(version) for key, version in record.circumstances["environment"].items()},
        }
        for record in records
    ]
    names = list(dict.fromkeys(name for values in shown for name in values))
    shared = {
        name: shown[0].get(name, "")
        for name in names
        if len({values.get(name, "") for values in shown}) == 1
    }
    others = Counter(
        tuple((name, values.get(name, "")) for name in names if name not in shared)
        for values in shown
    )
    differing = [(cells(number), dict(values)) for values, number in others.most_common() if values]
    return Environment(shared, differing)


def layers_explained(records: Sequence[RunRecord]) -> str:
    """Return what kinds of layers are, where a cell trained with others than plain ones."""
    kinds = {record.circumstances.get("kernels") for record in records}
    return LAYERS if kinds & {"fused", "graphs"} else ""


def trained_on(records: Sequence[RunRecord]) -> str:
    """Return the days of training, in UTC: from the first cell's start to the last one's."""
    started = [record.circumstances["started"] for record in records]
    first, last = (
        datetime.fromtimestamp(second, UTC).date().isoformat()
        for second in (min(started), max(started))
    )
    return first if first == last else f"{first} to {last}"


def commands(study: str, records: Sequence[RunRecord], asked: Mapping[str, str]) -> str:
    """Return the commands that train these cells again into a folder of their own.

    Of several commits the one of most cells is checked out; comments name the others.
    """
    commits = Counter(record.circumstances["environment"]["commit"] for record in records)
    known = [DATASETS[record.dataset] for record in records if record.dataset in DATASETS]
    foreign = any(
        record.model not in MODELS or record.dataset not in DATASETS for record in records
    )
    options = (" --include FILE.py" if foreign else "") + (
        " --data-root DATA" if any(entry.needs_data_root for entry in known) else ""
    )
    commonest, *others = (_checkout(*commit) for commit in commits.most_common())
    return "\n".join(
        [
            commonest,
            *(f"# others: {other}" for other in others),
            f"cat > {FILE} <<'END'",
            same_study(study, records, asked).rstrip(),
            "END",
            f"python -m benchmark run --study {FILE} --results again{options}",
        ]
    )


def _checkout(commit: str, n_cells: int) -> str:
    name, _, version = commit.partition(" ")
    if version:
        return f"pip install {name}=={version}  # {cells(n_cells)}"
    dirty = ", with changes that were not committed" if commit.endswith("-dirty") else ""
    return f"git checkout {commit.removesuffix('-dirty')}  # {cells(n_cells)}{dirty}"
