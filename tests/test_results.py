"""Committed numbers are what the committed records say, and nothing else."""

import json
import re
import subprocess
import sys
from io import StringIO

import numpy as np
import pandas as pd
import pytest

from benchmark.analysis.rows import ERROR_NAMES
from benchmark.record.searches import read_searches
from benchmark.record.store import read_plans, read_records
from benchmark.report.answer import answer_from_records
from benchmark.report.export import contrasts_csv
from benchmark.report.views.searches import trials_table
from tests.committed import FOLDERS, RESULTS


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_committed_tables_are_rebuilt_from_the_records(folder):
    for study in {plan.study for plan in read_plans(folder)}:
        answer = answer_from_records(folder, study)
        assert (folder / "tables" / f"{study}.md").read_text() == answer.markdown()
        assert (folder / "tables" / f"{study}.tex").read_text() == answer.latex()
        written = pd.read_csv(folder / "tables" / f"{study}.csv")
        rebuilt = pd.read_csv(StringIO(answer.csv()))
        pd.testing.assert_frame_equal(written, rebuilt, rtol=1e-9, atol=0)
        compared = pd.read_csv(folder / "tables" / f"{study}-contrasts.csv")
        again = pd.read_csv(StringIO(contrasts_csv(answer.contrasts)))
        pd.testing.assert_frame_equal(compared, again, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_committed_records_come_from_clean_commits_and_hold_no_path_of_a_machine(folder):
    for record in read_records(folder):
        commit = record.circumstances["environment"]["commit"]
        assert len(commit) == 12, f"{record.name}: {commit}"
    for path in folder.rglob("*.json"):
        text = path.read_text()
        assert "/home/" not in text
        assert "/tmp/" not in text


def test_every_committed_folder_is_described():
    text = (RESULTS / "README.md").read_text()
    assert all(f"## {folder.name}" in text for folder in FOLDERS)


SEARCHES = [
    (folder, search)
    for folder in sorted({path.parents[1] for path in RESULTS.glob("*/searches/*.json")})
    for search in read_searches(folder)
]


@pytest.mark.parametrize(("folder", "search"), SEARCHES, ids=lambda one: getattr(one, "name", ""))
def test_committed_searches_say_what_their_files_say(folder, search):
    written = pd.read_csv(folder / "tables" / f"search-{search.name}.csv")
    rebuilt = pd.read_csv(StringIO(trials_table(search).to_csv(index=False)))
    pd.testing.assert_frame_equal(written, rebuilt, rtol=1e-9, atol=0)
    assert {len(trial.commit or "") for trial in search.trials} == {12}
    cells = [trial.cell for trial in search.trials]
    assert len(set(cells)) == len(cells)


@pytest.mark.parametrize(("folder", "search"), SEARCHES, ids=lambda one: getattr(one, "name", ""))
def test_committed_finalists_are_the_means_of_their_records(folder, search):
    groups: dict[str, list[float]] = {}
    for record in read_records(folder):
        groups.setdefault(record.group, []).append(record.scores["rmse_average"])
    for row in search.finalists:
        assert len(groups[row["group"]]) == row["n_seeds"]
        assert np.mean(groups[row["group"]]) == pytest.approx(row["rmse"], abs=1e-12)


def test_the_script_in_the_docs_recomputes_the_headline_table_from_the_records_alone(tmp_path):
    section = (RESULTS / "README.md").read_text().split("## From the records alone\n")[1]
    script = re.findall(r"```python\n(.*?)```", section, re.S)[0]
    assert len([line for line in script.splitlines() if line.strip()]) <= 20
    assert set(re.findall(r"^(?:import|from) (\w+)", script, re.M)) == {
        "json", "collections", "pathlib", "numpy",
    }  # fmt: skip
    path = tmp_path / "recompute.py"
    path.write_text(script)
    done = subprocess.run(
        [sys.executable, path], cwd=RESULTS, capture_output=True, text=True, check=True
    )
    found = {row["group"]: row for row in map(json.loads, done.stdout.splitlines())}
    written = pd.read_csv(RESULTS / "tradeoff-song_means" / "tables" / "tradeoff.csv")
    rows = written[written["group"].notna()]
    assert set(found) == set(rows["group"])
    for _, row in rows.iterrows():
        assert found[row["group"]]["n"] == row["n_cells"]
        for name in ERROR_NAMES:
            assert found[row["group"]][name] == pytest.approx(row[name], abs=1e-9)
