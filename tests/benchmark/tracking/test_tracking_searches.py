"""A search in MLflow says what its file says, whatever was there before."""

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from benchmark.tracking.database import DATABASE
from benchmark.tracking.mirror import Mirror
from benchmark.tracking.searches import copy_trial, summarise_search
from tests.benchmark.tracking.searches import found, trial


def mirror(results, search):
    """Mirror a search; return its own run and the runs of its trials by number."""
    mirror = Mirror(results)
    mirror.refresh()
    for row in search.trials:
        copy_trial(mirror, search.name, row, None)
    summarise_search(mirror, search, [])
    experiment = mirror.client.get_experiment_by_name("search-mine").experiment_id
    runs = mirror.client.search_runs([experiment])
    (own,) = [run for run in runs if run.data.tags["mer.kind"] == "search"]
    trials = [run for run in runs if run.data.tags["mer.kind"] == "trial"]
    by_number = {int(run.data.tags["mer.trial"]): run for run in trials}
    assert len(by_number) == len(trials)
    return mirror.client, own, by_number


def n_rows(results):
    with closing(sqlite3.connect(results / DATABASE)) as opened:
        tables = ("runs", "metrics", "params", "tags", "experiment_tags")
        return [opened.execute(f"SELECT count(*) FROM {one}").fetchone()[0] for one in tables]


def test_a_search_mirrored_again_adds_nothing(tmp_path):
    search = found(trial(0), trial(1))
    mirror(tmp_path, search)
    before = n_rows(tmp_path)
    mirror(tmp_path, search)
    assert n_rows(tmp_path) == before


def test_a_trial_whose_copy_was_cut_short_is_copied_again(tmp_path):
    search = found(trial(0), trial(1))
    client, own, trials = mirror(tmp_path, search)
    client.delete_run(trials[1].info.run_id)
    client.create_run(own.info.experiment_id, tags=trials[1].data.tags)  # and no more
    _, _, again = mirror(tmp_path, search)
    assert again[0].info.run_id == trials[0].info.run_id
    assert again[1].data.metrics == trials[1].data.metrics
    assert again[1].info.status == "FINISHED"


def test_trials_that_are_there_twice_are_healed(tmp_path):
    client, own, trials = mirror(tmp_path, found(trial(0), trial(1)))
    for run in (own, *trials.values()):
        twin = client.create_run(run.info.experiment_id, tags=run.data.tags)
        client.set_terminated(twin.info.run_id)
    mirror(tmp_path, found(trial(0), trial(1)))  # which finds one run of each


def test_a_search_begun_anew_under_its_name_leaves_no_earlier_trial(tmp_path):
    mirror(tmp_path, found(trial(0), trial(1), trial(2)))
    _, _, trials = mirror(tmp_path, found(trial(0), trial(1, rmse=0.4)))
    assert sorted(trials) == [0, 1]
    assert trials[1].data.metrics["rmse_average"] == 0.4


def test_a_search_begun_anew_says_its_own_identity_and_best(tmp_path):
    mirror(tmp_path, found(trial(0, rmse=0.4), trial(1), seed=1))
    _, own, _ = mirror(tmp_path, found(trial(0, rmse=0.35), folds=3))
    assert own.data.params == {"model": "crnn", "folds": "3"}
    assert own.data.metrics["rmse_average"] == 0.35
    assert own.data.metrics["n_done"] == 1


def test_the_best_error_that_fell_is_the_one_shown(tmp_path):
    for rmse in (0.4, 0.3, 0.2):
        _, own, _ = mirror(tmp_path, found(trial(0, rmse=0.4), trial(1, rmse=rmse)))
        assert own.data.metrics["rmse_average"] == rmse


def test_a_search_without_a_finished_trial_shows_no_error(tmp_path):
    mirror(tmp_path, found(trial(0)))
    failed = replace(trial(0), state="failed", rmse=None)
    _, own, _ = mirror(tmp_path, found(failed))
    assert own.data.metrics == {"n_done": 0, "n_pruned": 0, "n_failed": 1}


def test_a_database_of_a_former_layout_is_brought_up_to_date(tmp_path):
    search = found(trial(0))
    mirror(tmp_path, search)
    with closing(sqlite3.connect(tmp_path / DATABASE)) as opened, opened:
        opened.execute("DELETE FROM tags WHERE key = 'mer.record'")
    _, _, trials = mirror(tmp_path, search)
    assert trials[0].data.tags["mer.record"]
    assert trials[0].data.metrics["rmse_average"] == pytest.approx(0.3)


def test_a_search_with_a_long_parameter_is_not_written_again(tmp_path, monkeypatch):
    search = found(trial(0), features="x" * 7000)
    mirror(tmp_path, search)
    monkeypatch.setattr(Mirror, "_log", pytest.fail)
    mirror(tmp_path, search)
