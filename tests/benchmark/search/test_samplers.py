"""What stops a trial early, and when it may."""

import optuna
import pytest

from benchmark.search.samplers import make_pruner
from benchmark.search.spec import SearchConfig, checked_search


def is_pruned(model, step):
    """Tell whether a trial that is far worse than five others is stopped at a step."""
    study = optuna.create_study(pruner=make_pruner(checked_search(SearchConfig(model=model))))
    seen = dict.fromkeys(range(1, step + 1), 0.1)
    for _ in range(5):
        study.add_trial(optuna.trial.create_trial(value=0.1, intermediate_values=seen))
    trial = study.ask()
    trial.report(0.5, step)
    return bool(trial.should_prune())


@pytest.mark.parametrize(("step", "expected"), [(1, False), (14, False), (15, True), (30, True)])
def test_a_slow_starter_has_fifteen_epochs(step, expected):
    assert is_pruned("crnn", step) is expected


@pytest.mark.parametrize("step", [1, 4])
def test_an_ensemble_may_be_stopped_after_any_fold(step):
    assert is_pruned("blstm_ensemble", step)
