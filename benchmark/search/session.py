"""The conductor of a search: trials, finalists with several seeds, records, figures, MLflow."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from benchmark.record.places import prepare_folder
from benchmark.record.record import RunRecord
from benchmark.record.searches import SearchRecord, TrialRow, write_search
from benchmark.record.store import find_record
from benchmark.report.answer import Answer
from benchmark.report.search import write_search_answer
from benchmark.run.options import RunOptions
from benchmark.run.planning import RunPlan, plan_run
from benchmark.run.session import Screen as RunScreen
from benchmark.run.session import complete_run
from benchmark.search.finalists import (
    check_promotion,
    chosen,
    finalists_study,
    promote,
    ranked,
    without_chosen_by,
)
from benchmark.search.outcome import search_record, trial_row
from benchmark.search.search import SearchOptions, load_songs, search_on
from benchmark.search.spec import Search
from benchmark.tracking.mirror import Mirror
from benchmark.tracking.searches import copy_trial, summarise_search
from benchmark.tracking.tracking import Tracking

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial


class Screen(Protocol):
    """Where a search shows itself."""

    def begin(self, earlier: Sequence[TrialRow], notes: Sequence[str]) -> None:
        """Say what is searched and where, which trials are finished, and the dataset's notes."""

    def on_epoch(self, trial: int, network: str, epoch: int, error: float) -> None:
        """Show that an epoch of a trial ended."""

    def on_trial(self, row: TrialRow) -> None:
        """Show that a trial finished."""

    def say(self, line: str) -> None:
        """Show a line that is not about a trial."""

    def finalists(self, plan: RunPlan) -> RunScreen:
        """Return what shows the finalists' training."""


@dataclass(frozen=True)
class SearchOutcome:
    """What a search found, and the files that say so."""

    search: Search
    record: SearchRecord
    answer: Answer | None  # of the finalists
    paths: list[Path]


def complete_search(
    search: Search, options: SearchOptions, screen: Screen, promote_as: str | None
) -> SearchOutcome:
    """Search to the asked total, train the finalists, and write everything down."""
    if promote_as:
        check_promotion(search, promote_as, options.results)
    prepare_folder(options.results)
    tracking = Tracking(options.results, screen.say, options.tracking_uri)
    split = load_songs(search, options)
    search, digest = search.for_songs(split), split.digest()

    def on_trial(trial: "FrozenTrial") -> None:
        row = trial_row(trial)
        screen.on_trial(row)
        tracking.beside_training(lambda mirror: copy(mirror, row))

    def copy(mirror: Mirror, row: TrialRow) -> None:
        copy_trial(mirror, search.name, row, _record_of(search, row, digest, options))

    study = search_on(
        search,
        options,
        on_begin=lambda trials: screen.begin([trial_row(trial) for trial in trials], split.notes),
        on_trial=on_trial,
        on_epoch=screen.on_epoch,
    )
    record = search_record(search, study, digest)
    answer = None
    if len(record.trials) >= search.config.trials:
        answer, rows = _train_finalists(search, record, options, screen, digest, tracking)
        record = replace(record, finalists=rows)
    paths = [write_search(options.results, record), *write_search_answer(record, options.results)]

    def bring_up_to_date(mirror: Mirror) -> None:
        mirror.refresh()
        for row in record.trials:  # finished by others, or before the database was deleted
            copy(mirror, row)
        summarise_search(mirror, record, paths)

    tracking.attempt(bring_up_to_date)
    if promote_as:
        paths.append(promote(search, record, promote_as, options.results, options.include))
    return SearchOutcome(search, record, answer, paths)


def _record_of(
    search: Search, row: TrialRow, digest: str, options: SearchOptions
) -> RunRecord | None:
    """Return the record of a trial that was trained to the end on this disk."""
    if row.state != "done":
        return None
    return find_record(options.results, search.cell(row.values, digest))


def _train_finalists(
    search: Search,
    record: SearchRecord,
    options: SearchOptions,
    screen: Screen,
    digest: str,
    tracking: Tracking,
) -> tuple[Answer | None, list[dict[str, Any]]]:
    """Train the best configurations with further seeds, on as many cores as there are."""
    trials = chosen(search, record)
    if not trials:
        return None, []
    run_options = RunOptions(
        results=options.results,
        data_root=options.data_root,
        device=options.device,
        kernels=options.kernels,
        workers=options.workers if options.workers > 1 else None,
        include=options.include,
    )
    plan = plan_run(finalists_study(search, trials), run_options)
    plan = replace(plan, cells=without_chosen_by(trials, plan.cells))
    answer = complete_run(plan, run_options, screen.finalists(plan), tracking).answer
    return answer, ranked(search, trials, digest, answer.records)
