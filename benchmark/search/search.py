"""Open, resume and finish a search: one loop per worker, all of them around one storage."""

import logging
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.errors import ConfigError, ResultsError, WorkerLost
from benchmark.executors.contract import Lost, Means, Outcome, Report, Task, nothing
from benchmark.executors.registry import make_executor
from benchmark.plan.cell import Cell
from benchmark.plan.protocol import ProtocolConfig, rounds
from benchmark.run.execute import Job
from benchmark.run.loading import load_study
from benchmark.run.plugins import include_plugins
from benchmark.search.interrupt import Interrupt
from benchmark.search.objective import Objective, OnEpoch, TrialFailed
from benchmark.search.samplers import make_pruner, make_sampler
from benchmark.search.space import default_parameters
from benchmark.search.spec import Search
from benchmark.search.storage import failing_plainly, kept_from_others, open_storage, serves_many
from benchmark.search.trials import (
    SET_ASIDE,
    WORKER,
    is_finished,
    is_running,
    queue_again,
    retry_killed,
    this_worker,
)
from benchmark.tracking.address import shown
from benchmark.train.kernels import Kernels
from datasets.contract import Split

if TYPE_CHECKING:
    from optuna import Study
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

IDENTITY = "mer-benchmark"  # the study's attribute that says what its trials' values mean
REPEATS_AT_MOST = 50  # trials in a row that do not count: the space is exhausted
POLL_SECONDS = 1.0
SECONDS_TO_NAME = 5.0  # for another process, between making a study and saying what it is
OnTrial = Callable[["FrozenTrial"], None]


@dataclass(frozen=True, kw_only=True)
class SearchOptions:
    """Where and how to search; none of it changes a trial's value."""

    results: Path
    storage: str
    data_root: Path | None = None
    device: str = "cpu"
    kernels: Kernels = "fused"
    workers: int = 1
    include: tuple[Path, ...] = ()
    tracking_uri: str | None = None  # of a server that gets a copy, too


def load_songs(search: Search, options: SearchOptions) -> Split:
    """Load the search's dataset and refuse too few songs for its folds."""
    split = load_study(search.base, options.data_root)
    rounds(split, ProtocolConfig(folds=search.config.folds), search.config.seed)
    return split


def open_study(search: Search, digest: str, storage: "BaseStorage") -> "Study":
    """Create the search's study or resume it, if it still is the same search."""
    from optuna.exceptions import StorageInternalError

    try:
        study = _open_study(search, digest, storage)
        if len(study.directions) == 1 + search.is_two_objective:
            return study
        raise KeyError("directions")  # without them Optuna would fail every trial, for ever
    except (KeyError, StorageInternalError) as error:
        raise ResultsError(
            f"The storage of search '{search.name}' is damaged: tables or rows are missing. Remove"
            " it, or give another --storage; finished trials keep their records."
        ) from error


def _open_study(search: Search, digest: str, storage: "BaseStorage") -> "Study":
    """Create or resume; raises what Optuna raises."""
    import optuna

    sampler, pruner = make_sampler(search), make_pruner(search)
    identity = search.identity(digest)
    deadline = time.monotonic() + SECONDS_TO_NAME
    while (known := _known(storage)).get(search.name) == {} and time.monotonic() < deadline:
        time.sleep(0.1)  # another process makes the study and is about to say what it is
    if search.name in known:
        _refuse_another(search, identity, known[search.name].get(IDENTITY))
        return optuna.load_study(
            study_name=search.name, storage=storage, sampler=sampler, pruner=pruner
        )
    study = optuna.create_study(
        study_name=search.name,
        storage=storage,
        sampler=sampler,
        pruner=pruner,
        directions=["minimize"] * len(identity["objectives"]),
        load_if_exists=True,  # another machine may have been faster
    )
    study.set_metric_names(identity["objectives"])
    study.set_user_attr(IDENTITY, identity)
    if search.config.sampler != "grid":  # which holds the default already, or a part of it
        study.enqueue_trial(default_parameters(search.space, search.known))
    return study


def _known(storage: "BaseStorage") -> dict[str, dict[str, Any]]:
    """Return what is said of every study of a storage, by its name."""
    import optuna

    summaries = optuna.get_all_study_summaries(storage)
    return {summary.study_name: summary.user_attrs for summary in summaries}


def _refuse_another(search: Search, identity: dict[str, Any], stored: Any) -> None:
    """Refuse to resume a study whose values mean something else, and say what differs."""
    if not isinstance(stored, dict):
        raise ConfigError(
            f"The storage holds a study '{search.name}' that this suite did not make."
            " Give the search another --name."
        )
    differing = []
    for key, value in identity.items():
        old = stored.get(key)
        if isinstance(value, dict) and isinstance(old, dict):
            old = _with_later_defaults(search, old, value) if key == "settings" else old
            names = sorted(k for k in value | old if value.get(k) != old.get(k))
            differing += [f"{key} {k}: {old.get(k)} before, {value.get(k)} now" for k in names]
        elif value != old:
            differing.append(f"{key}: {old} before, {value} now")
    if differing:
        raise ConfigError(
            f"Search '{search.name}' exists and differs. {'; '.join(differing)}."
            " Repeat the former options to resume it, or give another --name."
        )


def _with_later_defaults(
    search: Search, old: dict[str, Any], now: dict[str, Any]
) -> dict[str, Any]:
    """Add settings that came later: their default is the behaviour the search began with."""
    defaults = search.defaults
    return {key: defaults[key] for key in now if key not in old and key in defaults} | old


def search_on(
    search: Search,
    options: SearchOptions,
    *,
    on_begin: Callable[[list["FrozenTrial"]], None],
    on_trial: OnTrial,
    on_epoch: OnEpoch,
) -> "Study":
    """Search until the asked number of trials is finished; return the study."""
    if options.workers > 1 and not serves_many(options.storage):
        raise ConfigError(
            f"--workers {options.workers} with {shown(options.storage)}: SQLite serves one process."
            f" Use --storage journal:{options.results}/optuna.log, or PostgreSQL."
        )
    split = load_songs(search, options)
    with _quiet(), kept_from_others(options.storage), failing_plainly(options.storage):
        storage = open_storage(options.storage)
        study = open_study(search, split.digest(), storage)
        retry_killed(study, is_alone=not serves_many(options.storage))
        on_begin([one for one in study.get_trials(deepcopy=False) if is_finished(one)])
        if options.workers == 1:
            interrupt = Interrupt()
            with interrupt.listening():
                work(study, search, options, split, on_trial, on_epoch, interrupt)
        else:
            _share(study, search, options, on_trial)
    return study


def work(
    study: "Study",
    search: Search,
    options: SearchOptions,
    split: Split,
    on_trial: OnTrial,
    on_epoch: OnEpoch,
    interrupt: Interrupt,
) -> None:
    """Run trials until enough are finished, by this worker or by others."""

    def job(cell: Cell) -> Job:
        return Job(cell, options.results, options.data_root, options.device, options.kernels)

    objective = Objective(search, split, split.digest(), job, on_epoch, interrupt)
    deadline = time.monotonic() + (search.config.timeout or inf)
    n_repeats = 0
    while time.monotonic() < deadline and n_repeats < REPEATS_AT_MOST:
        interrupt.check()
        retry_killed(study)
        trials = study.get_trials(deepcopy=False)
        n_finished = sum(map(is_finished, trials))
        if n_finished >= search.config.trials:
            return
        if n_finished + sum(map(is_running, trials)) >= search.config.trials:
            time.sleep(POLL_SECONDS)  # others train the last ones, and may die of it
            continue
        trial = _one_trial(study, objective)
        n_repeats += 1
        if is_finished(trial):
            n_repeats = 0
            on_trial(trial)
    interrupt.check()


def _one_trial(study: "Study", objective: Objective) -> "FrozenTrial":
    """Run one trial; Ctrl-C queues its parameters for the next time."""
    done: list[FrozenTrial] = []
    try:
        study.optimize(
            objective,
            n_trials=1,
            catch=(TrialFailed,),
            callbacks=[lambda _, trial: done.append(trial)],
        )
    except KeyboardInterrupt:
        for trial in study.get_trials(deepcopy=False):
            is_mine = trial.user_attrs.get(WORKER) == this_worker()
            if is_mine and not is_finished(trial) and SET_ASIDE not in trial.user_attrs:
                queue_again(study, trial)
        raise
    return done[0]


def _share(study: "Study", search: Search, options: SearchOptions, on_trial: OnTrial) -> None:
    """Let several processes work on one study; tell of every trial as it finishes."""
    shown = {trial.number for trial in study.get_trials(deepcopy=False) if is_finished(trial)}
    ends: list[Outcome] = []

    def show_finished(*_: object) -> None:
        for trial in study.get_trials():  # other machines' too
            if is_finished(trial) and trial.number not in shown:
                shown.add(trial.number)
                on_trial(trial)

    begin = partial(include_plugins, list(options.include))
    with make_executor("processes", Means(n_workers=options.workers, begin=begin)) as executor:
        loops = [Task(_work_apart, (search, options)) for _ in range(options.workers)]
        executor.run(loops, ends.append, show_finished)
    show_finished()
    lost = [end for end in ends if isinstance(end, Lost)]
    if lost and len(shown) < search.config.trials:
        raise WorkerLost(
            f"{len(lost)} of {len(ends)} worker processes ended early: one {lost[0].reason}."
            " Finished trials are kept: run the same command again."
        )


def _work_apart(search: Search, options: SearchOptions, report: Report) -> None:
    """Be one of several workers: the parent shows what happens and takes Ctrl-C."""
    with _quiet(), failing_plainly(options.storage):
        split = load_songs(search, options)
        study = open_study(search, split.digest(), open_storage(options.storage))
        work(study, search, options, split, lambda _: report(None), nothing, Interrupt())


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Optuna's own log lines and its warnings about experimental features off the screen."""
    logging.getLogger("optuna").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
