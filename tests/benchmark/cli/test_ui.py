"""`ui` shows a results folder wherever it lies, and the trade-off in three clicks."""

import re
import shutil
import socket
import sqlite3
import sys

import pytest
from filelock import FileLock
from mlflow import MlflowClient
from playwright.sync_api import expect

from benchmark.errors import ResultsError
from benchmark.record.store import write_record
from benchmark.tracking.database import ARTIFACTS, DATABASE, open_client, store_uri
from benchmark.tracking.folder import mirror_records
from benchmark.tracking.mirror import Mirror
from benchmark.tracking.records import copy_record
from benchmark.tracking.writer import Writer
from tests.benchmark.cli.cli import mer_here
from tests.browser import visit
from tests.made_up_records import make_record
from tests.serving import PATIENCE, free_port, serving

expect.set_options(timeout=PATIENCE)
SIZES = {"crnn": 35_000, "crnn_nb": 17_000, "blstm": 2_000_000}
EXPERIMENT = "tiny-deam-six"


def write_records(results):
    """Write two repetitions of three networks."""
    for number, (model, size) in enumerate(SIZES.items()):
        for repetition in (1, 2):
            scores = make_record().scores | {"rmse_average": 0.2 + 0.01 * number}
            record = make_record(
                model=model, repetition=repetition, parameters={"networks": size}, scores=scores
            )
            write_record(results, record, {})


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Return a folder of records with their MLflow copy, that was moved after it was made."""
    made = tmp_path_factory.mktemp("made") / "results"
    write_records(made)
    mirror_records(made, Writer(made, pytest.fail), 0)
    folder = tmp_path_factory.mktemp("moved 100%_sure") / "elsewhere"
    shutil.move(made, folder)
    return folder


def addresses(results):
    """Return every address of a file that the database holds."""
    client = MlflowClient(tracking_uri=store_uri(results))
    (experiment,) = [one for one in client.search_experiments() if one.name == EXPERIMENT]
    runs = client.search_runs([experiment.experiment_id])
    return [experiment.artifact_location, *(run.info.artifact_uri for run in runs)]


def test_the_ui_of_a_moved_folder_shows_the_trade_off_in_three_clicks(results, browser, tmp_path):
    port, log = free_port(), tmp_path / "log"
    command = [sys.executable, "-m", "benchmark", "ui", "--results", results, "--port", port]
    with serving(command, port, log) as address:
        (linked,) = re.findall(rf"^{EXPERIMENT}: (.*)$", log.read_text(), re.M)
        runs = f"{address}/#/experiments/1/runs?workflowType=machine_learning"
        assert linked.startswith(runs)
        for start in (runs, linked):
            with visit(browser, start) as seen:
                page = seen.page
                page.set_default_timeout(PATIENCE)
                if start == runs:
                    page.get_by_test_id("saved-views-trigger").click()
                    page.get_by_test_id("saved-views-item-tradeoff").click()
                    page.locator("label:has(input[value=CHART])").click()
                expect(page.get_by_text("log10_parameters vs. rmse_average")).to_be_visible()
                points = page.locator(".js-plotly-plot").first.locator(".scatterlayer path.point")
                expect(points).to_have_count(len(SIZES))
                for model in SIZES:
                    expect(
                        page.get_by_role("link", name=f"{model}-L60", exact=True)
                    ).to_be_visible()
                assert [line for line in seen.said if not of_mlflow_itself(line)] == []
    here = (results / ARTIFACTS).as_uri()
    assert all(one.startswith(f"{here}/") for one in addresses(results))


def of_mlflow_itself(line):
    """Tell whether MLflow 3.17 says this of every page: no users, its table, its resizing."""
    return any(one in line for one in ("404 (Not Found)", "AG Grid", "ResizeObserver loop"))


def test_a_busy_port_is_one_clear_line(tmp_path, capfd):
    write_records(tmp_path)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        answer = mer_here(capfd, "ui", "--results", tmp_path, "--port", port)
    assert answer.returncode == 2
    (line,) = answer.stderr.splitlines()
    assert f"Port {port} on 127.0.0.1 cannot be used" in line
    assert "Give another one: --port" in line


def test_records_that_came_without_a_database_get_one(tmp_path, capfd, monkeypatch):
    started = []
    monkeypatch.setattr("benchmark.cli.ui.serve", lambda *where: started.append(where) or 0)
    write_records(tmp_path)
    answer = mer_here(capfd, "ui", "--results", tmp_path, "--port", free_port())
    assert answer.returncode == 0
    assert len(started) == 1
    assert len(addresses(tmp_path)) == 1 + len(SIZES) * 3  # an experiment, means, two cells each


def test_a_moved_folder_takes_new_records_and_keeps_the_old_files(results, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(results, folder)
    later = make_record(model="linear")
    write_record(folder, later, {})
    mirror = Mirror(folder)
    copy_record(mirror, later)
    runs = mirror.client.search_runs(["1"], "tags.`mer.kind` = 'cell'")
    assert len(runs) == 2 * len(SIZES) + 1
    here = (folder / ARTIFACTS).as_uri()
    for run in runs:
        assert run.info.artifact_uri.startswith(f"{here}/{EXPERIMENT}/")
        (file,) = mirror.client.list_artifacts(run.info.run_id)
        assert file.path.endswith(".json")


def test_a_database_that_stayed_is_left_alone(results):
    open_client(results)
    before = (results / DATABASE).read_bytes()
    open_client(results)
    assert (results / DATABASE).read_bytes() == before


def test_a_damaged_database_is_named(tmp_path):
    (tmp_path / DATABASE).write_text("no database at all, but long enough to be looked at" * 99)
    with pytest.raises(ResultsError, match=r"mlflow.db is damaged .* `report` makes another"):
        open_client(tmp_path)
    with sqlite3.connect(tmp_path / "other.db") as empty:
        empty.execute("CREATE TABLE unrelated (name)")
    shutil.move(tmp_path / "other.db", tmp_path / DATABASE)
    with pytest.raises(ResultsError, match=r"of another version of MLflow, or of another program"):
        open_client(tmp_path)


def test_a_database_that_another_process_is_making_is_one_line(tmp_path, capfd, monkeypatch):
    write_records(tmp_path)
    monkeypatch.setattr("benchmark.cli.ui.SECONDS_TO_WAIT", 0.5)
    with FileLock(tmp_path / f"{DATABASE}.lock"):
        done = mer_here(capfd, "ui", "--results", tmp_path, "--port", free_port())
    assert done.returncode == 2
    assert "error: Another process is writing MLflow database" in done.stderr
    assert "Try again when it has ended" in done.stderr
