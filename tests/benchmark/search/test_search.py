"""`search`: the total, resuming, refusals, failures, the cap, two objectives, no leak."""

import json
import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmark.record.store import read_records
from datasets.registry import DATASETS
from tests.benchmark.cli.cli import mer_here, mer_once
from tests.benchmark.search.searching import NAME, found, options, search, states, write_file


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    """Return a folder that was searched with three trials, and what was printed."""
    folder = tmp_path_factory.mktemp("three")
    write_file(folder)
    done = mer_once("search", *options(folder, trials=3))
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


@pytest.fixture
def copied(three, tmp_path):
    """Return a copy of that folder."""
    return Path(shutil.copytree(three[0], tmp_path / "copied"))


def test_trials_are_a_total_that_a_second_call_completes(capfd, copied):
    first = found(copied)["trials"]
    again = search(capfd, copied, trials=3)
    assert "3 trials are finished already" in again.stderr
    assert found(copied)["trials"] == first
    assert search(capfd, copied, trials=5).returncode == 0
    both = found(copied)["trials"]
    assert both[:3] == first
    assert [one["number"] for one in both] == [0, 1, 2, 3, 4]
    assert states(copied) == ["COMPLETE"] * 5


def test_a_resumed_search_repeats_no_trial(capfd, tmp_path):
    for total in (2, 4, 6):
        search(capfd, tmp_path, trials=total, sampler="random")
    values = [json.dumps(one["values"]) for one in found(tmp_path)["trials"]]
    assert len(set(values)) == 6


def test_a_search_in_two_sittings_finds_what_one_sitting_finds(capfd, tmp_path):
    for name, totals in (("one", (6,)), ("two", (2, 3, 6))):
        (tmp_path / name).mkdir()
        for total in totals:
            search(capfd, tmp_path / name, trials=total)
    kept = ("number", "rmse", "values", "cell", "n_epochs")
    one, two = (
        [{key: trial[key] for key in kept} for trial in found(tmp_path / name)["trials"]]
        for name in ("one", "two")
    )
    assert one == two


def test_the_first_trial_is_the_default_configuration(three):
    trial = found(three[0])["trials"][0]
    assert trial["is_default"]
    assert trial["values"] == {"narrow.width": 4, "training.learning_rate": 1e-3}


def test_a_trial_has_a_record_whose_score_is_its_value(three):
    folder, _ = three
    records = {one.cell: one for one in read_records(folder / "results")}
    for trial in found(folder)["trials"]:
        record = records[trial["cell"]]
        assert record.scores["rmse_average"] == trial["rmse"]
        assert record.n_parameters == trial["n_parameters"]
        assert record.protocol["folds"] == 2
        n_epochs = sum(len(curve["training_loss"]) for curve in record.curves.values())
        assert n_epochs == trial["n_epochs"]


def test_a_failing_trial_has_its_reason_and_the_study_goes_on(capfd, tmp_path):
    answer = search(capfd, tmp_path, space="mishaps", trials=25, sampler="random")
    assert answer.returncode == 0
    trials = found(tmp_path, "narrow-mishaps-tiny-six")["trials"]
    assert len(trials) == 25
    for mishap, reason in {
        "raise": "ValueError: a bug in the model",
        "ours": "failed: DatasetError: odd songs in ",
        "diverge": "diverged: ",
        "memory": "memory",
        "shape": "expected (1, 20, 2)",
    }.items():
        those = [one for one in trials if one["values"].get("narrow.mishap") == mishap]
        assert those, mishap
        for one in those:
            assert one["state"] == "failed"
            assert reason in one["reason"] or "expected" in one["reason"]
    good = [one for one in trials if one["values"].get("narrow.mishap") == "none"]
    assert good and {one["state"] for one in good} <= {"done", "pruned"}


def test_a_network_above_the_cap_is_not_trained(capfd, tmp_path):
    cap = 6 * 4 + 4 + 4 * 2 + 2  # weights and biases of the network of width 4
    search(capfd, tmp_path, trials=12, max_parameters=cap, sampler="random")
    trials = found(tmp_path)["trials"]
    for one in trials:
        width = one["values"]["narrow.width"]
        assert one["n_parameters"] == 6 * width + width + width * 2 + 2
        if width > 4:
            assert (one["state"], one["n_epochs"]) == ("pruned", 0)
            assert one["reason"] == f"{one['n_parameters']:,} parameters, at most {cap:,} allowed"
        else:
            assert one["n_epochs"] > 0
    assert {one["values"]["narrow.width"] > 4 for one in trials} == {True, False}


def test_a_grid_is_tried_once_each_and_then_ends(capfd, tmp_path):
    answer = search(capfd, tmp_path, space="grid", sampler="grid", trials=20, pruner="none")
    assert answer.returncode == 0
    trials = found(tmp_path, "narrow-grid-tiny-six")["trials"]
    tried = [(one["values"]["narrow.width"], one["values"]["sequence_length"]) for one in trials]
    assert sorted(tried) == [(width, length) for width in (1, 2, 4) for length in (10, 20)]
    assert "14 trials are left" in answer.stdout


def test_two_objectives_bring_the_front(capfd, tmp_path):
    answer = search(
        capfd, tmp_path, sampler="nsga2", trials=10, finalists=2, repetitions=2, name="front"
    )
    assert answer.returncode == 0, answer.stderr
    record = found(tmp_path, "front")
    assert record["identity"]["objectives"] == ["rmse_average", "parameters"]
    points = [(one["rmse"], one["n_parameters"]) for one in record["trials"]]
    for row in record["finalists"]:
        if not row["is_default"]:
            (mine,) = [
                (one["rmse"], one["n_parameters"])
                for one in record["trials"]
                if one["number"] == row["trial"]
            ]
            assert not any(x <= mine[0] and y <= mine[1] and (x, y) != mine for x, y in points)


def test_a_timeout_begins_no_further_trial(capfd, tmp_path):
    answer = search(capfd, tmp_path, trials=100_000, timeout="2s")
    assert answer.returncode == 0
    n_trials = len(found(tmp_path)["trials"])
    assert 1 <= n_trials < 1000
    assert f"{100_000 - n_trials} trials are left; the same command goes on" in answer.stdout


def test_pruned_trials_count_and_have_no_record(capfd, tmp_path):
    search(capfd, tmp_path, trials=16, max_epochs=12, sampler="random")
    trials = found(tmp_path)["trials"]
    pruned = [one for one in trials if one["state"] == "pruned"]
    assert len(trials) == 16
    assert pruned
    recorded = {one.cell for one in read_records(tmp_path / "results")}
    for one in pruned:
        assert one["cell"] not in recorded
        assert one["reason"] == f"after {one['n_epochs']} epochs"
        assert 14 <= one["n_epochs"] < 24  # 15 steps; the first fold may stop an epoch early


def test_a_model_without_a_seed_has_no_finalists_to_train_again(capfd, tmp_path):
    given = {"model": "context", "finalists": 2, "promote": "best", "name": "closed"}
    answer = search(capfd, tmp_path, trials=2, **given, set="context.inner_folds=2")
    assert answer.returncode == 0, answer.stderr
    record = found(tmp_path, "closed")
    assert record["finalists"] == []
    assert len(list(read_records(tmp_path / "results"))) == 2
    assert (tmp_path / "results" / "studies" / "best.yaml").is_file()


def test_finalists_get_several_seeds_and_the_best_becomes_a_study(capfd, tmp_path):
    answer = search(capfd, tmp_path, trials=5, finalists=2, repetitions=3, promote="best")
    assert answer.returncode == 0, answer.stderr
    record = found(tmp_path)
    finalists = record["finalists"]
    assert [row["n_seeds"] for row in finalists] == [3] * len(finalists)
    by_group = {}
    for one in read_records(tmp_path / "results"):
        by_group.setdefault(one.group, []).append(one.scores["rmse_average"])
    chosen_by = {one["number"]: one["rmse"] for one in record["trials"]}
    for row in finalists:
        seeds = by_group[row["group"]]
        seeds.remove(chosen_by[row["trial"]])  # the seed that made it the best of many
        assert len(seeds) == 3
        assert row["rmse"] == pytest.approx(np.mean(seeds), abs=1e-12)
        assert row["rmse_std"] == pytest.approx(np.std(seeds, ddof=1), abs=1e-12)
    table = pd.read_csv(tmp_path / "results" / "tables" / f"{NAME}-finalists.csv")
    shown = table.dropna(subset="group").set_index("group")["rmse_average"]
    for row in finalists:
        assert shown[row["group"]] == pytest.approx(row["rmse"])
    assert [row["rmse"] for row in finalists] == sorted(row["rmse"] for row in finalists)

    promoted = (tmp_path / "results" / "studies" / "best.yaml").read_text()
    (command,) = re.findall("# Run: python -m benchmark (.*)", promoted)
    assert shlex.split(command)[-2:] == ["--include", str(tmp_path / "searched.py")]
    without = mer_here(capfd, *shlex.split(command)[:-2])
    assert without.returncode == 2
    assert "A model of your own needs --include FILE.py." in without.stderr
    ran = mer_here(capfd, *shlex.split(command), "--json")
    assert ran.returncode == 0, ran.stderr
    scored = [one for one in read_records(tmp_path / "results") if one.folds is None]
    winners = [one for one in scored if one.model == "narrow"]
    assert len(winners) == 3
    values = finalists[0]["values"]
    assert {one.config["width"] for one in winners} == {values["narrow.width"]}
    rates = {one.training["learning_rate"] for one in winners}
    assert rates == {values["training.learning_rate"]}


def test_sequences_are_no_longer_than_the_songs_where_nothing_says_how_long(capfd, three, tmp_path):
    lengths = {record.sequence_length for record in read_records(three[0] / "results")}
    assert lengths == {20}  # the 24 development songs have 20 frames each
    assert found(three[0])["identity"]["settings"]["sequence_length"] == 20
    search(capfd, tmp_path, trials=1, sequence_length=60, name="long")
    assert found(tmp_path, "long")["identity"]["settings"]["sequence_length"] == 60


def test_evaluation_songs_are_never_looked_at(capfd, tmp_path):
    """With evaluation songs of NaN, a search finds the very same numbers."""
    numbers = []
    for name, value in (("clean", None), ("spoiled", np.nan)):
        folder = tmp_path / name
        folder.mkdir()
        path = write_file(folder)
        if value is not None:
            path.write_text(
                path.read_text()
                + "\n_load = load\n"
                + "def load(options, features, data_root):\n"
                + "    split = _load(options, features, data_root)\n"
                + "    for song in split.evaluation:\n"
                + "        for name in ('features', 'annotations'):  # past the checks of Song\n"
                + "            nothing = np.full_like(getattr(song, name), np.nan)\n"
                + "            object.__setattr__(song, name, nothing)\n"
                + "    return split\n"
                + "DATASETS['tiny'] = DatasetEntry(load=load, summary='', feature_sets=('six',))\n"
            )
        answer = mer_here(
            capfd, "search", *options(folder, trials=4, finalists=1, repetitions=2, promote="x")
        )
        assert answer.returncode == 0, answer.stderr
        record = found(folder)
        numbers.append([one["rmse"] for one in record["trials"]])
        numbers[-1] += [row["rmse"] for row in record["finalists"]]
    assert "tiny" not in DATASETS
    assert numbers[0] == numbers[1]
    assert np.isfinite(numbers[1]).all()


def test_every_trial_is_in_mlflow_under_its_search(capfd, copied):
    from benchmark.tracking.database import open_client

    search(capfd, copied, trials=5)
    client = open_client(copied / "results")
    experiment = client.get_experiment_by_name(f"search-{NAME}")
    runs = client.search_runs([experiment.experiment_id])
    (parent,) = [run for run in runs if run.data.tags["mer.kind"] == "search"]
    trials = {run.data.tags["mer.trial"]: run for run in runs if "mer.trial" in run.data.tags}
    assert sorted(trials) == ["0", "1", "2", "3", "4"]
    for one in found(copied)["trials"]:
        run = trials[str(one["number"])]
        assert run.data.tags["mlflow.parentRunId"] == parent.info.run_id
        assert run.data.params["narrow.width"] == str(one["values"]["narrow.width"])
        if one["state"] == "done":
            assert run.data.metrics["rmse_average"] == pytest.approx(one["rmse"])
            assert run.data.metrics["n_parameters"] == one["n_parameters"]
            curve = client.get_metric_history(run.info.run_id, "fold_1__network/validation_rmse")
            assert len(curve) > 0
    assert parent.data.metrics["n_done"] == 5


def test_json_is_all_there_is_on_stdout(capfd, copied):
    answer = search(capfd, copied, "--json", trials=3)
    told = json.loads(answer.stdout)
    assert told["search"] == NAME
    assert told["trials"] == {"done": 3, "pruned": 0, "failed": 0}
    assert told["best"]["rmse"] == min(one["rmse"] for one in found(copied)["trials"])


def test_the_figures_show_every_setting(three):
    for name in (f"search-{NAME}.png", f"search-{NAME}-settings.png"):
        assert (three[0] / "results" / "figures" / name).stat().st_size > 10_000


def test_the_printed_dashboard_command_names_the_storage(three):
    folder, printed = three
    assert f"optuna-dashboard sqlite:///{folder}/results/optuna.db" in printed
