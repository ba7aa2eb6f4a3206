"""Figures of a search: each setting on the scale it was searched on, every trial drawn or named."""

from dataclasses import replace
from itertools import pairwise

import pytest

from benchmark.report.figures.settings import log_ticks
from benchmark.report.figures.trials import hidden, search_title
from benchmark.report.palette import look_of
from benchmark.report.search import write_search_answer
from tests.benchmark.report.drawn import assert_whole
from tests.made_up_searches import search, trial


def test_trials_above_the_panels_and_without_an_error_are_named_in_words():
    assert hidden(search()) == "above the panels: 1 trained to the end (trial 6: 0.369)"
    lost = [*search().trials, replace(trial(3), number=7, state="pruned", rmse=None)]
    assert hidden(search(trials=lost)).endswith("; without any error, so not drawn: 1")
    title = search_title(search())
    assert "7 trials (6 trained to the end, 1 pruned)" in title
    assert "digest" not in title


def test_log_axes_are_of_settings_searched_on_a_log_scale_alone(shown, tmp_path):
    write_search_answer(search(), tmp_path)
    panels = {axes.get_xlabel(): axes for axes in shown[1].axes if axes.get_xlabel()}
    scales = {name: axes.get_xscale() for name, axes in panels.items()}
    assert scales == {
        "dropout": "linear", "learning rate": "log", "l1": "symlog", "layers": "linear",
        "units": "linear", "cells": "linear",
    }  # fmt: skip
    ticks = [one.get_text() for one in panels["units"].get_xticklabels()]
    assert ticks == ["4", "8", "64"]  # choices stand side by side


def test_tick_labels_do_not_touch_and_axis_labels_are_whole(shown, tmp_path):
    write_search_answer(search(), tmp_path)
    for figure in shown:
        assert_whole(figure)
        renderer = figure.canvas.get_renderer()
        for axes in figure.axes:
            low, high = sorted(axes.get_xlim())
            labels = [
                one.label1.get_window_extent(renderer)
                for one in axes.xaxis.get_major_ticks()
                if low <= one.get_loc() <= high and one.label1.get_text()
            ]
            labels.sort(key=lambda box: box.x0)
            for left, right in pairwise(labels):
                assert left.x1 < right.x0


def test_one_row_of_panels_holds_the_label_of_its_axis(shown, tmp_path):
    identity = search().identity | {"space": {"tcn.dropout": "0.1 to 0.5"}}
    write_search_answer(search(identity=identity), tmp_path)
    figure = shown[1]
    (label,) = [one for one in figure.texts if one.get_text().startswith("RMSE on held-out")]
    box = label.get_window_extent(figure.canvas.get_renderer())
    assert box.y0 >= 0
    assert box.y1 <= figure.bbox.y1


def test_trials_have_their_model_s_colour_and_pruned_ones_say_what_they_are(shown, tmp_path):
    from matplotlib.colors import to_hex

    write_search_answer(search(), tmp_path)
    history = shown[0].axes[0]
    assert to_hex(history.collections[0].get_facecolor()[0]) == look_of("tcn").colour
    said = " ".join(one.get_text() for one in history.get_legend().get_texts())
    assert "error where it was stopped" in said.replace("\n", " ")


def test_there_is_no_empty_panel_where_importance_is_not_known(shown, tmp_path):
    write_search_answer(search(), tmp_path / "without")
    write_search_answer(search(importance={"tcn.dropout": 1.0}), tmp_path / "with")
    assert [len(figure.axes) for figure in (shown[0], shown[2])] == [2, 3]


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (1e-4, 1e-2, [1e-4, 1e-3, 1e-2]),
        (0.11, 0.49, [0.2]),
        (3, 70, [5, 10, 20, 50]),
        (1e-4, 9e-3, [1e-4, 5e-4, 2e-3]),
        (1e-6, 1.0, [1e-6, 1e-4, 1e-2, 1.0]),
    ],
)
def test_ticks_of_a_log_axis_are_few_and_round_or_its_ends(low, high, ticks):
    expected = ticks if len(ticks) > 1 else [low, high]
    assert log_ticks(low, high) == pytest.approx(expected)
