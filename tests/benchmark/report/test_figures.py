"""What figures show: each model in one colour and mark, names, words for what is drawn aside."""

import re

import pytest

from benchmark.analysis.ranking import rankings
from benchmark.report.answer import Answer, figure_stem
from benchmark.report.figures.costs import costs_figure
from benchmark.report.figures.stale import remove_stale
from benchmark.report.figures.tradeoff import column_figure, tradeoff_figure
from benchmark.report.palette import LOOKS
from benchmark.report.write import write_answer
from tests.benchmark.report.drawn import assert_whole
from tests.made_up_rows import row, size, table

LENGTHS = [
    row("crnn", 0.25 + length / 1000, sequence_length=length, **size(35_000)) for length in (60, 10)
]
LINEAR = row("linear", 0.3, 1, **size(500))
FOUND = table(*LENGTHS, LINEAR)


def texts(figure):
    from matplotlib.text import Text

    return [one.get_text() for one in figure.findobj(Text) if one.get_text()]


def points(axes):
    """Return colour -> sizes of the points of a panel."""
    from matplotlib.colors import to_hex

    return {
        to_hex(one.get_facecolor()[0]): one.get_sizes().tolist()
        for one in axes.collections
        if hasattr(one, "get_sizes") and len(one.get_sizes())
    }


def test_rows_of_a_model_share_its_colour_and_mark_and_longer_sequences_are_larger(shown, tmp_path):
    tradeoff_figure(FOUND, rankings(FOUND), tmp_path / "figure.png")
    for panel in shown[0].axes[:2]:
        found = points(panel)
        assert found.keys() == {LOOKS["crnn"].colour, LOOKS["linear"].colour}
        long, short = found[LOOKS["crnn"].colour]
        assert long > short


def test_another_choice_of_models_changes_no_colour(shown, tmp_path):
    blstm = row("blstm", 0.26, **size(90_000))
    for number, found in enumerate((FOUND, table(blstm, *LENGTHS, LINEAR), table(LINEAR, blstm))):
        tradeoff_figure(found, rankings(found), tmp_path / f"{number}.png")
    colours = [set(points(figure.axes[0])) for figure in shown]
    assert colours[1] == {LOOKS[name].colour for name in ("crnn", "linear", "blstm")}
    assert colours[0] == colours[1] - {LOOKS["blstm"].colour}
    assert colours[2] == colours[1] - {LOOKS["crnn"].colour}


@pytest.mark.parametrize("draw", ["tradeoff", "costs"])
def test_a_figure_names_its_models_and_says_what_is_drawn_side_by_side(shown, tmp_path, draw):
    if draw == "costs":
        costs_figure(FOUND, tmp_path / "figure.png")
    else:
        tradeoff_figure(FOUND, rankings(FOUND), tmp_path / "figure.png")
    (legend,) = shown[0].legends
    names = [one.get_text() for one in legend.get_texts()]
    assert {"crnn", "linear"} <= set(names)
    note = legend.get_title().get_text()
    assert "Larger marks: longer training sequences (L=10, L=60)." in note
    assert "side by side" in note


def test_no_figure_shows_a_digest(shown, tmp_path):
    tradeoff_figure(FOUND, rankings(FOUND), tmp_path / "a.png")
    costs_figure(FOUND, tmp_path / "b.png")
    column_figure(FOUND, "pooled", tmp_path / "c.pdf")
    for figure in shown:
        assert not re.search("digest|dddd", " ".join(texts(figure)))


def test_nothing_that_figures_write_is_cut_off(shown, tmp_path):
    tradeoff_figure(FOUND, rankings(FOUND), tmp_path / "a.png")
    costs_figure(FOUND, tmp_path / "b.png")
    column_figure(FOUND, "per song", tmp_path / "c.png")
    for figure in shown:
        assert_whole(figure)


def test_a_column_figure_has_one_panel_of_a_column_s_width_and_names(shown, tmp_path):
    assert column_figure(FOUND, "pooled", tmp_path / "figure.pdf")
    (figure,) = shown
    (panel,) = figure.axes
    assert figure.get_size_inches()[0] == pytest.approx(3.4)
    assert panel.get_title() == ""
    assert figure.get_suptitle() == ""
    assert {"crnn", "linear"} <= set(texts(figure))


def test_figures_of_the_kind_column_are_one_file_a_convention(tmp_path):
    paths = write_answer(Answer("mine", [], [FOUND]), tmp_path, ("column",))
    names = [path.name for path in paths if path.parent.name == "figures"]
    stem = figure_stem("mine", FOUND)
    assert names == [f"{stem}-column.pdf", f"{stem}-column-per_song.pdf"]


def test_figures_of_tables_that_are_no_more_are_removed_and_nothing_else(tmp_path):
    folder = tmp_path / "figures"
    folder.mkdir()
    stem = figure_stem("mine", FOUND)
    old = ["mine-tiny-six-0123abcd.png", "mine-tiny-six-0123abcd-costs.svg",
           "mine-gone-six-3fold-0123abcd-column.pdf"]  # fmt: skip
    kept = ["agreement.png", "mine-notes.png", "mine-tiny-six-0123abcd.txt", "search-mine.png",
            "mine-own-tiny-six-0123abcd.png", f"{stem}.svg", f"{stem}-costs.png"]  # fmt: skip
    for name in [*old, *kept]:
        (folder / name).write_bytes(b"")
    (folder / "mine-folder-six-0123abcd.png").mkdir()
    remove_stale(tmp_path, "mine", {"mine-own"}, [stem])
    left = {path.name for path in folder.iterdir()}
    assert left == {*kept, "mine-folder-six-0123abcd.png"}


def test_a_report_removes_the_figures_of_songs_that_changed(tmp_path):
    old = tmp_path / "figures" / "mine-tiny-six-0123abcd.png"
    old.parent.mkdir()
    old.write_bytes(b"of other songs")
    write_answer(Answer("mine", [], [FOUND]), tmp_path)
    assert not old.exists()
