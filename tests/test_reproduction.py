"""The paper's studies from end to end, on a folder that lacks nothing but the real files."""

import csv
import json

import pytest

from benchmark.record.store import read_records
from tests.benchmark.cli.cli import mer_here

SHORT = ("--repetitions", 1, "--max-epochs", 1, "--executor", "inline")
SMALL_ENSEMBLE = (
    "--set", "blstm_ensemble.units=8", "--set", "blstm_ensemble.layers=2",
    "--set", "blstm_ensemble.sequence_lengths=30,60", "--set", "blstm_ensemble.fusion_stride=50",
)  # fmt: skip


@pytest.mark.parametrize(
    ("study", "options", "rows", "printed"),
    [
        ("table1a", (), ["crnn"] * 4, "| CRNN, L=20 | printed | 0.268 ± 0.003 | 0.202 ± 0.007 |"),
        ("table1b", (), ["crnn"] * 4, "| CRNN, L=10 | printed | 0.273 ± 0.008 | 0.244 ± 0.006 |"),
        ("table2", SMALL_ENSEMBLE, ["crnn_nb", "blstm_ensemble"],
         "| Li et al. 2016 | printed | 0.285 | 0.225 | 0.255 |"),
    ],
)  # fmt: skip
def test_a_table_of_the_paper_runs_and_prints_beside_the_printed_one(
    official_folder, tmp_path, capfd, study, options, rows, printed
):
    where = ("--study", study, "--results", tmp_path)
    run = mer_here(capfd, "run", *where, "--data-root", official_folder, *SHORT, *options)
    assert run.returncode == 0, run.stderr
    report = mer_here(capfd, "report", *where, "--format", "markdown")
    assert printed in report.stdout
    assert report.stdout.count("ours, pooled") == len(rows)
    assert "ours: not run" not in report.stdout
    assert " inside |" in report.stdout or " outside |" in report.stdout
    with (tmp_path / "tables" / f"{study}.csv").open() as lines:
        written = [row["model"] for row in csv.DictReader(lines)]
    assert [name for name in written if name.startswith(("crnn", "blstm"))] == rows
    for record in read_records(tmp_path):
        assert record.n_songs == {"development": 431, "evaluation": 58}
        assert len(record.per_song["song_id"]) == 58


def test_a_table_as_json_names_what_ran(official_folder, tmp_path, capfd):
    options = ("--study", "table1b", "--models", "constant", "--results", tmp_path)
    answer = mer_here(capfd, "run", *options, "--data-root", official_folder, *SHORT, "--json")
    row = json.loads(answer.stdout)["rows"][0]
    assert (row["model"], row["features"], row["labels"]) == ("constant", "logmel", "deam")
    assert row["rmse_average_low"] <= row["rmse_average"] <= row["rmse_average_high"]
