"""The parts of the page that views have: their own values, template and script."""

import pytest

from benchmark.errors import PluginError
from benchmark.evaluate.registry import METRICS
from benchmark.record.searches import write_search
from benchmark.report.answer import Answer
from benchmark.report.apart import STEP
from benchmark.report.page.charts import table_values
from benchmark.report.page.write import page_text
from benchmark.report.tradeoff import Tradeoff
from benchmark.report.views.registry import VIEWS, ViewEntry, sections
from benchmark.report.views.searches import SearchesView
from benchmark.report.views.songs import SongsView
from benchmark.report.views.tradeoff import TradeoffView
from benchmark.report.views.view import Section, View
from tests.made_up_rows import row, size, table
from tests.made_up_searches import search

CHEAP = row("linear", 0.3, 1, **size(100))
CRNN = row("crnn", 0.25, **size(10_000))
TABLE = table(CRNN, row("crnn_nb", 0.27, **size(10_000)), CHEAP)
ANSWER = Answer("mine", TABLE.rows[0].cells, [TABLE])


@pytest.fixture
def views(monkeypatch):
    """Lend the table of views, for rows to be added."""
    monkeypatch.setattr("benchmark.report.views.registry.VIEWS", added := dict(VIEWS))
    return added


def test_the_page_draws_rows_where_figures_do(tmp_path):
    (drawn,) = TradeoffView().drawn(ANSWER, tmp_path)
    found = drawn["costs"]["parameters"]
    assert found["x"] == [
        float(f"{x:.5g}") for x in Tradeoff(TABLE.competitors, "parameters").places
    ]
    assert found["x"][1] / found["x"][0] == pytest.approx(STEP, rel=1e-4)  # of 10,000 both
    assert found["fronts"]["rmse_average"] == [2, 0]  # linear is the cheapest, crnn the best
    assert "train_joules" not in drawn["costs"]


def test_a_row_that_costs_nothing_stands_at_the_left_edge_and_on_the_front():
    rows = [*table(row("crnn", 0.25, flops=1000), row("linear", 0.3, 1, flops=0)).rows]
    tradeoff = Tradeoff(rows, "flops")
    assert tradeoff.places == [1000, 100]
    assert tradeoff.front("rmse_average") == [1, 0]


def test_the_front_of_a_score_that_should_be_high_has_the_highest():
    few = row("linear", 0.3, 1, **size(10))
    rows = table(CRNN, few).rows
    for line, value in zip(rows, (0.4, 0.6), strict=True):
        line.scores["ccc_average"] = value
    assert Tradeoff(rows, "parameters").front("ccc_average") == [1]
    rows[0].scores["ccc_average"] = 0.7
    assert Tradeoff(rows, "parameters").front("ccc_average") == [1, 0]


def test_charts_offer_the_metrics_that_records_have_rmse_first():
    assert [metric["name"] for metric in table_values(TABLE)["metrics"]] == ["rmse"]
    found = table(CRNN)
    found.rows[0].scores["ccc_average_per_song"] = 0.5
    rmse, ccc = table_values(found)["metrics"]
    assert [name for name, _ in rmse["conventions"]] == ["", "_per_song"]
    assert ccc == {
        "name": "ccc", "heading": METRICS["ccc"].heading, "better": "higher",
        "conventions": [("_per_song", "mean over songs")],
    }  # fmt: skip


def test_songs_have_every_metric_that_all_repetitions_have_and_none_where_it_is_not_defined(
    tmp_path,
):
    found = table(row("linear", 0.3, 1))
    per_song = found.rows[0].cells[0].per_song
    for target, first in (("valence", None), ("arousal", 0.5)):
        per_song[f"ccc_{target}"] = [first, *[0.25] * (len(per_song["song_id"]) - 1)]
    (songs,) = SongsView().drawn(Answer("mine", [], [found]), tmp_path)
    scores = songs["rows"][0]["scores"]
    assert scores.keys() == {"rmse", "ccc"}
    assert scores["ccc"]["valence"][:2] == [None, 0.25]
    assert scores["ccc"]["arousal"][:2] == [0.5, 0.25]


def test_a_search_is_drawn_where_its_finalists_are_and_nowhere_else(tmp_path):
    finalist = {"trial": 2, "n_seeds": 3, "rmse": 0.3, "rmse_std": 0.01, "n_parameters": 3000,
                "group": TABLE.rows[0].group, "is_default": False, "values": {}}  # fmt: skip
    assert SearchesView().drawn(ANSWER, tmp_path) is None
    write_search(tmp_path, search(finalists=[finalist]))
    ((found,),) = SearchesView().drawn(ANSWER, tmp_path)
    assert [trial["number"] for trial in found["trials"]] == list(range(7))
    assert found["front"][0] == (1000, 0.328)
    assert [row["trial"] for row in found["finalists"]] == [2]
    assert found["settings"]["training.learning_rate"] is True
    assert SearchesView().drawn(Answer("mine", [], [table(CHEAP)]), tmp_path) is None


def test_a_view_of_one_s_own_has_its_part_of_the_page(views, tmp_path):
    (tmp_path / "mine.html").write_text("<p>{{ 1 + 1 }} rows</p>")
    (tmp_path / "mine.js").write_text("views.mine = { draw() {} };")

    class Mine(View):
        section = Section("My own", tmp_path / "mine.py")

    views["mine"] = ViewEntry(Mine, "mine")
    text = page_text(ANSWER, tmp_path, {})
    assert '<h2 id="mine-title">My own</h2>\n<p>2 rows</p>' in text
    assert "{\nviews.mine = { draw() {} };}" in text
    (tmp_path / "mine.js").unlink()
    with pytest.raises(PluginError, match="View 'mine', its part of the page"):
        page_text(ANSWER, tmp_path, {})


@pytest.mark.parametrize(
    ("returned", "says"),
    [
        ({}, "drawn must return a list"),
        ([1, 2], "2 values for 1 tables"),
        ([float("nan")], "not JSON compliant"),
        ([object()], "not JSON serializable"),
    ],
)
def test_what_a_view_draws_is_checked(views, tmp_path, returned, says):
    class Mine(View):
        section = Section("My own", tmp_path / "mine.py")

        def drawn(self, comparison, results):
            return returned

    views["mine"] = ViewEntry(Mine, "mine")
    with pytest.raises(PluginError, match=says):
        sections(ANSWER, tmp_path)
