"""Long numbers in names are rounded for people, and only as far as names stay different."""

from benchmark.analysis.rows import settings_text
from benchmark.report.answer import Answer
from tests.made_up_rows import row, size, table

SEARCHED = {"dropout": 0.20397078570570382, "learning_rate": 0.0009669101742415781, "width": 32}


def named(*settings):
    rows = [
        row("crnn", 0.25, 1, settings=one, group=f"{place}".ljust(64, "0"),
            cell=f"{place}".ljust(64, "1"), **size(9))
        for place, one in enumerate(settings)
    ]  # fmt: skip
    found = table(*rows, row("linear", 0.3, 1))
    return found, [one.label({}) for one in found.rows if one.model == "crnn"]


def test_a_searched_configuration_is_named_in_three_digits():
    _, labels = named(SEARCHED)
    assert labels == ["crnn (dropout=0.204, learning_rate=0.000967, width=32)"]


def test_numbers_that_differ_later_keep_the_digits_that_tell_them_apart():
    _, labels = named({"dropout": 0.20397}, {"dropout": 0.20402}, {"dropout": 0.5})
    assert sorted(labels) == [
        "crnn (dropout=0.20397)", "crnn (dropout=0.20402)", "crnn (dropout=0.5)",
    ]  # fmt: skip


def test_files_for_programs_keep_every_digit():
    found, _ = named(SEARCHED)
    assert settings_text(SEARCHED) in Answer("mine", [], [found]).csv()
