"""What counts as a trial: finished, running or killed; and the second try of a killed one.

A trial is finished when it has a value, was pruned, or failed for a reason of its own. One whose
process was killed, that repeated another or that was one too many is none of these; its number
stays, and another trial takes its place.
"""

import os
import socket
import uuid
import warnings
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

CELL, COMMIT, REASON, VALUES = "cell", "commit", "reason", "values"  # a trial's attributes
PARAMETERS, EPOCHS, WORKER = "n_parameters", "n_epochs", "worker"
SET_ASIDE, TRY, IS_DEFAULT = "set_aside", "try", "is_default"
DRAW = "draw"  # which of the sampler's draws a repeated trial is
MAX_TRIES = 6  # a configuration that was killed this often has failed
NAMELESS_SECONDS = 60  # a running trial without a worker is dead after this time


def is_finished(trial: "FrozenTrial") -> bool:
    """Tell whether a trial counts towards the total."""
    from optuna.trial import TrialState

    if trial.state == TrialState.FAIL:
        return REASON in trial.user_attrs
    return trial.state in (TrialState.COMPLETE, TrialState.PRUNED)


def is_running(trial: "FrozenTrial") -> bool:
    """Tell whether someone works on a trial, or is thought to."""
    from optuna.trial import TrialState

    return trial.state == TrialState.RUNNING


@cache
def this_worker() -> str:
    """Return a name of this process that no other process ever has: machine, process, start."""
    started = psutil.Process().create_time()
    return f"{_this_machine()}:{os.getpid()}:{started:.2f}"


@cache
def _this_machine() -> str:
    """Return a name of this machine; containers may share a host's name."""
    return f"{socket.gethostname()}-{uuid.getnode():x}"


def is_dead(trial: "FrozenTrial") -> bool:
    """Tell whether a running trial's process is known to be gone.

    A process on another machine cannot be seen from here; PostgreSQL's heartbeat finds it.
    """
    worker = str(trial.user_attrs.get(WORKER, ""))
    if not worker:
        begun = trial.datetime_start or datetime.now()
        return (datetime.now() - begun).total_seconds() > NAMELESS_SECONDS
    machine, pid, started = worker.rsplit(":", 2)
    if machine != _this_machine():
        return False
    try:
        process = psutil.Process(int(pid))
        is_another = abs(process.create_time() - float(started)) > 1
        return bool(is_another or process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def retry_killed(study: "Study", *, is_alone: bool = False) -> int:
    """Fail every running trial whose process is gone and queue its parameters again.

    Before its first own trial a process that is alone with its storage knows all to be gone.
    """
    from optuna.exceptions import UpdateFinishedTrialError
    from optuna.storages import fail_stale_trials
    from optuna.trial import TrialState

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the heartbeat is called experimental
        fail_stale_trials(study)  # of workers that went silent, on any machine
    running = [one for one in study.get_trials(deepcopy=False) if is_running(one)]
    killed = [one for one in running if is_alone or is_dead(one)]
    for trial in killed:
        queue_again(study, trial)  # first, so that a kill between the two loses nothing
        with suppress(UpdateFinishedTrialError, ValueError):  # another worker was faster
            study.tell(trial.number, state=TrialState.FAIL)
    return len(killed)


def queue_again(study: "Study", trial: "FrozenTrial") -> None:
    """Queue a killed trial's parameters; what is killed again and again has failed.

    One that was killed before all its parameters were drawn is drawn again as it was.
    """
    from optuna.exceptions import UpdateFinishedTrialError

    is_whole = VALUES in trial.user_attrs
    if not is_whole and "grid_id" in trial.system_attrs:
        return  # Optuna knows which point it was; the sampler alone can ask for it again
    tries = int(trial.user_attrs.get(TRY, 1))
    if tries < MAX_TRIES:
        parameters = trial.params if is_whole else trial.system_attrs.get("fixed_params", {})
        draw = draw_of(study.get_trials(deepcopy=False), trial)
        study.enqueue_trial(parameters, user_attrs={TRY: tries + 1, DRAW: draw})
        return
    reason = f"its process was killed {tries} times, perhaps for want of memory"
    with suppress(UpdateFinishedTrialError):  # the heartbeat has failed it already
        study._storage.set_trial_user_attr(trial._trial_id, REASON, reason)


def draw_of(trials: Sequence["FrozenTrial"], trial: "FrozenTrial") -> int:
    """Return which of the sampler's draws a trial is, counted from 0.

    Numbers shift when a killed trial is repeated under another number; draws do not, so a search
    proposes the same whether it was killed or not.
    """
    if DRAW in trial.user_attrs:
        return int(trial.user_attrs[DRAW])
    return sum(other.number < trial.number and TRY not in other.user_attrs for other in trials)


def repeats(trials: Sequence["FrozenTrial"], number: int, cell: str) -> int | None:
    """Return the number of an earlier trial of the same cell that is finished or under way."""
    for other in trials:
        is_twin = other.number < number and other.user_attrs.get(CELL) == cell
        if is_twin and (is_finished(other) or (is_running(other) and not is_dead(other))):
            return other.number
    return None


def is_surplus(trials: Sequence["FrozenTrial"], number: int, total: int) -> bool:
    """Tell whether enough earlier trials are finished or under way without this one."""
    counting = [
        other
        for other in trials
        if other.number < number and (is_finished(other) or is_running(other))
    ]
    return len(counting) >= total
