"""One trial: values become a cell, the cell is trained on folds of the development songs.

Value   RMSE of valence and arousal averaged, pooled over all held-out development songs
Seen    evaluation songs are loaded with their dataset and never looked at
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from math import inf
from typing import TYPE_CHECKING, Any

from benchmark.errors import USER_ERRORS, ConfigError, ModelBroken, TrainingStopped
from benchmark.plan.cell import Cell
from benchmark.record.environment import environment
from benchmark.record.record import RunRecord
from benchmark.record.store import find_record
from benchmark.run.execute import Job, execute
from benchmark.search.interrupt import Interrupt
from benchmark.search.spec import Search
from benchmark.search.trials import (
    CELL,
    COMMIT,
    EPOCHS,
    IS_DEFAULT,
    PARAMETERS,
    REASON,
    SET_ASIDE,
    VALUES,
    WORKER,
    is_surplus,
    repeats,
    this_worker,
)
from benchmark.train.estimate import count_parameters
from benchmark.train.trainer import Progress
from benchmark.users_code import users_code
from datasets.contract import Split
from models.registry import MODELS

if TYPE_CHECKING:
    from optuna import Trial

WARM_UP_EPOCHS = 15  # never pruned: a trial with few steps an epoch starts slowly
OnEpoch = Callable[[int, str, int, float], None]  # trial, network, epoch, RMSE it stops on


class TrialFailed(Exception):  # noqa: N818 - an outcome
    """A trial that has no value; the study goes on."""


@dataclass(frozen=True)
class Objective:
    """What Optuna minimises, called once per trial in a worker process."""

    search: Search
    split: Split
    digest: str
    job: Callable[[Cell], Job]
    on_epoch: OnEpoch
    interrupt: Interrupt

    def __call__(self, trial: "Trial") -> float | tuple[float, float]:
        """Train the trial's values, or say why there is nothing to train."""
        from optuna import TrialPruned

        trial.set_user_attr(WORKER, this_worker())
        values = self.search.suggest(trial)
        cell = self.search.cell(values, self.digest)
        trial.set_user_attr(CELL, cell.key)
        trial.set_user_attr(VALUES, values)
        trial.set_user_attr(COMMIT, environment()["commit"])
        trial.set_user_attr(IS_DEFAULT, cell.key == self._default_key)
        self._set_aside_if_needless(trial, cell)
        n_parameters = self._count(trial, cell)
        record = find_record(self.job(cell).results, cell)
        if record is None or record.status == "failed":
            record = self._train(trial, cell)
        else:  # its worker was killed between the record and the study
            n_epochs = sum(len(curve["training_loss"]) for curve in record.curves.values())
            trial.set_user_attr(EPOCHS, n_epochs)
        if record is None:
            raise TrialPruned
        if record.status != "done":
            raise _failed(trial, f"{record.status}: {record.error}")
        n_parameters = record.n_parameters or n_parameters  # what a fusion learned included
        trial.set_user_attr(PARAMETERS, n_parameters)
        error = record.scores["rmse_average"]
        assert error is not None
        return (error, float(n_parameters)) if self.search.is_two_objective else error

    @cached_property
    def _default_key(self) -> str:
        return self.search.cell({}, self.digest).key

    def _set_aside_if_needless(self, trial: "Trial", cell: Cell) -> None:
        """Do not train what another trial trains, or one trial too many."""
        trials = trial.study.get_trials(deepcopy=False)
        twin = repeats(trials, trial.number, cell.key)
        if twin is not None:
            trial.set_user_attr(SET_ASIDE, f"repeats trial {twin}")
            raise TrialFailed
        if is_surplus(trials, trial.number, self.search.config.trials):
            trial.set_user_attr(SET_ASIDE, "one too many")
            raise TrialFailed

    def _count(self, trial: "Trial", cell: Cell) -> int:
        """Count parameters before training; prune what exceeds the cap."""
        from optuna import TrialPruned

        try:
            with users_code(cell.name, ModelBroken):
                n_parameters = count_parameters(cell, self.split)
        except (ModelBroken, *USER_ERRORS) as error:  # this trial's failure, not the study's
            raise _failed(trial, str(error)) from error
        trial.set_user_attr(PARAMETERS, n_parameters)
        cap = self.search.config.max_parameters
        if cap is not None and n_parameters > cap:
            trial.set_user_attr(REASON, f"{n_parameters:,} parameters, at most {cap:,} allowed")
            raise TrialPruned
        return n_parameters

    def _train(self, trial: "Trial", cell: Cell) -> RunRecord | None:
        """Train the cell; None if the pruner stopped it."""
        watch = Watch(trial, self.search, cell, self._after_epoch)
        try:
            with self.interrupt.at_once():
                return execute(self.job(cell), watch.after_epoch, watch.after_round)
        except TrainingStopped:
            trial.set_user_attr(REASON, f"after {watch.n_epochs} epochs")
            return None
        except ConfigError as error:
            raise _failed(trial, str(error)) from error
        finally:
            trial.set_user_attr(EPOCHS, watch.n_epochs)

    def _after_epoch(self, trial: int, network: str, epoch: int, error: float) -> None:
        """Show an epoch, and end here if Ctrl-C was lost in between."""
        self.interrupt.check()
        self.on_epoch(trial, network, epoch, error)


def _failed(trial: "Trial", reason: str) -> TrialFailed:
    """Write down why a trial failed and return what to raise."""
    trial.set_user_attr(REASON, reason)
    return TrialFailed(reason)


@dataclass
class Watch:
    """Reports a trial's progress to its study and stops it when the pruner says so.

    A network reports after every epoch the best RMSE on the songs it stops on, averaged over the
    folds so far; step = fold * max_epochs + epoch, so equal steps are equal work. An estimator of
    many networks reports after every fold the RMSE on the songs held out.
    """

    trial: "Trial"
    search: Search
    cell: Cell
    on_epoch: OnEpoch
    n_epochs: int = 0
    best: dict[str, float] = field(default_factory=dict)  # by network

    def after_epoch(self, progress: Progress) -> None:
        """Count, show, report and perhaps stop."""
        network, epoch, error = progress.network, progress.epoch, progress.validation_rmse
        self.n_epochs += 1
        self.on_epoch(self.trial.number, network, epoch, error)
        if MODELS[self.cell.model].kind == "network" and self.cell.training is not None:
            self.best[network] = min(error, self.best.get(network, inf))
            mean = sum(self.best.values()) / len(self.best)
            self._report(mean, (len(self.best) - 1) * self.cell.training.max_epochs + epoch)

    def after_round(self, index: int, error: float) -> None:
        """Report an estimator's fold; `index` counts from 1."""
        if MODELS[self.cell.model].kind == "estimator" and index < self.search.config.folds:
            self._report(error, index)

    def _report(self, value: float, step: int) -> None:
        """Tell the study; raise where the pruner has seen enough."""
        if self.search.is_two_objective or self.search.config.pruner == "none":
            return
        self.trial.report(value, step)
        if self.trial.should_prune():
            raise TrainingStopped


def warm_up_steps(search: Search) -> int:
    """Return the steps in which no trial is pruned; an estimator's every step is a whole fold."""
    return 0 if MODELS[search.model].kind == "estimator" else WARM_UP_EPOCHS


def steps_at_most(search: Search) -> int:
    """Return the last step a trial can report."""
    if MODELS[search.model].kind == "estimator":
        return search.config.folds
    max_epochs: Any = search.known["training.max_epochs"]
    return search.config.folds * int(max_epochs)
