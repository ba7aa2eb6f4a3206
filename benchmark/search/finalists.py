"""The best configurations once more, with several seeds; the best of them becomes a study.

Seeds   further ones: the seed that made a trial the best of many is left out of its mean
"""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import yaml

from benchmark.analysis.pareto import trials_on_front
from benchmark.errors import ConfigError
from benchmark.files import content_of
from benchmark.plan.cell import Cell
from benchmark.plan.config import STUDY_NAME, Study, StudyConfig
from benchmark.plan.studies import named_studies
from benchmark.record.places import place, write_whole
from benchmark.record.record import RunRecord
from benchmark.record.searches import SearchRecord, TrialRow
from benchmark.search.spec import FOLDS, Search
from models.registry import MODELS


def chosen(search: Search, record: SearchRecord) -> list[TrialRow]:
    """Return the trials worth several seeds: the best, and the default to hold them against.

    Of a model without a seed there are none: a trial is what it is.
    With two objectives these come from the front of error and parameters, on which a trial of
    unknown size has no place.
    """
    if not MODELS[search.model].uses_seed:
        return []
    done = record.completed
    if search.is_two_objective:
        done = sorted(trials_on_front(done), key=lambda trial: trial.rmse or 0.0)
    best = done[: search.config.finalists]
    default = [trial for trial in record.completed if trial.is_default and trial not in best]
    return best + default if best else []


def finalists_study(search: Search, trials: Sequence[TrialRow]) -> Study:
    """Return the study that trains the chosen trials' values, the seed that chose them included."""
    name = f"{search.name}-finalists"
    parts = [search.study(trial.values, name, search.config.repetitions + 1) for trial in trials]
    return Study(name, tuple(parts))


def without_chosen_by(trials: Sequence[TrialRow], cells: Sequence[Cell]) -> list[Cell]:
    """Return the cells without those that the trials were chosen by."""
    chosen_by = {trial.cell for trial in trials}
    return [cell for cell in cells if cell.key not in chosen_by]


def ranked(
    search: Search, trials: Sequence[TrialRow], digest: str, records: Sequence[RunRecord]
) -> list[dict[str, Any]]:
    """Return the finalists by mean RMSE over seeds, best first; incomplete ones are last."""
    groups: dict[str, list[float]] = {}
    for record in records:
        if record.status == "done":
            groups.setdefault(record.group, []).append(record.scores["rmse_average"] or 0.0)
    rows = []
    for trial in trials:
        cell: Cell = search.cell(trial.values, digest)
        scores = groups.get(cell.group, [])
        rows.append(
            {
                "trial": trial.number,
                "n_seeds": len(scores),
                "rmse": fmean(scores) if scores else None,
                "rmse_std": stdev(scores) if len(scores) > 1 else None,
                "n_parameters": trial.n_parameters,
                "group": cell.group,
                "is_default": trial.is_default,
                "values": trial.values,
            }
        )
    wanted = search.config.repetitions
    return sorted(rows, key=lambda row: (row["n_seeds"] < wanted, row["rmse"] or 0.0))


def check_promotion(search: Search, name: str, results: Path) -> None:
    """Refuse a study's name that cannot be, that is taken, or that `run` would not find."""
    if not re.fullmatch(STUDY_NAME, name):
        raise ConfigError(
            f"--promote {name!r}: a study's name begins with a letter or digit, followed by"
            " letters, digits, blanks, dots, hyphens or underscores."
        )
    if name in named_studies():
        raise ConfigError(f"--promote {name}: a study of that name ships with the suite.")
    path = promoted_path(results, name)
    if path.is_file() and not content_of(path).startswith(_origin(search).encode()):
        raise ConfigError(f"--promote {name}: {path} is there and not from this search.")


def promoted_path(results: Path, name: str) -> Path:
    """Return where a promoted study lies."""
    return place(results, "studies", f"{name}.yaml")


def _origin(search: Search) -> str:
    """Return how the file of a study that this search promoted begins."""
    return f"# Found by search {search.name} on "


def promote(
    search: Search,
    record: SearchRecord,
    name: str,
    results: Path,
    include: Sequence[Path] = (),
) -> Path:
    """Write the best configuration as a study that `run` takes; it opens the evaluation songs."""
    if record.finalists:
        winner, how = record.finalists[0], f"{record.finalists[0]['n_seeds']} further seeds"
        number, values, rmse = winner["trial"], winner["values"], winner["rmse"]
    elif record.completed:
        trial, how = record.completed[0], "one seed"
        number, values, rmse = trial.number, trial.values, trial.rmse
    else:
        raise ConfigError(f"Search '{search.name}' has no finished trial to promote yet.")
    study: StudyConfig = search.study(values, name, search.config.repetitions)
    settings = {key: value for key, value in study.set.items() if key != FOLDS}
    written = {
        "summary": f"best of search {search.name}: trial {number},"
        f" RMSE {rmse:.4f} on held-out development songs ({how})",
        "models": list(study.models),
        "dataset": study.dataset,
        "features": search.features,
        "sequence_lengths": list(study.sequence_lengths),
        "repetitions": study.repetitions,
        "seed": study.seed,
        "set": settings,
    }
    command = ["run", "--study", name, "--results", str(results)]
    command += [part for path in include for part in ("--include", str(path))]
    head = (
        f"{_origin(search)}dataset {record.identity['dataset digest'][:12]}.\n"
        f"# Run: python -m benchmark {shlex.join(command)}\n"
    )
    path = promoted_path(results, name)
    write_whole(path, (head + yaml.safe_dump(written, sort_keys=False)).encode())
    return path
