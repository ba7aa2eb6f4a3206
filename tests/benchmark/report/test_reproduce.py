"""The commands on a page ask for the cells that it shows: each committed study, read back."""

from dataclasses import replace

import pytest

from benchmark.plan.config import StudyConfig, plain_options
from benchmark.plan.expand import dataset_of, expand
from benchmark.plan.studies import read_study
from benchmark.record.store import asked_for, read_plans, read_records
from benchmark.report.page.about import commands
from benchmark.report.page.reproduce import same_study
from models.registry import MODELS
from tests.committed import FOLDERS
from tests.made_up_records import make_record

FLOORS = {name for name, row in MODELS.items() if row.is_floor}  # some joined after a study ran


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_study_read_back_from_records_asks_for_the_same_cells(folder, tmp_path):
    for study in {plan.study for plan in read_plans(folder)}:
        records = read_records(folder)
        asked = asked_for(folder, study, records)
        kept = [record for record in records if record.cell in asked]
        digests = {
            (_songs(one.dataset, one.dataset_options), one.features): one.dataset_digest
            for one in kept
        }
        file = tmp_path / "same.yaml"
        file.write_text(same_study(study, kept, asked))
        cells = {}
        for part in read_study(str(file), {}).parts:
            _, options, features = dataset_of(part)
            digest = digests[_songs(part.dataset, plain_options(options)), features]
            cells |= {cell.key: cell for cell in expand(part, digest)}
        models = {record.model for record in kept}
        later = {key for key, cell in cells.items() if cell.model in FLOORS - models}
        assert cells.keys() - later == set(asked)


def _songs(dataset, options):
    return dataset, str(sorted(options.items()))


BASE = StudyConfig(name="mine", models=("crnn",), repetitions=1)
QUICK = {"training.max_epochs": 3, "training.patience": 2}


def cells_of(*parts):
    return {cell.key: cell for part in parts for cell in expand(part, digest_of(part))}


def digest_of(part):
    _, options, _ = dataset_of(part)
    return str(_songs(part.dataset, plain_options(options)))


def record_of_cell(cell):
    return make_record(**cell.plain(), cell=cell.key, group=cell.group)


def asked_again(cells, folder, recorded=None):
    """Return the cells of the study read back, where all or some of those asked have a record."""
    asked = {key: cell.group for key, cell in cells.items()}
    records = [record_of_cell(cells[key]) for key in recorded or cells]
    file = folder / "same.yaml"
    file.write_text(same_study("mine", records, asked))
    return cells_of(*read_study(str(file), {}).parts)


def test_a_default_that_the_base_changes_is_kept_by_every_model_of_a_joined_part(tmp_path):
    dropout = replace(BASE, set={"crnn.dropout": 0.5})
    joined = replace(BASE, models=("blstm", "crnn"), set=QUICK)
    cells = cells_of(dropout, joined)
    assert asked_again(cells, tmp_path).keys() == cells.keys()


def test_an_option_left_out_of_records_is_kept_by_a_part_that_the_base_changes(tmp_path):
    families = replace(BASE, dataset="deam", set={"deam.families": "artist"})
    without = replace(BASE, dataset="deam", set=QUICK)
    cells = cells_of(families, without)
    assert asked_again(cells, tmp_path).keys() == cells.keys()


def test_every_base_seed_keeps_its_own_number_of_repetitions(tmp_path):
    cells = cells_of(replace(BASE, seed=1, repetitions=5), replace(BASE, seed=2))
    assert asked_again(cells, tmp_path).keys() == cells.keys()


def test_cells_without_a_record_are_asked_for_with_the_seed_that_lacks_them(tmp_path):
    cells = cells_of(replace(BASE, seed=1, repetitions=2), replace(BASE, seed=2, repetitions=4))
    recorded = [key for key, cell in cells.items() if cell.repetition != 3]
    recorded = [key for key in recorded if (cells[key].base_seed, cells[key].repetition) != (2, 4)]
    assert len(recorded) == len(cells) - 2
    assert asked_again(cells, tmp_path, recorded).keys() == cells.keys()


def test_floor_rows_of_songs_that_no_other_row_is_judged_on_are_asked_for(tmp_path):
    cells = cells_of(BASE, replace(BASE, models=("linear",), set={"protocol.folds": 5}))
    assert asked_again(cells, tmp_path).keys() == cells.keys()


def test_floor_rows_of_folds_over_other_songs_are_asked_for_as_well(tmp_path):
    folds = {"protocol.folds": 5}
    over_all = folds | {"protocol.fold_over": "all"}
    cells = cells_of(replace(BASE, set=folds), replace(BASE, models=("linear",), set=over_all))
    assert asked_again(cells, tmp_path).keys() == cells.keys()


def test_two_versions_of_a_model_are_asked_for_once(tmp_path):
    cells = cells_of(BASE)
    old = [replace(cell, model_version="0") for cell in cells.values() if cell.model == "crnn"]
    assert asked_again({cell.key: cell for cell in old} | cells, tmp_path).keys() == cells.keys()


def record_of(commit, **changes):
    return make_record(circumstances={"environment": {"commit": commit}}, **changes)


def test_the_commands_name_commits_data_folder_and_file_of_ones_own():
    records = [record_of("abcdef123456-dirty"), record_of("mer-benchmark 0.1.0", repetition=2)]
    text = commands("mine", records, {one.cell: one.group for one in records})
    assert "git checkout abcdef123456  # 1 cell, with changes that were not committed" in text
    assert "# others: pip install mer-benchmark==0.1.0  # 1 cell" in text
    assert text.endswith("run --study same.yaml --results again --include FILE.py")
    real = [record_of("abc", dataset="mediaeval2015")]
    assert commands("mine", real, {"x": real[0].group}).endswith("again --data-root DATA")


def test_of_several_commits_the_commonest_is_checked_out_and_a_comment_names_the_others():
    commits = ("aaa", "bbb", "bbb", "bbb", "ccc", "ccc")
    records = [record_of(one, repetition=place) for place, one in enumerate(commits, start=1)]
    lines = commands("mine", records, {one.cell: one.group for one in records}).splitlines()
    assert lines[:3] == [
        "git checkout bbb  # 3 cells",
        "# others: git checkout ccc  # 2 cells",
        "# others: git checkout aaa  # 1 cell",
    ]
    assert not any("git checkout" in line for line in lines[3:])
