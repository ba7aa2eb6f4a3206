import statistics
from dataclasses import replace

import pytest

from benchmark.analysis.ablations import ablations
from benchmark.analysis.counts import count_cells, without_record
from benchmark.analysis.rows import aggregate
from benchmark.report.answer import figure_stem
from benchmark.report.export import flat_rows
from benchmark.report.page.about import facts
from benchmark.report.published import published_beside
from benchmark.report.tables import title
from benchmark.report.views.scores import notes
from tests.made_up_records import make_record


def scored(repetition, valence, **changes):
    record = make_record(repetition=repetition, **changes)
    return make_record(
        repetition=repetition, scores=record.scores | {"rmse_valence": valence}, **changes
    )


def asked(records):
    return {record.cell: record.group for record in records}


def only_row(records, wanted=None):
    (table,) = aggregate(records, wanted or asked(records), "mine")
    (row,) = table.rows
    return row


def test_mean_and_deviation_over_repetitions():
    values = [0.3, 0.32, 0.28, 0.31]
    row = only_row([scored(n, value) for n, value in enumerate(values, start=1)])
    assert row.scores["rmse_valence"] == pytest.approx(statistics.mean(values))
    assert row.scores["rmse_valence_std"] == pytest.approx(statistics.stdev(values))
    assert (row.n_cells, row.n_missing) == (4, 0)


def test_one_repetition_has_no_deviation():
    assert only_row([make_record()]).scores["rmse_valence_std"] is None


def test_a_mean_over_missing_cells_is_refused():
    records = [scored(n, 0.3) for n in (1, 2, 3)]
    row = only_row(records[:2], asked(records))
    assert (row.n_cells, row.n_missing, row.is_complete) == (2, 1, False)
    assert row.scores["rmse_valence"] is None
    assert row.parameters is None


def test_rows_without_some_of_their_records_are_named():
    records = [make_record(repetition=n) for n in range(1, 6)]
    wanted = asked(records) | {"a": "unknown", "b": "unknown", "c": "unheard"}
    assert without_record(records[:3], wanted) == [
        "3 cells of 2 rows that have no record at all",
        "tiny six crnn-L60: 2 of 5 cells have no record",
    ]
    failed = make_record(repetition=5, status="failed", error="why", scores={}, parameters={})
    assert without_record([*records[:4], failed], asked(records)) == []


@pytest.mark.parametrize("status", ["diverged", "failed"])
def test_a_mean_over_cells_gone_wrong_is_refused(status):
    broken = make_record(repetition=2, status=status, error="why", scores={}, parameters={})
    row = only_row([make_record(), broken])
    assert (row.n_cells, row.n_missing) == (1, 1)
    assert row.scores["rmse_average"] is None


def test_records_nobody_asked_for_are_left_out():
    stranger = scored(9, 0.9)
    row = only_row([make_record(), stranger], asked([make_record()]))
    assert row.n_cells == 1


def test_floors_come_last_and_models_in_the_registrys_order():
    models = ["linear", "blstm", "constant", "crnn"]
    records = [make_record(model=model) for model in models]
    (table,) = aggregate(records, asked(records), "mine")
    assert [row.model for row in table.rows] == ["crnn", "blstm", "constant", "linear"]


def test_different_digests_never_share_a_table():
    records = [make_record(), make_record(model="blstm", dataset_digest="e" * 64)]
    assert len(aggregate(records, asked(records), "mine")) == 2


def test_settings_that_all_trained_rows_share_are_said_once():
    records = [
        make_record(model="crnn", settings={"max_epochs": 5, "dropout": 0.5}),
        make_record(model="blstm", settings={"max_epochs": 5}),
        make_record(model="constant"),
    ]
    (table,) = aggregate(records, asked(records), "mine")
    assert table.shared_settings == {"max_epochs": 5}
    labels = [row.label(table.shared_settings) for row in table.rows]
    assert labels == ["crnn (dropout=0.5)", "blstm", "constant"]


def test_settings_of_a_table_of_floor_rows_are_said_once_as_well():
    settings = {"folds": 10, "fold_over": "all"}
    records = [make_record(model=model, settings=settings) for model in ("constant", "linear")]
    (table,) = aggregate(records, asked(records), "mine")
    assert table.shared_settings == settings
    assert [row.label(table.shared_settings) for row in table.rows] == ["constant", "linear"]


def test_cells_are_counted_by_what_became_of_them():
    done = make_record()
    broken = make_record(repetition=2, status="failed", error="why", scores={})
    counts, problems = count_cells([done, broken], [done.cell, broken.cell, "f" * 64])
    assert counts == {"done": 1, "diverged": 0, "failed": 1, "missing": 1}
    assert problems == [broken]


def test_folds_over_all_songs_never_share_a_table_with_folds_over_development_songs():
    def folded(name, **protocol):
        own = {"settings": protocol, "group": name.ljust(64, "0"), "cell": name.ljust(64, "1")}
        return make_record(protocol=make_record().protocol | protocol, **own)

    records = [
        make_record(),
        folded("some", folds=10),
        folded("every", folds=10, fold_over="all"),
        folded("new", folds=10, fold_over="development"),
    ]
    tables = aggregate(records, asked(records), "mine")
    assert [len(table.rows) for table in tables] == [1, 2, 1]
    assert [table.folds_text for table in tables] == [
        "", ", 10-fold over development songs", ", 10-fold over all songs",
    ]  # fmt: skip
    assert [title(table).split(", ")[3] for table in tables[1:]] == [
        "10-fold over development songs", "10-fold over all songs",
    ]  # fmt: skip
    assert [line["judged_on"] for table in tables for line in flat_rows(table, {})] == [
        "evaluation", "10-fold development", "10-fold development", "10-fold all",
    ]  # fmt: skip
    assert len({figure_stem("mine", table) for table in tables}) == 3
    assert notes(tables[2])[0].startswith("RMSE on all songs, each held out once, mean")
    assert dict(facts(tables[2]))["Learned from"] == "all 27 songs, less the fold held out"
    assert ablations(tables) == []


def test_published_folds_stand_beside_folds_over_development_songs_only():
    record = make_record(dataset="mediaeval2015")
    folds = {"folds": 10}
    for protocol, n_published in ((folds, 3), (folds | {"fold_over": "all"}, 0)):
        one = replace(record, protocol=record.protocol | protocol)
        (table,) = aggregate([one], asked([one]), "mine")
        assert len(published_beside(table)) == n_published
