"""Printed numbers: each with its source, beside ours and never among them."""

from dataclasses import replace

import pytest

from benchmark.analysis.ranking import rankings
from benchmark.analysis.rows import aggregate
from benchmark.report.answer import Answer
from benchmark.report.export import rows_csv
from benchmark.report.figures.tradeoff import tradeoff_figure
from benchmark.report.grid import markdown, terminal_tables
from benchmark.report.published import published, published_beside
from benchmark.report.views.paper import PaperView
from benchmark.report.views.published import PublishedView
from tests.made_up_records import make_record


def table(*records):
    asked = {record.cell: record.group for record in records}
    (found,) = aggregate(records, asked, "table1a")
    return found


def paper_grids(study, tables):
    return PaperView().study_grids(Answer(study, [], tables))


def on_real_songs(**changes):
    return make_record(dataset="mediaeval2015", features="baseline", **changes)


def test_every_printed_row_names_its_source_and_lies_on_the_scale():
    for row in published():
        assert row.source
        for value in row.values.values():
            assert value == "" or 0 < float(value) < 1


@pytest.mark.parametrize(("study", "n_rows"), [("table1a", 8), ("table1b", 8), ("table2", 2)])
def test_the_paper_s_tables_are_complete(study, n_rows):
    assert sum(row.table == study for row in published()) == n_rows


def test_printed_averages_are_the_mean_of_both_targets_up_to_rounding():
    for row in published():
        if row.values["average"]:
            mean = (float(row.values["valence"]) + float(row.values["arousal"])) / 2
            assert float(row.values["average"]) == pytest.approx(mean, abs=0.00151)


def test_printed_rows_stand_beside_tables_of_the_same_songs_scored_the_same_way():
    assert published_beside(table(make_record())) == []
    ours = table(on_real_songs())
    assert {row.side for row in published_beside(ours)} == {"evaluation"}
    assert {row.side for row in published_beside(replace(ours, folds=10))} == {"cross-validation"}


def test_a_published_row_is_never_averaged_with_ours():
    ours = table(on_real_songs())
    assert [row.model for row in ours.rows] == ["crnn"]
    assert "published" not in rows_csv([ours], {})
    (grid,) = PublishedView().table_grids(Answer("mine", [], [ours]), ours)
    shown = [line[:7] for line in grid.lines]
    assert ("Li et al. 2016", "-", "baseline", "", "0.285", "0.225", "0.255") in shown


def test_the_paper_s_layout_says_inside_or_outside_under_both_conventions():
    # three songs of equal length, errors .265 .275 .285 and .14 .15 .16: their mean is known to
    # 4.303 (Student's t, 2 degrees of freedom) times .01 / sqrt(3), so to .0248
    songs = {
        "song_id": ["e0", "e1", "e2"], "n_frames": [20, 20, 20],
        "rmse_valence": [0.265, 0.275, 0.285], "rmse_arousal": [0.14, 0.15, 0.16],
    }  # fmt: skip
    cells = [on_real_songs(repetition=number, per_song=songs) for number in (1, 2)]
    for cell in cells:
        cell.scores.update({"rmse_valence": 0.275, "rmse_valence_per_song": 0.275})
        cell.scores.update({"rmse_arousal": 0.15, "rmse_arousal_per_song": 0.15})
    text = markdown(paper_grids("table1a", [table(*cells)])[0])
    printed, pooled, per_song = (
        next(line for line in text.splitlines() if key in line)
        for key in ("| CRNN, L=60 | printed", "ours, pooled", "ours, per song")
    )
    assert "| 0.275 ± 0.004 | 0.210 ± 0.004 | 0.242 ± 0.002 | 0.065 ± 0.002 |" in printed
    for ours in (pooled, per_song):
        assert "| 0.275 [0.250, 0.300] inside | 0.150 [0.125, 0.175] outside |" in ours
    assert "| 0.150 ± 0.000 | 0.100 ± 0.000 |" in pooled  # training error, half of the scores
    assert "valence, development (training error)" in text


def test_lengths_that_were_not_run_say_so():
    text = markdown(paper_grids("table1a", [table(on_real_songs())])[0])
    assert text.count("ours: not run") == 3


def test_other_features_and_settings_are_named_in_our_rows():
    records = [
        make_record(dataset="mediaeval2015", features="song_means", settings={"dropout": 0.5}),
        make_record(
            dataset="mediaeval2015", features="song_means", sequence_length=10, settings={}
        ),
    ]
    text = markdown(paper_grids("table1a", [table(*records)])[0])
    assert "ours, pooled (features song_means, dropout=0.5)" in text
    assert "ours, pooled (features song_means) |" in text


def test_labels_are_always_named_in_the_rows_where_they_differ_and_below_where_not():
    deam = on_real_songs()
    other = on_real_songs(
        dataset_options={"labels": "mediaeval2015"}, dataset_digest="e" * 64, group="o" * 64,
        cell="o" * 64,
    )  # fmt: skip
    (alone,) = paper_grids("table1a", [table(deam)])
    assert "Ours learned from the labels deam." in alone.notes
    text = markdown(paper_grids("table1a", [table(deam), table(other)])[0])
    assert "ours, pooled (labels deam)" in text
    assert "ours, pooled (labels mediaeval2015)" in text


def test_other_studies_have_no_paper_s_layout():
    assert paper_grids("smoke", [table(on_real_songs())]) == []


def test_a_narrow_terminal_gets_evaluation_and_development_one_below_the_other():
    (grid,) = paper_grids("table1a", [table(on_real_songs())])
    assert len(terminal_tables(grid, 250)) == 1
    assert len(terminal_tables(grid, 120)) == 2


def test_published_values_have_marks_of_their_own_in_the_figure(tmp_path, monkeypatch):
    from matplotlib.axes import Axes

    drawn = []
    original = Axes.plot

    def spy(self, *values, **options):
        if str(options.get("label", "")).startswith("published"):
            drawn.append((options["label"], options["marker"], len(values[0])))
        return original(self, *values, **options)

    monkeypatch.setattr(Axes, "plot", spy)
    ours = table(on_real_songs())
    assert tradeoff_figure(ours, rankings(ours), tmp_path / "figure.png")
    assert ("published: CRNN, baseline", "x", 4) in drawn
    assert ("published: CRNN, logmel", "+", 4) in drawn
    assert ("published: Li et al. 2016, baseline", "1", 1) in drawn
