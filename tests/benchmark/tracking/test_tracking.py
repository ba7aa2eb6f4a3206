import shutil
import sqlite3
from contextlib import closing

import pytest
from mlflow import MlflowClient

from benchmark.errors import ResultsError
from benchmark.record.names import experiment_name
from benchmark.record.store import write_record
from benchmark.report.answer import Answer, answer_from_records
from benchmark.report.write import write_answer
from benchmark.tracking import database
from benchmark.tracking.database import DATABASE, open_client, store_uri
from benchmark.tracking.entry import with_logarithms
from benchmark.tracking.folder import mirror_answer, mirror_records
from benchmark.tracking.mirror import Mirror
from benchmark.tracking.records import copy_record, summarise
from benchmark.tracking.writer import Writer
from tests.made_up_records import make_record
from tests.made_up_rows import make_table

RECORDS = [
    make_record(),
    make_record(repetition=2),
    make_record(model="constant"),
    make_record(model="blstm", config={"layers": 2}, settings={"layers": 2}),
]


def mirror(results):
    for record in RECORDS:
        write_record(results, record, {})
    answer = Answer("mine", RECORDS, [make_table(*RECORDS)])
    mirror_answer(Mirror(results), answer, write_answer(answer, results))
    client = MlflowClient(tracking_uri=store_uri(results))
    (experiment,) = (one for one in client.search_experiments() if one.name != "Default")
    return client, experiment, client.search_runs([experiment.experiment_id])


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory):
    results = tmp_path_factory.mktemp("results")
    return results, *mirror(results)


def named(runs, name):
    (run,) = (run for run in runs if run.info.run_name == name)
    return run


def test_one_experiment_holds_a_parent_per_model_and_a_child_per_cell(mirrored):
    _, _, experiment, runs = mirrored
    assert experiment.name == "tiny-deam-six"
    names = sorted(run.info.run_name for run in runs)
    assert names == [
        "blstm-L60 layers=2", "blstm-L60-r1 layers=2", "constant-L60", "constant-L60-r1",
        "crnn-L60", "crnn-L60-r1", "crnn-L60-r2",
    ]  # fmt: skip
    parent = named(runs, "crnn-L60").info.run_id
    assert named(runs, "crnn-L60-r2").data.tags["mlflow.parentRunId"] == parent


@pytest.mark.parametrize(
    ("dataset", "options", "name"),
    [
        ("synthetic", {"size": "small", "data_seed": 2017}, "synthetic-small-2017-six"),
        ("deam", {"development": [], "evaluation": []}, "deam-six"),
        ("deam", {"development": [2, 3], "evaluation": []}, "deam-development=2,3-six"),
        ("folder", {"annotations": "a.csv", "scale": [1.0, 9.0], "evaluation_fraction": 0.2,
                    "resample": False}, "folder-a.csv-scale=1,9-six"),
        ("folder", {"annotations": "a.csv", "scale": [-1.0, 1.0], "evaluation_fraction": 0.25,
                    "resample": True}, "folder-a.csv-evaluation_fraction=0.25-resample=True-six"),
    ],
)  # fmt: skip
def test_an_experiment_is_named_by_what_of_the_dataset_is_not_default(dataset, options, name):
    record = make_record(dataset=dataset, dataset_options=options, features="six")
    assert experiment_name(record) == name


def test_a_child_carries_scores_costs_curves_dataset_and_record(mirrored):
    _, client, _, runs = mirrored
    run = named(runs, "crnn-L60-r1")
    assert run.data.metrics["rmse_valence"] == 0.3
    assert run.data.metrics["rmse_valence_per_song"] == 0.25
    assert run.data.metrics["n_parameters"] == 35_000
    assert run.data.params["config.dropout"] == "0.25"
    history = client.get_metric_history(run.info.run_id, "validation_rmse")
    assert [(point.step, point.value) for point in history] == [(1, 0.6), (2, 0.5)]
    (dataset,) = run.inputs.dataset_inputs
    assert (dataset.dataset.name, dataset.dataset.digest) == ("tiny-six", "d" * 36)
    (artifact,) = client.list_artifacts(run.info.run_id)
    assert artifact.path.startswith("crnn-L60-r1-")


def test_a_parent_carries_the_means_and_the_figure(mirrored):
    _, client, _, runs = mirrored
    run = named(runs, "crnn-L60")
    assert run.data.metrics["rmse_average"] == 0.25
    assert run.data.metrics["n_parameters"] == 35_000
    assert run.data.metrics["log10_flops"] == 3
    assert "average 0.250 ± 0.000 (2 cells" in run.data.tags["mlflow.note.content"]
    assert any(one.path.endswith(".png") for one in client.list_artifacts(run.info.run_id))


def test_no_two_means_are_drawn_alike(mirrored):
    _, _, _, runs = mirrored
    means = [run.data.tags for run in runs if run.data.tags["mer.kind"] == "mean"]
    colours = {tags["mer.model"]: set() for tags in means}
    for tags in means:
        colours[tags["mer.model"]].add(tags["mlflow.runColor"])
    assert sum(map(len, colours.values())) == len(set().union(*colours.values())) == 3


def test_runs_are_coloured_as_their_model_in_figures_also_those_of_an_earlier_version(mirrored):
    results, client, _, runs = mirrored
    run = named(runs, "crnn-L60")
    # #0072b2 with a share .5 - .13 log2(6) = .164 of white
    assert run.data.tags["mlflow.runColor"] == "#2a89bf"
    for tag, value in (("mlflow.runColor", "#123456"), ("mer.record", "of an earlier version")):
        client.set_tag(run.info.run_id, tag, value)
    mirror_records(results, Writer(results, pytest.fail), 60)
    again = client.get_run(run.info.run_id)
    assert again.data.tags["mlflow.runColor"] == "#2a89bf"


def test_a_cost_of_nothing_has_no_logarithm():
    costs = with_logarithms({"n_parameters": 100, "flops": 0, "train_seconds": None})
    assert costs == {
        "n_parameters": 100, "flops": 0, "train_seconds": None, "log10_parameters": 2.0
    }  # fmt: skip


def test_mirroring_again_adds_nothing(mirrored):
    results, _, _, runs = mirrored
    assert len(mirror(results)[2]) == len(runs)


def test_records_moved_without_their_database_rebuild_it(mirrored, tmp_path):
    results, _, _, runs = mirrored
    shutil.copytree(results / "records", tmp_path / "records")
    assert not (tmp_path / DATABASE).exists()
    _, _, rebuilt = mirror(tmp_path)
    assert sorted(run.info.run_name for run in rebuilt) == sorted(run.info.run_name for run in runs)


def test_a_record_that_changed_replaces_its_copy(tmp_path):
    failed = make_record(status="failed", error="why", scores={}, parameters={})
    write_record(tmp_path, failed, {})
    copy_record(Mirror(tmp_path), failed)
    _, _, runs = mirror(tmp_path)
    assert named(runs, "crnn-L60-r1").data.metrics["rmse_valence"] == 0.3


def test_a_copy_that_was_cut_short_is_made_again(tmp_path):
    client, experiment, runs = mirror(tmp_path)
    run = named(runs, "crnn-L60-r1")
    client.delete_run(run.info.run_id)
    client.create_run(experiment.experiment_id, tags=run.data.tags)  # and no more
    _, _, again = mirror(tmp_path)
    assert len(again) == len(runs)
    whole = named(again, "crnn-L60-r1")
    assert whole.info.status == "FINISHED"
    assert (whole.data.metrics, whole.data.params) == (run.data.metrics, run.data.params)


def summarised(results, scores, n_cells=2):
    """Return the metrics that the mean of crnn shows after a summary of these scores."""
    mirror = Mirror(results)
    copy_record(mirror, RECORDS[0])
    summarise(mirror, RECORDS[0].group, scores, {"n_cells": n_cells, "flops": None}, [], "a note")
    return mirror.client.get_run(mirror.parents[RECORDS[0].group]).data.metrics


def n_points(results):
    with closing(sqlite3.connect(results / DATABASE)) as opened:
        return opened.execute("SELECT count(*) FROM metrics").fetchone()[0]


def test_a_mean_shows_its_last_value_even_where_it_fell_and_none_where_there_is_none(tmp_path):
    write_record(tmp_path, RECORDS[0], {})
    for value in (0.3, 0.2, 0.25):
        assert summarised(tmp_path, {"rmse_average": value})["rmse_average"] == value
    incomplete = summarised(tmp_path, {"rmse_average": None}, n_cells=1)
    assert incomplete == {"n_cells": 1, "log10_cells": 0}


def test_a_summary_leaves_the_settings_of_its_mean(tmp_path):
    write_record(tmp_path, RECORDS[0], {})
    for value in (0.3, 0.2):
        summarised(tmp_path, {"rmse_average": value})
    mirror = Mirror(tmp_path)
    copy_record(mirror, RECORDS[0])
    run = mirror.client.get_run(mirror.parents[RECORDS[0].group])
    assert run.data.params["config.dropout"] == "0.25"


def test_a_summary_repeated_writes_nothing(tmp_path):
    write_record(tmp_path, RECORDS[0], {})
    summarised(tmp_path, {"rmse_average": 0.3})
    before = (tmp_path / DATABASE).read_bytes()
    summarised(tmp_path, {"rmse_average": 0.3})
    assert (tmp_path / DATABASE).read_bytes() == before


def test_a_mean_that_goes_up_and_down_does_not_grow_the_database(tmp_path):
    write_record(tmp_path, RECORDS[0], {})
    summarised(tmp_path, {"rmse_average": 0.3})
    n_before = n_points(tmp_path)
    for value in (0.2, 0.3, 0.2):
        summarised(tmp_path, {"rmse_average": value})
    assert n_points(tmp_path) == n_before


def test_a_locked_database_is_busy_not_damaged(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.1)
    open_client(tmp_path)
    with closing(sqlite3.connect(tmp_path / DATABASE)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(
            ResultsError, match=r"is locked by another process .* Try again when it has ended"
        ):
            open_client(tmp_path)
    open_client(tmp_path)


@pytest.mark.parametrize("kind", ["svg", "pdf"])
def test_a_figure_reaches_its_mean_in_any_format(tmp_path, kind):
    for record in RECORDS:
        write_record(tmp_path, record, {})
    answer = Answer("mine", RECORDS, [make_table(*RECORDS)])
    mirror = Mirror(tmp_path)
    mirror_answer(mirror, answer, write_answer(answer, tmp_path, [kind]))
    (shown,) = mirror.client.list_artifacts(mirror.parents[RECORDS[0].group])
    assert shown.path.endswith(f"-dddddddd.{kind}")


def test_a_folder_that_holds_figures_of_any_format_is_mirrored_with_them(tmp_path):
    for record in RECORDS:
        write_record(tmp_path, record, {})
    write_answer(answer_from_records(tmp_path), tmp_path, ["svg"])
    mirror_records(tmp_path, Writer(tmp_path, pytest.fail), 0)
    mirror = Mirror(tmp_path)
    copy_record(mirror, RECORDS[0])
    (shown,) = mirror.client.list_artifacts(mirror.parents[RECORDS[0].group])
    assert shown.path.endswith("-dddddddd.svg")


def test_every_kind_of_evaluation_has_an_experiment_of_its_own():
    protocols = [{}, {"folds": 10}, {"folds": 10, "fold_over": "all"}]
    names = [experiment_name(make_record(protocol=one)) for one in protocols]
    assert names == ["tiny-deam-six", "tiny-deam-six-10fold", "tiny-deam-six-10fold-all"]
