"""Made-up searches to copy."""

from benchmark.record.searches import SearchRecord, TrialRow


def trial(number, rmse=0.3):
    return TrialRow(
        number=number, state="done", rmse=rmse, n_parameters=100, n_epochs=5, seconds=2.0,
        reason=None, is_default=number == 0, cell=None, commit="abc", values={"width": 8 + number},
    )  # fmt: skip


def found(*trials, **identity):
    return SearchRecord(
        name="mine", identity={"model": "crnn", **identity}, options={}, trials=list(trials)
    )
