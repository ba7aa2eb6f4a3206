"""An Optuna study becomes a plain value: rows of trials, and which settings mattered."""

import logging
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from benchmark.record.searches import SearchRecord, TrialRow, TrialState
from benchmark.search.spec import Search
from benchmark.search.trials import (
    CELL,
    COMMIT,
    EPOCHS,
    IS_DEFAULT,
    PARAMETERS,
    REASON,
    VALUES,
    is_finished,
)

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

STATES: dict[str, TrialState] = {"COMPLETE": "done", "PRUNED": "pruned", "FAIL": "failed"}
N_FOR_IMPORTANCE = 10  # completed trials before shares of variance mean anything


def trial_row(trial: "FrozenTrial") -> TrialRow:
    """Return a finished trial as a row."""
    attributes: dict[str, Any] = trial.user_attrs
    return TrialRow(
        number=trial.number,
        state=STATES[trial.state.name],
        rmse=trial.values[0] if trial.values else None,
        n_parameters=attributes.get(PARAMETERS),
        n_epochs=attributes.get(EPOCHS, 0),
        seconds=round(trial.duration.total_seconds(), 1) if trial.duration else 0.0,
        reason=attributes.get(REASON),
        is_default=bool(attributes.get(IS_DEFAULT)),
        cell=attributes.get(CELL),
        commit=attributes.get(COMMIT),
        values=attributes.get(VALUES, {}),
    )


def search_record(search: Search, study: "Study", digest: str) -> SearchRecord:
    """Return the search as it stands."""
    trials = [trial for trial in study.get_trials(deepcopy=False) if is_finished(trial)]
    return SearchRecord(
        name=search.name,
        identity=search.identity(digest),
        options=asdict(search.config),
        importance=importance(search, study),
        trials=[trial_row(trial) for trial in trials],
    )


def importance(search: Search, study: "Study") -> dict[str, float]:
    """Return each parameter's share of the variance of RMSE (fANOVA, Hutter et al. 2014).

    Completed trials alone are asked: a pruned trial has no value, and a setting that only some
    trials have takes no part. Empty where there is too little to tell.
    """
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances
    from optuna.trial import TrialState

    done = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if len(done) < N_FOR_IMPORTANCE:
        return {}
    logging.getLogger("optuna").setLevel(logging.ERROR)
    evaluator = FanovaImportanceEvaluator(seed=search.config.seed)
    try:
        shares = get_param_importances(
            study, evaluator=evaluator, target=lambda trial: float(trial.values[0])
        )
    except (ValueError, RuntimeError):  # every trial has the same value
        return {}
    return {name: round(float(share), 4) for name, share in shares.items()}
