"""The winner of a table is registered in MLflow and predicts without this project."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from benchmark.analysis.rows import aggregate
from benchmark.record.store import path_of, read_records, write_record
from benchmark.record.weights import weights_path
from benchmark.report.answer import ALL_STUDIES, Answer, answer_from_records
from benchmark.run.loading import load_split
from benchmark.tracking.best_model import ALIAS
from benchmark.tracking.database import open_client, store_uri
from benchmark.tracking.mirror import Mirror
from benchmark.tracking.model_registry import median_repetition, publish, ranked
from benchmark.tracking.records import copy_record
from models.registry import MODELS
from tests.benchmark.cli.cli import ROOT, mer, mer_here
from tests.made_up_records import changed, make_record
from tests.made_up_rows import make_table

NAME = "synthetic-small-2017-baseline"
ELSEWHERE = """
import sys
import mlflow, mlflow.pytorch, numpy as np, torch
mlflow.set_tracking_uri(sys.argv[1])
songs = np.load(sys.argv[2])
address = "models:/NAME@champion"
module, function = mlflow.pytorch.load_model(address), mlflow.pyfunc.load_model(address)
with torch.no_grad():
    predicted = {key: module(torch.from_numpy(songs[key])[None])[0].numpy() for key in songs}
key = sorted(predicted)[0]
assert np.array_equal(function.predict(songs[key][None])[0], predicted[key])
np.savez(sys.argv[3], **predicted)
ours = {name.split(".")[0] for name in sys.modules} & {"models", "benchmark", "datasets", "studies"}
print(sorted(ours))
"""


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """Run a network three times, then move the folder: the registered model moves with it."""
    first = tmp_path_factory.mktemp("first") / "results"
    folder = tmp_path_factory.mktemp("second") / "results"
    done = mer(
        "run", "--models", "crnn", "--max-epochs", 1, "--repetitions", 3, "--executor", "inline",
        "--results", first,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "written: " in done.stdout
    assert f"mlartifacts/models/{NAME}/" in done.stdout
    shutil.move(first, folder)
    return folder


def test_the_best_model_predicts_outside_the_repository_what_the_record_says(published, tmp_path):
    client = open_client(published)
    version = client.get_model_version_by_alias(NAME, ALIAS)
    (record,) = [one for one in read_records(published) if one.cell == version.tags["mer.cell"]]
    songs = load_split(record.dataset, record.dataset_options, record.features, None).evaluation
    np.savez(tmp_path / "songs.npz", **{song.song_id: song.features for song in songs})
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ELSEWHERE.replace("NAME", NAME),
         store_uri(published), "songs.npz", "predicted.npz"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"
    predicted = np.load(tmp_path / "predicted.npz")
    recorded = np.load(path_of(published, "predictions", record, ".npz"))
    assert sorted(predicted) == sorted(recorded)
    for song_id in recorded:
        assert np.abs(predicted[song_id] - recorded[song_id]).max() < 1e-5


def test_the_page_on_mlflow_loads_the_best_model(published):
    open_client(published)  # as `ui` and `report` do: the folder was moved
    text = (ROOT / "docs" / "mlflow.md").read_text()
    (example,) = [
        one for one in re.findall(r"```python\n(.*?)```", text, re.S) if "champion" in one
    ]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", f"{example}\nprint(tuple(emotion.shape))"],
        cwd=published.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "(1, 120, 2)"


def test_the_best_model_says_what_it_is(published):
    version = open_client(published).get_model_version_by_alias(NAME, ALIAS)
    assert version.run_id
    for said in (
        "Lowest pooled average RMSE",
        "numbers say nothing about music",
        "digest ca1911a36897",
        "the median of 3",
        "Record: records/synthetic-baseline/crnn",
    ):
        assert said in version.description


def test_an_unchanged_winner_is_not_registered_again(published, capfd):
    answer = mer_here(capfd, "report", "--results", published)
    assert answer.returncode == 0
    assert "mlartifacts/models" not in answer.stdout
    assert len(open_client(published).search_model_versions(f"name='{NAME}'")) == 1


def test_nothing_is_registered_where_no_weights_were_kept(published, tmp_path):
    shutil.copytree(published / "records", tmp_path / "records")
    answer = answer_from_records(tmp_path)
    assert publish(Mirror(tmp_path), answer) == []
    (tmp_path / "weights").mkdir()
    assert publish(Mirror(tmp_path), answer) == []


def scored(model, average, parameters, repetition=1, **changes):
    scores = make_record().scores | {"rmse_average": average}
    sizes = {"networks": parameters}
    return make_record(
        model=model, repetition=repetition, scores=scores, parameters=sizes, **changes
    )


def test_the_best_complete_row_wins_and_of_equals_the_smaller():
    table = make_table(
        scored("blstm", 0.2, 900), scored("crnn", 0.2, 500), scored("crnn_nb", 0.3, 100),
        scored("linear", 0.1, 10), scored("mine", 0.1, 10, settings={"selection": "evaluation"}),
    )  # fmt: skip
    assert [row.model for row in ranked(table)] == ["crnn", "blstm", "crnn_nb"]
    assert ranked(make_table(scored("crnn", 0.2, 500), missing=1)) == []


def test_the_repetition_with_the_median_error_is_the_one_registered():
    errors = {1: 0.4, 2: 0.1, 3: 0.3, 4: 0.2}
    (row,) = make_table(*(scored("crnn", errors[n], 5, n) for n in errors)).rows
    assert median_repetition(row).repetition == 4
    (row,) = make_table(*(scored("crnn", errors[n], 5, n) for n in (1, 2, 3))).rows
    assert median_repetition(row).repetition == 3


def unregistered(published, folder):
    """Copy a results folder without its MLflow database; return it and its network's records."""
    shutil.copytree(published, folder, ignore=shutil.ignore_patterns("mlflow.db", "mlartifacts"))
    return folder, [record for record in read_records(folder) if record.model == "crnn"]


def publish_records(folder, records):
    """Mirror and publish records; return the folders written and its note, if any."""
    tables = aggregate(records, {one.cell: one.group for one in records}, ALL_STUDIES)
    mirror = Mirror(folder)
    for record in records:
        copy_record(mirror, record)
    written = publish(mirror, Answer(ALL_STUDIES, records, tables))
    found = mirror.client.search_model_versions(f"name='{NAME}'")
    return written, [version.description for version in found]


def beside(record, model, average, **changes):
    """Return a record of another model in the same table."""
    scores = record.scores | {"rmse_average": average}
    return changed(record, model=model, repetition=1, scores=scores, **changes)


def absent(weights, monkeypatch):
    for path in weights:
        path.unlink()


def cut_short(weights, monkeypatch):
    for path in weights:
        path.write_bytes(path.read_bytes()[:100])


def of_an_older_version(weights, monkeypatch):
    monkeypatch.setitem(MODELS, "crnn", replace(MODELS["crnn"], version="99"))


def without_its_code(weights, monkeypatch):
    del MODELS["crnn"]  # monkeypatch would put it back as the last row


def with_failing_code(weights, monkeypatch):
    class Broken:
        def __init__(self, **_):
            raise ZeroDivisionError("user's mistake")

    monkeypatch.setitem(MODELS, "crnn", replace(MODELS["crnn"], target=Broken))


@pytest.mark.parametrize(
    "spoil", [absent, cut_short, of_an_older_version, without_its_code, with_failing_code]
)
def test_a_winner_that_cannot_be_loaded_leaves_the_title_unclaimed(
    published, tmp_path, monkeypatch, registries, spoil
):
    folder, records = unregistered(published, tmp_path / "results")
    runner_up = beside(records[0], "blstm", 0.9)
    write_record(folder, runner_up, {})
    shutil.copy(weights_path(folder, records[0]), weights_path(folder, runner_up))
    spoil([weights_path(folder, record) for record in records], monkeypatch)
    assert publish_records(folder, [*records, runner_up]) == ([], [])


def test_a_winner_that_cannot_be_one_module_passes_the_title_on_and_the_note_says_so(
    published, tmp_path
):
    folder, records = unregistered(published, tmp_path / "results")
    ensemble = beside(records[0], "blstm_ensemble", 0.01)
    write_record(folder, ensemble, {})
    (path,), (note,) = publish_records(folder, [*records, ensemble])
    assert path.parent.name == NAME
    assert "after blstm_ensemble (max_epochs=1) (more than one network), which" in note
    assert "rows by its error on the very songs that the error is shown for" in note
    assert "on the front" not in note


def test_a_registered_model_that_is_no_longer_the_best_says_so(published, tmp_path):
    folder, records = unregistered(published, tmp_path / "results")
    _, (note,) = publish_records(folder, records)
    assert "and so on the front" in note
    ensemble = beside(records[0], "blstm_ensemble", 0.01)
    write_record(folder, ensemble, {})
    written, (note,) = publish_records(folder, [*records, ensemble])
    assert written == []
    assert "on the front" not in note


def test_a_model_whose_files_were_deleted_has_them_again_and_stays_its_version(published, tmp_path):
    folder, records = unregistered(published, tmp_path / "results")
    (path,), _ = publish_records(folder, records)
    shutil.rmtree(folder / "mlartifacts")
    (again,), notes = publish_records(folder, records)
    assert again == path
    assert (path / "MLmodel").is_file()
    assert len(notes) == 1


def test_of_tables_that_share_a_name_the_one_that_started_last_keeps_it(published, tmp_path):
    folder, records = unregistered(published, tmp_path / "results")
    earlier = [
        changed(
            one,
            dataset_digest="e" * 64,
            circumstances=one.circumstances | {"started": one.circumstances["started"] - 1000},
        )
        for one in records
    ]  # fmt: skip
    for old, new in zip(earlier, records, strict=True):
        write_record(folder, old, {})
        shutil.copy(weights_path(folder, new), weights_path(folder, old))
    for order in (records + earlier, earlier + records, records + earlier):
        _, notes = publish_records(folder, order)
        assert len(notes) == 1
        assert "digest ca1911a36897" in notes[0]
