"""What stops a trial early, and when it may."""

import optuna
import pytest

from benchmark.record.searches import SearchRecord, TrialRow
from benchmark.search.finalists import chosen
from benchmark.search.samplers import make_pruner, make_sampler
from benchmark.search.spec import SearchConfig, checked_search
from benchmark.search.trials import VALUES, queue_again


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


def proposed(n_trials, *, sampler="random", killed=()):
    """Return the learning rates a search tries, some of its trials being killed underway."""
    search = checked_search(SearchConfig(model="crnn", sampler=sampler))
    study = optuna.create_study(sampler=make_sampler(search))
    finished = []
    while len(finished) < n_trials:
        trial = study.ask()
        if (trial.number, "early") in killed:  # before anything was drawn
            queue_again(study, study.trials[trial.number])
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
            continue
        rate = trial.suggest_float("rate", 0, 1)
        trial.set_user_attr(VALUES, {"rate": rate})
        if (trial.number, "late") in killed:
            queue_again(study, study.trials[trial.number])
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
            continue
        study.tell(trial, rate)
        finished.append(rate)
    return finished


@pytest.mark.parametrize("sampler", ["random", "tpe"])
@pytest.mark.parametrize(
    "killed",
    [{(2, "late")}, {(2, "early")}, {(0, "early"), (1, "early"), (4, "late"), (5, "early")}],
    ids=["late", "early", "again and again"],
)
def test_a_search_that_was_killed_proposes_what_it_would_have_anyway(sampler, killed):
    assert proposed(14, sampler=sampler, killed=killed) == proposed(14, sampler=sampler)


def test_a_trial_of_unknown_size_is_no_finalist_of_two_objectives(tmp_path):
    def trial(number, rmse, n_parameters):
        return TrialRow(
            number=number, state="done", rmse=rmse, n_parameters=n_parameters, n_epochs=1,
            seconds=1.0, reason=None, is_default=False, cell=None, commit=None, values={},
        )  # fmt: skip

    trials = [trial(0, 0.3, None), trial(1, 0.2, 100), trial(2, 0.25, 50), trial(3, 0.26, 60)]
    record = SearchRecord(name="x", identity={}, options={}, trials=trials)
    two = checked_search(SearchConfig(model="crnn", sampler="nsga2", finalists=3))
    assert [one.number for one in chosen(two, record)] == [1, 2]
