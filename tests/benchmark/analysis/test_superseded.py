"""Rows that people could not tell apart are told apart."""

from dataclasses import replace

from benchmark.analysis.superseded import with_versions
from benchmark.tracking.model_registry import ranked
from tests.made_up_rows import row, table


def aged(records, started, **changes):
    """Return records of another time, and so of another group."""
    return [
        replace(
            one,
            cell=f"{started}{one.cell}",
            group=f"{started}{one.group}",
            circumstances=one.circumstances | {"started": started},
            **changes,
        )
        for one in records
    ]


def test_an_older_version_of_a_model_says_so_and_is_not_ranked():
    older = aged(row("crnn", 0.2), 1, model_version="1")
    newer = aged(row("crnn", 0.3), 2, model_version="2")
    found = table(newer, older)
    names = sorted(one.name(found.shared_settings) for one in found.rows)
    assert names == ["crnn (model_version=1), L=60", "crnn, L=60"]
    assert [one.group for one in found.competitors] == [newer[0].group]
    assert [one.group for one in ranked(found)] == [newer[0].group]


def test_namesakes_without_another_version_are_told_apart_by_their_group():
    found = table(aged(row("crnn", 0.2), 1), aged(row("crnn", 0.3), 2))
    assert len({one.name(found.shared_settings) for one in found.rows}) == 2


def test_other_settings_are_no_namesakes():
    found = table(row("crnn", 0.2), aged(row("crnn", 0.3), 2, settings={"dropout": 0.5}))
    assert not any("version" in one.name(found.shared_settings) for one in found.rows)


def test_folds_over_other_songs_are_no_namesakes():
    some = row("crnn", 0.2)
    protocol = some[0].protocol | {"folds": 10}
    some = aged(some, 1, protocol=protocol)
    every = aged(row("crnn", 0.3), 2, protocol=protocol | {"fold_over": "all"})
    assert [one.settings for one in with_versions([*some, *every])] == [{}] * 6
