"""Results folders become one: everything once, and nothing silently overwritten."""

import os
import shutil

import numpy as np
import pytest

from benchmark.errors import ResultsError
from benchmark.record.annotations import annotations_path
from benchmark.record.store import (
    asked_for,
    path_of,
    read_plans,
    read_predictions,
    read_records,
    record_path,
    write_arrays,
    write_record,
)
from benchmark.record.weights import weights_path
from tests.made_up_folders import add_search, contents, fill, merged, record_of, scored, touched
from tests.made_up_results import WRONG

pytestmark = pytest.mark.usefixtures("quick_disk")
FAILED = {"status": "failed", "error": "no memory", **WRONG}


def test_one_folder_holds_what_several_held_as_it_was(tmp_path, here, there):
    before = touched(here) | touched(there)
    merge = merged(here, there, into=tmp_path / "both")
    assert contents(tmp_path / "both") == contents(here) | contents(there)
    assert merge.counts == {
        "searches": 2, "studies": 2, "plans": 2, "annotations": 1, "predictions": 3, "weights": 3,
        "records": 3,
    }  # fmt: skip
    assert touched(here) | touched(there) == before


def test_merging_twice_touches_no_file(tmp_path, here, there):
    merged(here, there, into=tmp_path / "both")
    before = touched(tmp_path / "both")
    assert not merged(there, here, into=tmp_path / "both").files
    assert touched(tmp_path / "both") == before


def test_the_order_of_folders_that_agree_does_not_matter(tmp_path, here, there):
    merged(here, there, into=tmp_path / "one")
    merged(there, here, into=tmp_path / "other")
    assert contents(tmp_path / "one") == contents(tmp_path / "other")


def test_the_target_may_hold_results_and_be_one_of_the_folders(tmp_path, here, there):
    expected = contents(here) | contents(there)
    (tmp_path / "link").symlink_to(here)
    own = touched(here)
    merged(tmp_path / "link", there, into=here)
    assert contents(here) == expected
    files = {name: state for name, state in own.items() if name in expected}
    assert files.items() <= touched(here).items()
    assert not merged(here, into=here).files


def test_times_are_no_outcome_and_the_targets_record_stays(tmp_path, here):
    again = fill(tmp_path / "again", record_of(1, started=1_800_000_000))
    assert not merged(again, into=here).counts["records"]
    merged(again, here, into=tmp_path / "new")
    assert read_records(tmp_path / "new")[0] == record_of(1, started=1_800_000_000)


def test_predictions_and_weights_join_the_record_they_belong_to(tmp_path, here):
    bare = tmp_path / "bare"
    write_record(bare, record_of(1), {})  # as committed results are
    assert merged(here, into=bare).counts["records"] == 1  # the other repetition's
    assert contents(bare) == contents(here)


def test_what_lies_beside_no_record_is_not_taken_for_one(tmp_path, here):
    """A run that was killed, or a record that was removed, leaves weights without a record."""
    record = record_of(1)
    record_path(here, record).unlink()
    merged(here, into=tmp_path / "new")
    assert not weights_path(tmp_path / "new", record).exists()
    bare = tmp_path / "bare"
    write_record(bare, record, {})
    merged(bare, into=here)
    assert not weights_path(here, record).exists()
    assert not path_of(here, "predictions", record, ".npz").exists()


def test_a_study_asks_for_what_any_of_its_plans_asks_for(tmp_path, here, there):
    both = tmp_path / "both"
    merged(here, there, into=both)
    assert len(read_plans(both, "mine")) == 2
    assert {*asked_for(both, "mine", [])} == {record_of(n).cell for n in (1, 2, 3)}


def test_two_outcomes_of_a_cell_are_named_and_nothing_is_written(tmp_path, here):
    other = fill(tmp_path / "other", scored(0.5))
    with pytest.raises(ResultsError, match=r"differ in scores \(RMSE 0.25 on cpu; RMSE 0.5 on cpu"):
        merged(here, other, into=tmp_path / "both")
    assert not (tmp_path / "both").exists()
    before = touched(here)
    with pytest.raises(ResultsError, match="--prefer newest or --prefer left") as caught:
        merged(other, into=here)
    assert str(record_path(here, record_of())) in str(caught.value)
    assert str(record_path(other, record_of())) in str(caught.value)
    assert touched(here) == before


def test_many_conflicts_are_counted(tmp_path):
    left = fill(tmp_path / "left", *map(record_of, range(1, 6)))
    right = fill(tmp_path / "right", *(scored(0.5, n) for n in range(1, 6)))
    with pytest.raises(ResultsError, match="; and 2 more"):
        merged(left, right, into=tmp_path / "both")


@pytest.mark.parametrize(
    ("prefer", "names", "kept"),
    [
        ("left", ("old", "new"), 0.25), ("left", ("new", "old"), 0.5),
        ("newest", ("old", "new"), 0.5), ("newest", ("new", "old"), 0.5),
        ("left", ("new", "target"), 0.5), ("left", ("target", "new"), 0.25),
        ("left", ("new",), 0.5), ("newest", ("older",), 0.25),
    ],
)  # fmt: skip
def test_who_disagrees_is_kept_as_preferred(tmp_path, prefer, names, kept):
    fill(tmp_path / "old", scored(0.25, started=100), level=0.25)
    fill(tmp_path / "new", scored(0.5, started=200), level=0.5)
    fill(tmp_path / "older", scored(0.75, started=50), level=0.75)
    shutil.copytree(tmp_path / "old", tmp_path / "target")
    into = tmp_path / "target"
    folders = [tmp_path / name for name in names]
    assert merged(*folders, into=into, prefer=prefer).n_decided == 1
    assert not merged(*folders, into=into, prefer=prefer).files
    (record,) = read_records(into)
    assert record.scores["rmse_average"] == kept
    assert read_predictions(into, record)["e0"][0, 0] == kept
    source = {0.25: "old", 0.5: "new"}[kept]
    assert contents(into).items() >= contents(tmp_path / source).items()


def test_what_is_not_kept_leaves_with_its_predictions_and_weights(tmp_path, here):
    newer = tmp_path / "newer"
    write_record(newer, scored(0.5, started=1_800_000_000), {})
    merged(newer, into=here, prefer="newest")
    assert read_predictions(here, record_of(1)) == {}
    assert not weights_path(here, record_of(1)).exists()
    assert weights_path(here, record_of(2)).exists()


def test_a_failed_cell_gives_way_to_one_that_ended_and_not_to_another_that_failed(tmp_path, here):
    failed = fill(tmp_path / "failed", record_of(1, **FAILED))
    too = fill(tmp_path / "too", record_of(1, **FAILED | {"error": "killed"}))
    before = touched(failed)
    assert not merged(too, into=failed).files
    assert touched(failed) == before
    assert not merged(failed, into=here).counts["records"]
    merged(here, too, into=failed)
    assert contents(failed).items() >= contents(here).items()


def test_another_end_than_failure_is_an_outcome(tmp_path, here):
    diverged = fill(tmp_path / "d", record_of(1, status="diverged", error="loss inf", **WRONG))
    with pytest.raises(ResultsError, match="differ in curves, error, parameters"):
        merged(here, diverged, into=tmp_path / "both")


def test_searches_and_studies_that_differ_are_named_until_one_is_preferred(tmp_path, here):
    longer = add_search(tmp_path / "longer", n_trials=2)
    with pytest.raises(ResultsError, match=r"s.json differ in trials \(1 trials; 2 trials\)"):
        merged(here, longer, into=tmp_path / "both")
    study = longer / "studies" / "best-s.yaml"
    study.write_text("models: [crnn]\nseed: 3\n")
    os.utime(study, (1, 1))
    merged(longer, here, into=tmp_path / "both", prefer="newest")
    kept = contents(tmp_path / "both")
    assert kept["searches/s.json"] == (longer / "searches" / "s.json").read_bytes()
    assert kept["studies/best-s.yaml"] == (here / "studies" / "best-s.yaml").read_bytes()


def test_annotations_of_one_digest_that_differ_are_named(tmp_path, here):
    other = fill(tmp_path / "other", record_of(3))
    write_arrays(annotations_path(other, "test", "d" * 64), {"e0": np.zeros((2, 3), np.float32)})
    with pytest.raises(ResultsError, match=r"test-d+.npz differ in d0, d1, e0, and 2 more"):
        merged(here, other, into=tmp_path / "both")
