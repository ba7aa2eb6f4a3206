"""What every command answers, and what it says when it cannot."""

import json
import re
import shutil
import time
from pathlib import Path

import pytest

from benchmark.record.store import write_plan, write_record
from benchmark.tracking.database import open_client
from datasets.deam_files import ANNOTATIONS
from tests.benchmark.cli.cli import mer, mer_anew, mer_here
from tests.made_up_records import make_record
from tests.small_models import make_cell

HEAVY = ("torch", "mlflow", "seaborn", "matplotlib", "sklearn", "pandas", "fvcore", "scipy")


@pytest.fixture
def recorded(tmp_path):
    """Return a results folder with two of three cells done."""
    cells = [make_cell("crnn", repetition=n) for n in (1, 2, 3)]
    write_plan(tmp_path, "mine", cells)
    for cell in cells[:2]:
        record = make_record(**cell.plain())
        write_record(tmp_path, record, {})
    return tmp_path


def test_version_names_the_package_and_the_commit_of_a_checkout(capfd):
    answer = mer_here(capfd, "--version")
    assert answer.returncode == 0
    assert re.fullmatch(r"mer-benchmark \S+, commit \w{7,}(-dirty)?\n", answer.stdout)


def test_without_a_checkout_the_version_stands_alone(capfd, monkeypatch):
    from benchmark.record import environment

    monkeypatch.setattr(environment, "__file__", "/nowhere/benchmark/record/environment.py")
    assert re.fullmatch(r"mer-benchmark \S+\n", mer_here(capfd, "--version").stdout)


def test_no_command_at_all_is_answered_with_the_help(capfd):
    answer = mer_here(capfd)
    assert answer.returncode == 2
    assert len(answer.stdout.splitlines()) > 10


def test_models_are_listed_with_their_parameters(capfd):
    rows = json.loads(mer_here(capfd, "list", "models", "--json").stdout)
    assert all(row.keys() == {"name", "summary", "parameters"} for row in rows)
    counts = {row["name"]: row["parameters"] for row in rows}
    assert counts["crnn"] == 35_256
    assert counts["blstm_ensemble"] == 11_885_580


@pytest.mark.parametrize(
    ("what", "expected"),
    [("models", "crnn_nb"), ("datasets", "mediaeval2015"), ("features", "song_means"),
     ("settings", "crnn.dropout=0.25"), ("studies", "smoke")],
)  # fmt: skip
def test_every_table_can_be_listed(what, expected, capfd):
    answer = mer_here(capfd, "list", what)
    assert answer.returncode == 0
    assert expected in answer.stdout


def test_a_users_model_appears_in_the_list(users_file, capfd):
    rows = json.loads(mer_here(capfd, "list", "--include", users_file, "--json").stdout)
    # one GRU layer: 3 gates of 4 units, 6 inputs would be 260 here; then a head of 4 * 2 + 2
    expected = 3 * (4 * 260 + 4 * 4 + 2 * 4) + 10
    assert {"name": "tiny_gru", "summary": "a GRU with four units", "parameters": expected} in rows


def test_a_users_dataset_appears_in_the_list(users_file, capfd):
    answer = mer_here(capfd, "list", "datasets", "--include", users_file)
    assert "24 + 3 small songs" in answer.stdout


@pytest.mark.parametrize("arguments", [["list"], ["--help"], ["run", "--help"]])
def test_light_commands_answer_at_once_and_import_nothing_heavy(arguments):
    import subprocess
    import sys

    command = [sys.executable, "-X", "importtime", "-m", "benchmark", *arguments]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    modules = {line.rsplit("|", 1)[-1].strip() for line in answer.stderr.splitlines()}
    assert not modules & set(HEAVY)
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        mer_anew(*arguments)
        seconds.append(time.perf_counter() - started)
    assert min(seconds) < 1.0  # .2 to .4 s alone; the other core runs tests too


def test_status_counts_what_is_missing(recorded, capfd):
    options = ("--results", recorded, "--study", "mine", "--json")
    answer = mer_here(capfd, "status", *options)
    assert json.loads(answer.stdout) == {"done": 2, "diverged": 0, "failed": 0, "missing": 1}
    assert answer.returncode == 1
    named = mer_here(capfd, "status", "--results", recorded, "--study", "mine")
    assert "missing: test six crnn-L10: 1 of 3 cells have no record" in named.stderr


@pytest.mark.parametrize("format_", ["table", "csv", "markdown", "latex", "json"])
def test_report_prints_in_every_format(recorded, format_, capfd):
    answer = mer_here(capfd, "report", "--results", recorded, "--format", format_)
    assert answer.returncode == 0, answer.stderr
    assert "crnn" in answer.stdout


def test_report_without_mlflow_writes_the_files_alone(recorded, capfd):
    (recorded / "mlflow.db").unlink(missing_ok=True)
    answer = mer_here(capfd, "report", "--results", recorded, "--no-mlflow", "--figures", "svg,pdf")
    assert answer.returncode == 0, answer.stderr
    assert "mine.tex" in answer.stdout
    assert "MLflow" not in answer.stdout
    assert not (recorded / "mlflow.db").exists()


def test_report_shows_models_in_the_order_and_by_the_names_asked_for(recorded, capfd):
    options = ("--results", recorded, "--no-mlflow", "--format", "latex")
    answer = mer_here(capfd, "report", *options, "--names", "crnn=CRNN (ours)", "--order", "crnn")
    assert answer.returncode == 0, answer.stderr
    assert "CRNN (ours)" in answer.stdout
    assert r"\label{tab:mine-rmse}" in answer.stdout


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--names", "crnn", "--names 'crnn': write MODEL=NAME, as in crnn='CRNN (ours)'."),
        ("--names", "tcn=TCN", "--names: no row is of a model 'tcn'. There are: crnn."),
        ("--order", "tcn", "--order: no row is of a model 'tcn'. There are: crnn."),
        ("--figures", "gif", "'gif' is not one of png, svg, pdf, column."),
        ("--figures", "column,png,column", "--figures=column,png,column names 'column' twice;"),
        ("--order", "crnn,crnn", "--order=crnn,crnn names 'crnn' twice; name it once."),
    ],
)
def test_report_says_what_is_wrong_with_an_option_and_draws_nothing(
    recorded, capfd, option, value, message
):
    answer = mer_here(capfd, "report", "--results", recorded, "--no-mlflow", option, value)
    assert answer.returncode == 2
    assert message in " ".join(answer.stderr.split())


def test_report_refuses_two_names_of_one_model(recorded, capfd):
    twice = ("--names", "crnn=a", "--names", "crnn=b")
    answer = mer_here(capfd, "report", "--results", recorded, "--no-mlflow", *twice)
    assert answer.returncode == 2
    assert "--names 'crnn=b': 'crnn' has a name already; give one." in answer.stderr


def test_report_writes_a_page_whose_links_lead_to_the_rows_runs(recorded, capfd):
    answer = mer_here(capfd, "report", "--results", recorded, "--format", "html")
    page = recorded / "report" / "mine.html"
    assert (answer.returncode, answer.stdout) == (0, f"written: {page}\n")
    found = re.findall(r'href="(http[^"]+)">([^<]+)</a>', page.read_text())
    client = open_client(recorded)
    experiments = [one.experiment_id for one in client.search_experiments()]
    (run,) = client.search_runs(experiments, "tags.`mer.kind` = 'mean'")
    runs = f"http://127.0.0.1:5000/#/experiments/{run.info.experiment_id}/runs"
    address = f"{runs}/{run.info.run_id}?workflowType=machine_learning"
    assert found == [(address, run.info.run_name)]


def test_a_deleted_mlflow_database_comes_back_with_the_next_report(recorded, capfd):
    mer_here(capfd, "report", "--results", recorded)
    size = (recorded / "mlflow.db").stat().st_size
    (recorded / "mlflow.db").unlink()
    assert mer("report", "--results", recorded).returncode == 0
    assert (recorded / "mlflow.db").stat().st_size == pytest.approx(size, rel=0.2)


def test_doctor_names_the_datasets_of_a_data_folder(real_data, tmp_path, capfd):
    options = ("doctor", "--json", "--results", tmp_path, "--data-root")
    (found,) = [one for one in json.loads(mer_here(capfd, *options, real_data).stdout)
                if one["what"] == "data"]  # fmt: skip
    assert found["ok"]
    assert found["found"].startswith("DEAM, ")
    assert "VGMIDI" in found["found"]
    (found,) = [one for one in json.loads(mer_here(capfd, *options, tmp_path).stdout)
                if one["what"] == "data"]  # fmt: skip
    assert not found["ok"]
    assert found["found"].startswith("nothing of DEAM, ")


def test_doctor_finds_a_fit_installation(tmp_path, capfd):
    answer = mer_here(capfd, "doctor", "--json", "--results", tmp_path)
    checks = {check["what"]: check for check in json.loads(answer.stdout)}
    assert answer.returncode == 0
    assert checks["torch"]["found"].startswith("2.")
    assert checks["datasets"]["found"] == "ours"


def test_a_package_that_hides_ours_is_found_at_start(tmp_path):
    (tmp_path / "datasets").mkdir()
    ours = Path(__file__).parents[3] / "datasets"
    for path in ours.glob("*.py"):
        shutil.copy(path, tmp_path / "datasets")
    answer = mer_anew("doctor", cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert answer.returncode == 2
    (line,) = answer.stderr.splitlines()
    assert line.startswith(f"error: the package 'datasets' of this project is hidden by {tmp_path}")


RUN = ("run", "--results", "{tmp}/results")
WRONG = {
    "unknown command": (["rnu"], "No such command 'rnu'"),
    "unknown option": ([*RUN, "--modles", "crnn"], "No such option"),
    "unknown model": ([*RUN, "--models", "crn"], "No model is called 'crn'. Did you mean 'crnn'?"),
    "unknown dataset": ([*RUN, "--dataset", "synthetik"], "Did you mean 'synthetic'?"),
    "unknown features": ([*RUN, "--features", "basline"], "Did you mean 'baseline'?"),
    "unknown study": ([*RUN, "--study", "smok"], "Did you mean 'smoke'?"),
    "study promoted elsewhere": ([*RUN, "--study", "tuned"], "needs the --results of that search"),
    "unknown list": (["list", "modles"], "error: Invalid value for 'what': 'modles' is not one of"),
    "like a list": (["list", "modles"], "Did you mean 'models'?"),
    "unknown format": (["report", "--format", "cvs"], "Did you mean 'csv'?"),
    "unknown setting": ([*RUN, "--set", "crnn.dropuot=1"], "Did you mean 'dropout'?"),
    "setting out of range": ([*RUN, "--set", "crnn.dropout=1.5"], "less than 1"),
    "setting without a value": ([*RUN, "--set", "crnn.dropout"], "write KEY=VALUE"),
    "empty list": ([*RUN, "--models", ","], "--models is empty"),
    "empty text": ([*RUN, "--models", ""], "--models is empty"),
    "negative repetitions": ([*RUN, "--repetitions", "-1"], "--repetitions: repetitions='-1'"),
    "repetitions in words": ([*RUN, "--repetitions", "five"], "repetitions='five'"),
    "lengths in words": ([*RUN, "--sequence-lengths", "ten"], "not a list of whole numbers"),
    "length zero": ([*RUN, "--sequence-lengths", "0"], "greater than or equal to 1"),
    "unknown device": ([*RUN, "--device", "gpu"], "not one of auto, cpu, cuda, mps"),
    "no workers": ([*RUN, "--workers", "0"], "--workers='0' is not a whole number"),
    "no data folder": ([*RUN, "--dataset", "mediaeval2015"], "--data-root FOLDER or set MER_DATA"),
    "missing data folder": (
        [*RUN, "--dataset", "mediaeval2015", "--data-root", "{tmp}/none"], "No folder DEAM/",
    ),
    "missing include": ([*RUN, "--include", "{tmp}/none.py"], "no such file"),
    "include with nothing in it": ([*RUN, "--include", "{tmp}/empty.py"], "none of MODELS"),
    "include that fails": ([*RUN, "--include", "{tmp}/fails.py"], "ZeroDivisionError"),
    "unwritable results": (["run", "--results", "{tmp}/file/results"], "cannot be written"),
    "damaged study": ([*RUN, "--study", "{tmp}/damaged.yaml"], "is not YAML"),
    "unknown figures": (["report", "--figures", "png,bmp"], "'bmp' is not one of png, svg, pdf"),
    "report without records": (["report", "--results", "{tmp}/none"], "No results folder"),
    "status without records": (["status", "--results", "{tmp}/none"], "No results folder"),
    "ui without records": (["ui", "--results", "{tmp}"], "No records in"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_bad_input_is_one_clear_line_and_exit_code_2(case, tmp_path, capfd):
    (tmp_path / "file").write_text("")
    (tmp_path / "empty.py").write_text("")
    (tmp_path / "fails.py").write_text("1 / 0")
    (tmp_path / "damaged.yaml").write_text("models: [crnn")
    arguments, message = WRONG[case]
    answer = mer_here(capfd, *(one.format(tmp=tmp_path) for one in arguments))
    assert answer.returncode == 2
    assert answer.stdout == ""
    (line,) = answer.stderr.splitlines()
    assert line.startswith("error: ")
    assert message in line


def test_a_damaged_data_file_is_one_clear_line(real_data, tmp_path, capfd):
    folder = tmp_path / "data"
    for relative in (ANNOTATIONS, Path("mediaeval2015")):
        shutil.copytree(real_data / relative, folder / relative, copy_function=shutil.copyfile)
    path = folder / ANNOTATIONS / "valence.csv"
    path.write_text(path.read_text()[:200_000])
    options = (
        "--study",
        "tradeoff",
        "--features",
        "song_means",
        "--data-root",
        folder,
        "--results",
        tmp_path / "r",
    )
    answer = mer_here(capfd, "run", *options)
    assert answer.returncode == 2
    (line,) = answer.stderr.splitlines()
    assert "valence.csv is damaged" in line
    assert not (tmp_path / "r").exists()
