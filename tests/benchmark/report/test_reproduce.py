"""The commands on a page ask for the cells that it shows: each committed study, read back."""

import pytest

from benchmark.plan.config import plain
from benchmark.plan.expand import dataset_of, expand
from benchmark.plan.studies import read_study
from benchmark.record.store import asked_for, read_plans, read_records
from benchmark.report.page.about import commands
from benchmark.report.page.reproduce import same_study
from tests.benchmark.report.records import make_record
from tests.test_results import FOLDERS


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_study_read_back_from_records_asks_for_the_same_cells(folder, tmp_path):
    for study in {plan.study for plan in read_plans(folder)}:
        records = read_records(folder)
        asked = asked_for(folder, study, records)
        kept = [record for record in records if record.cell in asked]
        digests = {_songs(one.dataset, one.dataset_options): one.dataset_digest for one in kept}
        file = tmp_path / "same.yaml"
        file.write_text(same_study(study, kept, asked))
        keys = set()
        for part in read_study(str(file), {}).parts:
            _, options, _ = dataset_of(part)
            keys |= {
                cell.key for cell in expand(part, digests[_songs(part.dataset, plain(options))])
            }
        assert keys == set(asked)


def _songs(dataset, options):
    return dataset, str(sorted(options.items()))


def test_the_commands_name_commits_data_folder_and_file_of_ones_own():
    def record_of(commit, **changes):
        return make_record(circumstances={"environment": {"commit": commit}}, **changes)

    records = [record_of("abcdef123456-dirty"), record_of("mer-benchmark 0.1.0", repetition=2)]
    text = commands("mine", records, {one.cell: one.group for one in records})
    assert "git checkout abcdef123456  # 1 cell, with changes that were not committed" in text
    assert "pip install mer-benchmark==0.1.0  # 1 cell" in text
    assert text.endswith("run --study same.yaml --results again --include FILE.py")
    real = [record_of("abc", dataset="mediaeval2015")]
    assert commands("mine", real, {"x": real[0].group}).endswith("again --data-root DATA")
