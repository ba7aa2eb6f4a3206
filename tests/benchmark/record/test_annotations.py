import numpy as np
import pytest

from benchmark.errors import ResultsError
from benchmark.plan.config import Study, StudyConfig
from benchmark.record.annotations import (
    annotations_path,
    keep_annotations,
    raters_path,
    read_annotations,
    read_raters,
)
from benchmark.run.options import RunOptions
from benchmark.run.planning import plan_run
from datasets.registry import DATASETS
from tests.conftest import make_split
from tests.made_up_results import RATED, SPLIT


def test_annotations_of_both_sides_come_back_with_their_times(tmp_path):
    split = make_split()
    keep_annotations(tmp_path, "tiny", "a" * 64, split)
    kept = read_annotations(tmp_path, "tiny", "a" * 64)
    assert set(kept) == {song.song_id for song in (*split.development, *split.evaluation)}
    song = split.evaluation[1]
    np.testing.assert_array_equal(kept["e1"][:, 0], song.times)
    np.testing.assert_array_equal(kept["e1"][:, 1:], song.annotations)


def test_annotations_are_written_once_for_all_cells(tmp_path):
    path = annotations_path(tmp_path, "tiny", "a" * 64)
    keep_annotations(tmp_path, "tiny", "a" * 64, make_split())
    before = path.stat().st_mtime_ns
    keep_annotations(tmp_path, "tiny", "a" * 64, make_split())
    assert path.stat().st_mtime_ns == before
    assert [one.name for one in path.parent.iterdir()] == ["tiny-aaaaaaaaaaaa.npz"]


def test_raters_are_kept_beside_the_annotations_and_added_where_an_older_run_kept_none(tmp_path):
    keep_annotations(tmp_path, "tiny", "a" * 64, SPLIT)  # as before raters were kept
    path = annotations_path(tmp_path, "tiny", "a" * 64)
    before = path.stat().st_mtime_ns
    assert read_raters(tmp_path, "tiny", "a" * 64) == {}
    keep_annotations(tmp_path, "tiny", "a" * 64, RATED)
    assert path.stat().st_mtime_ns == before
    kept = read_raters(tmp_path, "tiny", "a" * 64)
    assert set(kept) == {song.song_id for song in RATED.songs}
    for song in RATED.songs:
        np.testing.assert_array_equal(kept[song.song_id], song.raters.curves_RT2)
    written = raters_path(tmp_path, "tiny", "a" * 64).stat().st_mtime_ns
    keep_annotations(tmp_path, "tiny", "a" * 64, RATED)
    assert raters_path(tmp_path, "tiny", "a" * 64).stat().st_mtime_ns == written


def test_no_annotations_is_an_empty_answer_and_a_damaged_file_is_named(tmp_path):
    assert read_annotations(tmp_path, "tiny", "a" * 64) == {}
    path = annotations_path(tmp_path, "tiny", "a" * 64)
    path.parent.mkdir()
    path.write_bytes(b"PK no archive")
    with pytest.raises(ResultsError, match=r"tiny-aaaaaaaaaaaa\.npz is damaged"):
        read_annotations(tmp_path, "tiny", "a" * 64)


@pytest.mark.parametrize("is_dry", [False, True])
def test_a_run_keeps_the_annotations_before_it_trains_and_a_dry_one_keeps_nothing(tmp_path, is_dry):
    part = StudyConfig(name="mine", models=("constant",), repetitions=1)
    plan = plan_run(Study("mine", (part,)), RunOptions(results=tmp_path / "r", is_dry=is_dry))
    kept = read_annotations(tmp_path / "r", "synthetic", plan.cells[0].dataset_digest)
    entry = DATASETS["synthetic"]
    songs = entry.resolve(entry.load)(entry.resolve(entry.options)(), "baseline").evaluation
    assert set(kept) >= {song.song_id for song in songs} if not is_dry else kept == {}
