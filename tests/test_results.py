"""Committed numbers are what the committed records say, and nothing else."""

from pathlib import Path

import pytest

from benchmark.record.store import read_plans, read_records
from benchmark.report.answer import answer_from_records
from benchmark.report.tables import csv_text

RESULTS = Path(__file__).parents[1] / "results"
FOLDERS = sorted(path.parent for path in RESULTS.glob("*/records"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_committed_tables_are_rebuilt_from_the_records_to_the_letter(folder):
    for study in {plan.study for plan in read_plans(folder)}:
        answer = answer_from_records(folder, study)
        assert (folder / "tables" / f"{study}.md").read_text() == answer.markdown()
        assert (folder / "tables" / f"{study}.csv").read_text() == csv_text(answer.tables)


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
