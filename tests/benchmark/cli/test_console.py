"""What is printed is what was written, square brackets and all."""

from benchmark.cli import data
from benchmark.cli.console import console
from benchmark.cli.screen import Screen, planning, print_plan, summary
from benchmark.plan.config import Study
from benchmark.run.planning import RunPlan
from benchmark.train.device import Device
from benchmark.train.estimate import Estimate
from benchmark.train.trainer import Progress
from tests.small_models import make_cell

ODD = "[/x] [red]a[/red] :smile: [link=file:///a]b"


def test_a_users_text_is_never_markup(capfd):
    console().print(ODD, soft_wrap=True)
    assert capfd.readouterr().out == ODD + "\n"


def test_bars_show_a_networks_name_as_it_is(capfd, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")  # as on a terminal
    monkeypatch.setenv("COLUMNS", "300")
    cell = make_cell("crnn")
    study = Study("s", ())
    plan = RunPlan(
        study, Device("cpu", "r"), 1, [cell], {}, {cell.key: Estimate(1, 2, 1.0)}, (ODD,)
    )
    with planning(), Screen() as screen:
        screen.begin(plan)
        screen.on_progress(Progress(cell.key, ODD, 1, 0.5))
        screen.bars.update(screen.task, description=ODD)
        screen.bars.refresh()
    assert "[/x] [red]a[/red] :smile:" in capfd.readouterr().err


def plan_of(cells, *, recorded=(), n_workers=1, seconds=10.0):
    """Return what a run of these cells will do."""
    estimates = {cell.key: Estimate(1, 2, seconds) for cell in cells if cell.key not in recorded}
    return RunPlan(
        Study("s", ()),
        Device("cpu", ""),
        n_workers,
        list(cells),
        dict.fromkeys(recorded),
        estimates,
    )


def test_the_bound_of_a_run_counts_what_starting_processes_takes(capfd):
    cells = [make_cell("crnn", repetition=number) for number in (1, 2)]
    assert summary(plan_of(cells[:1])) == (
        "1 cell, 0 recorded, 1 to run; device cpu, 1 worker; training takes at most 10 s"
    )
    plan = plan_of(cells, n_workers=2)
    assert summary(plan).endswith("2 workers; training takes at most 10 s, after up to 25 s to"
                                  " start them")  # fmt: skip
    with Screen() as screen:
        screen.begin(plan)
    assert capfd.readouterr().err.splitlines()[-1] == "starting 2 processes"


def test_cells_that_were_left_out_are_not_counted_as_recorded():
    cells = [make_cell("crnn", repetition=number) for number in (1, 2, 3)]
    plan = plan_of(cells[1:], recorded=[cells[0].key])  # as the finalists of a search
    assert summary(plan).startswith("2 cells, 0 recorded, 2 to run")


def test_a_dry_run_names_the_feature_set_where_there_are_several(capfd):
    cells = [make_cell("crnn", features=name) for name in ("six", "seven")]
    print_plan(plan_of(cells), as_json=False)
    dataset = cells[0].dataset
    printed = capfd.readouterr().out.splitlines()[2:]
    assert printed[0::2] == [f"{dataset}, six:", f"{dataset}, seven:"]
    print_plan(plan_of(cells[:1]), as_json=False)
    assert len(capfd.readouterr().out.splitlines()) == 3


def test_without_a_terminal_long_work_says_now_and_then_how_far_it_is(capfd, monkeypatch):
    with data._bar("extracting", "songs") as on_count:
        on_count(1, 3)
        monkeypatch.setattr(data, "QUIET_SECONDS", -1)
        on_count(2, 3)
    assert capfd.readouterr().err == "extracting: 2 of 3\n"
