"""Reference lines of the trade-off figure: each is named, and no name hides another."""

import pytest

from benchmark.analysis.ranking import rankings
from benchmark.report.figures.tradeoff import tradeoff_figure
from tests.made_up_rows import row, size, table


def labels_of(monkeypatch, tmp_path, **values):
    """Draw a figure with reference lines at these errors; return their labels' places, pooled."""
    from matplotlib.axes import Axes

    drawn = {}
    annotate = Axes.annotate

    def spy(self, text, place, **options):
        drawn.setdefault(text, (place[1], options.get("ha"), options.get("va")))
        return annotate(self, text, place, **options)

    monkeypatch.setattr(Axes, "annotate", spy)
    references = {
        name: {"rmse_average": value, "rmse_average_per_song": None}
        for name, value in values.items()
    }
    found = table(
        row("crnn", 0.25, references=references, **size(35_000)),
        row("linear", 0.30, 1, references=references, **size(500)),
    )
    assert tradeoff_figure(found, rankings(found), tmp_path / "figure.png") is not None
    return drawn


def test_three_lines_close_together_have_their_names_above_below_and_at_the_other_end(
    monkeypatch, tmp_path
):
    drawn = labels_of(monkeypatch, tmp_path, oracle=0.246, ceiling=0.249, floor=0.252)
    assert drawn["oracle"] == (0.246, "right", "top")
    assert drawn["ceiling"] == (0.249, "left", "bottom")
    assert drawn["floor"] == (0.252, "right", "bottom")


def test_a_line_far_from_the_others_has_its_name_above_it(monkeypatch, tmp_path):
    drawn = labels_of(monkeypatch, tmp_path, ceiling=0.25, floor=0.28)
    assert drawn["ceiling"] == (0.25, "right", "bottom")
    assert drawn["floor"] == (0.28, "right", "bottom")


@pytest.mark.parametrize("n_lines", [1, 3])
def test_lines_far_below_the_models_are_named_and_not_drawn(monkeypatch, tmp_path, n_lines):
    values = dict(zip(("oracle", "ceiling", "floor"), (0.1, 0.12, 0.08), strict=True))
    kept = dict(list(values.items())[:n_lines])
    drawn = labels_of(monkeypatch, tmp_path, **kept)
    shown = ", ".join(f"{name} {value:.3f}" for name, value in kept.items())
    assert f"below this panel: {shown}" in drawn
