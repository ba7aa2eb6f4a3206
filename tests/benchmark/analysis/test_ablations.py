"""What a change does, paired against the default."""

import pytest

from benchmark.analysis.ablations import ablations
from benchmark.analysis.comparison import Comparison
from benchmark.analysis.ranking import rankings
from benchmark.analysis.rows import aggregate
from benchmark.report.figures.ablations import ablations_figure
from benchmark.report.grid import markdown
from benchmark.report.tables import interval_text, rounded
from benchmark.report.views.ablations import AblationsView
from tests.benchmark.analysis.differences import bootstrap_differences
from tests.made_up_records import make_record


def effect_grids(found):
    return AblationsView().study_grids(Comparison("mine", [], found))


def shifted(by, **changes):
    """Return two repetitions whose every error lies `by` above that of `make_record`."""
    plain = make_record()
    per_song = {
        name: [value + by for value in values] if name.startswith("rmse") else values
        for name, values in plain.per_song.items()
    }
    scores = {name: value + by for name, value in plain.scores.items()}
    return [make_record(repetition=n, per_song=per_song, scores=scores, **changes) for n in (1, 2)]


def settings(**changed):
    group = "-".join(f"{key}{value}" for key, value in changed.items()).ljust(64, "0")
    return {"settings": changed, "group": group}


def tables(*rows):
    records = [record for row in rows for record in row]
    for index, record in enumerate(records):
        object.__setattr__(record, "cell", f"{index}".ljust(64, "0"))
    return aggregate(records, {record.cell: record.group for record in records}, "mine")


def test_a_change_that_adds_the_same_to_every_song_has_no_uncertainty_per_song():
    base, other = shifted(0), shifted(0.02, **settings(dropout=0.5))
    low, high = bootstrap_differences(other, base)["rmse_valence_per_song"]
    assert (low, high) == (pytest.approx(0.02), pytest.approx(0.02))
    (grid,) = effect_grids(tables(base, other))
    assert [line[:3] for line in grid.lines] == [("crnn", "60", "dropout=0.5")]
    assert "| +0.020 [+0.020, +0.020] |" in markdown(grid)


def test_other_labels_are_a_change_too():
    other = shifted(
        0.01, dataset_options={"labels": "mediaeval2015"}, dataset_digest="e" * 64, **settings()
    )
    (grid,) = effect_grids(tables(shifted(0), other))
    assert [line[2] for line in grid.lines] == ["labels mediaeval2015"]


def test_the_default_is_the_row_that_was_asked_for_first_without_settings():
    other = shifted(
        -0.01, dataset_options={"labels": "mediaeval2015"}, dataset_digest="a" * 64, **settings()
    )
    (grid,) = effect_grids(tables(shifted(0), other))
    assert grid.lines[0][5].startswith("-0.010")


def test_what_the_whole_study_shares_is_on_both_sides():
    rows = (
        shifted(0, **settings(max_epochs=5)),
        shifted(0.02, **settings(max_epochs=5, dropout=0.5)),
    )
    (grid,) = effect_grids(tables(*rows))
    assert [line[2] for line in grid.lines] == ["dropout=0.5"]
    assert "On both sides: max_epochs=5 (not the default)." in grid.notes


def test_changes_are_drawn_with_their_intervals(tmp_path, monkeypatch):
    from matplotlib.axes import Axes

    drawn = {}
    original = Axes.errorbar

    def spy(self, x, y, xerr=None, **options):
        drawn[options["label"]] = list(x)
        return original(self, x, y, xerr=xerr, **options)

    monkeypatch.setattr(Axes, "errorbar", spy)
    found = ablations(tables(shifted(0), shifted(0.02, **settings(dropout=0.5))))
    path = ablations_figure(found, tmp_path / "changes.png")
    assert path is not None
    assert path.read_bytes().startswith(b"\x89PNG")
    assert drawn == {"pooled": [pytest.approx(0.02)], "per song": [pytest.approx(0.02)]}
    assert ablations_figure([], tmp_path / "none.png") is None


def test_a_change_and_a_flattered_row_take_no_part_in_the_trade_off(tmp_path, monkeypatch):
    from benchmark.report.figures import tradeoff as figures

    shown = []
    monkeypatch.setattr(figures, "draw_points", lambda axes, rows, *rest: shown.append(rows))
    flattered = shifted(-0.05, model="blstm", **settings(selection="evaluation"))
    (table,) = tables(shifted(0), shifted(-0.02, **settings(dropout=0.5)), flattered)
    figures.tradeoff_figure(table, rankings(table), tmp_path / "figure.png")
    assert [[(row.model, row.settings) for row in rows] for rows in shown] == [[("crnn", {})]] * 2


def test_without_a_default_there_is_nothing_to_compare_with():
    alone = [shifted(0, **settings(dropout=0.5)), shifted(0, model="blstm", **settings())]
    assert effect_grids(tables(*alone)) == []
    assert effect_grids(tables(shifted(0))) == []


def test_rows_scored_on_other_songs_are_not_compared():
    other = shifted(0.01, **settings(dropout=0.5))
    for record in other:
        record.per_song["song_id"] = ["x", "y", "z"]
    assert effect_grids(tables(shifted(0), other)) == []


def test_other_songs_of_the_same_names_are_no_change():
    other = shifted(
        0.01, dataset_options={"labels": "deam", "data_seed": 2}, dataset_digest="e" * 64,
        **settings(),
    )  # fmt: skip
    assert ablations(tables(shifted(0), other)) == []


def test_what_rounds_to_zero_has_no_sign():
    assert interval_text(-0.0004, (-0.0116, 0.0004)) == "0.000 [-0.012, 0.000]"
    assert interval_text(0.0006, (0.0004, 0.0116)) == "+0.001 [0.000, +0.012]"
    assert (rounded(-0.0004), rounded(-0.0006), rounded(0.25)) == ("0.000", "-0.001", "0.250")
