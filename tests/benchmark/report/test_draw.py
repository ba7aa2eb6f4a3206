"""Figures are the same wherever they are drawn."""

import pytest

from benchmark.errors import ResultsError
from benchmark.report.answer import answer_from_records
from benchmark.report.figures import draw
from benchmark.report.write import write_answer
from datasets.registry import DATASETS, DatasetEntry
from tests.made_up_results import write_results


@pytest.fixture
def results(tmp_path):
    return write_results(tmp_path)


def drawn(results):
    paths = write_answer(answer_from_records(results, "mine"), results)
    return {path.name: path.read_bytes() for path in paths if path.suffix == ".png"}


def test_processes_draw_what_a_thread_draws(results, monkeypatch):
    entry = DatasetEntry(load="", summary="", feature_sets=("six",), caveat="said in every figure")
    monkeypatch.setitem(DATASETS, "tiny", entry)
    beside = drawn(results)
    monkeypatch.setattr(draw, "FEW", 0)
    assert beside
    assert drawn(results) == beside


@pytest.mark.parametrize("few", [0, 4])
def test_a_figure_that_cannot_be_written_stops_the_report(results, monkeypatch, few):
    monkeypatch.setattr(draw, "FEW", few)
    (results / "figures").write_text("a file, no folder")
    with pytest.raises(ResultsError, match=r"figures.* cannot be written"):
        drawn(results)


@pytest.mark.parametrize(("many", "is_begun"), [(2, True), (1000, False)])
def test_imports_begin_early_for_many_records_only(results, monkeypatch, many, is_begun):
    begun = []
    monkeypatch.setattr(draw, "preload", begun.append)
    monkeypatch.setattr(draw, "MANY", many)
    draw.prepare_to_draw(results)
    assert bool(begun) == is_begun


def test_a_figure_of_what_is_no_more_is_removed(results):
    changes = results / "figures" / "mine-changes.png"
    changes.parent.mkdir()
    changes.write_bytes(b"of an earlier run")
    assert drawn(results)
    assert not changes.exists()
