"""An answer in the order and under the names that a paper wants."""

import csv
from io import StringIO

import pytest

from benchmark.errors import ConfigError
from benchmark.report.answer import Answer
from benchmark.report.arrange import arranged
from tests.made_up_rows import row, size, table

FOUND = table(
    row("crnn", 0.25, **size(9)),
    row("tcn", 0.24, **size(8)),
    row("blstm", 0.26, **size(90)),
    row("linear", 0.3, 1, **size(2)),
)
ANSWER = Answer("mine", [], [FOUND])
NAMES = {"crnn": "CRNN (ours)", "linear": "Ridge"}


def first_cells(answer):
    return [line[0] for line in answer.mains[0].lines][:4]


def test_models_come_in_the_order_asked_for_then_the_others_then_the_floor():
    assert first_cells(ANSWER) == ["crnn", "blstm", "tcn", "linear"]
    assert first_cells(arranged(ANSWER, ["linear", "tcn"], {})) == [
        "tcn",
        "crnn",
        "blstm",
        "linear",
    ]


def test_models_have_the_names_asked_for_wherever_people_read():
    answer = arranged(ANSWER, (), NAMES)
    assert first_cells(answer) == ["CRNN (ours)", "blstm", "tcn", "Ridge"]
    for text in (answer.markdown(), answer.latex()):
        assert "CRNN (ours)" in text
        assert "crnn" not in text.replace("CRNN", "").split("by the paper's")[0]
    first = next(csv.DictReader(StringIO(answer.csv())))
    assert (first["model"], first["label"]) == ("crnn", "CRNN (ours), L=60")


def test_nothing_asked_for_changes_nothing():
    assert arranged(ANSWER, (), {}) is ANSWER


@pytest.mark.parametrize(
    ("order", "names", "option"), [(["tcm"], {}, "--order"), ((), {"tcm": "TCN"}, "--names")]
)
def test_a_model_without_a_row_is_an_error_that_names_those_there_are(order, names, option):
    with pytest.raises(ConfigError, match=f"{option}: no row is of a model 'tcm'. There are: crnn"):
        arranged(ANSWER, order, names)


@pytest.mark.parametrize(
    ("names", "both"),
    [({"crnn": "Net", "tcn": "Net"}, "'crnn' and 'tcn'"), ({"crnn": "tcn"}, "'crnn' and 'tcn'")],
)
def test_two_models_under_one_name_are_refused(names, both):
    with pytest.raises(ConfigError, match=f"--names: {both} would both be called '"):
        arranged(ANSWER, (), names)
