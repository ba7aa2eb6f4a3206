"""What is printed is what was written, square brackets and all."""

from benchmark.cli.console import console
from benchmark.cli.screen import Screen, planning
from benchmark.plan.config import Study
from benchmark.run.session import Bill
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
    bill = Bill(study, Device("cpu", "r"), 1, [cell], {}, {cell.key: Estimate(1, 2, 1.0)}, (ODD,))
    with planning(), Screen() as screen:
        screen.begin(bill)
        screen.on_progress(Progress(cell.key, ODD, 1, 0.5))
        screen.bars.update(screen.task, description=ODD)
        screen.bars.refresh()
    assert "[/x] [red]a[/red] :smile:" in capfd.readouterr().err
