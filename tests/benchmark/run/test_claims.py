"""Who trains a cell: one run alone, until it ends, dies or falls silent."""

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, replace

import pytest

from benchmark.errors import ResultsError
from benchmark.record.places import place, put_aside, write_new
from benchmark.run import claims
from benchmark.run.claims import SILENT_SECONDS, Claims
from tests.small_models import make_cell

CELL = make_cell("crnn")


def files(results):
    return sorted(path.name for path in (results / "claims").iterdir())


def claim_of_another(results, age=0.0, **fields):
    """Leave a claim of a run elsewhere, which was last touched so many seconds ago."""
    with Claims(results) as own:
        path = own._path(CELL)
        other = replace(own.own, **{"run": "other", "host": "node07", "processes": "x"} | fields)
    path.write_text(json.dumps(asdict(other)))
    os.utime(path, (time.time() - age,) * 2)
    return path


def dead_process():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_cell_is_claimed_by_one_run_until_it_is_released(tmp_path):
    with Claims(tmp_path) as one, Claims(tmp_path) as two:
        assert one.take(CELL)
        assert not two.take(CELL)
        assert not one.take(CELL)
        assert two.holder(CELL).startswith(f"process {os.getpid()} on ")
        assert two.take(make_cell("crnn", repetition=2))
        one.release(CELL.key)
        assert two.take(CELL)


def test_of_two_that_find_a_void_claim_one_takes_it_over(tmp_path, monkeypatch):
    with Claims(tmp_path) as one, Claims(tmp_path) as two:
        path = claim_of_another(tmp_path, age=2 * SILENT_SECONDS)

        def put_aside_later(*arguments):
            monkeypatch.undo()
            assert one.take(CELL)  # after the other has seen that the claim is void
            put_aside(*arguments)

        monkeypatch.setattr(claims, "put_aside", put_aside_later)
        assert not two.take(CELL)
        assert json.loads(path.read_text())["run"] == one.own.run
        assert files(tmp_path) == [path.name]


def test_claims_are_released_at_the_end_whatever_ended_the_run(tmp_path):
    with pytest.raises(KeyboardInterrupt), Claims(tmp_path) as own:
        assert own.take(CELL)
        assert [name.rpartition("-")[0] for name in files(tmp_path)] == ["crnn-L10-r1"]
        raise KeyboardInterrupt
    assert files(tmp_path) == []


def test_the_claim_of_a_dead_process_of_this_machine_is_void_at_once(tmp_path):
    processes = Claims(tmp_path).own.processes
    claim_of_another(tmp_path, processes=processes, pid=dead_process())
    with Claims(tmp_path) as own:
        assert files(tmp_path) == []  # also of cells that nobody wants any more
        claim_of_another(tmp_path, processes=processes, pid=dead_process())
        assert own.take(CELL)


def test_the_claim_of_a_living_process_of_this_machine_holds_though_its_clock_slept(tmp_path):
    processes = Claims(tmp_path).own.processes
    path = claim_of_another(tmp_path, processes=processes, pid=os.getppid())
    os.utime(path, (time.time() - 2 * SILENT_SECONDS,) * 2)
    with Claims(tmp_path) as own:
        assert not own.take(CELL)


def test_the_same_number_elsewhere_is_another_process(tmp_path):
    claim_of_another(tmp_path, pid=dead_process())
    with Claims(tmp_path) as own:
        assert not own.take(CELL)
        assert "on node07" in own.holder(CELL)


@pytest.mark.parametrize("content", [None, "", "{}", '{"run": 1'])
@pytest.mark.parametrize(
    ("age", "is_void"), [(SILENT_SECONDS - 20, False), (SILENT_SECONDS + 20, True), (-1e6, True)]
)
def test_a_claim_expires_after_ten_minutes_of_silence(tmp_path, content, age, is_void):
    path = claim_of_another(tmp_path)
    if content is not None:  # torn, or just being written
        path.write_text(content)
    os.utime(path, (time.time() - age,) * 2)
    with Claims(tmp_path) as own:
        assert own.take(CELL) == is_void


def test_silence_is_measured_by_the_disks_clock(tmp_path):
    claim_of_another(tmp_path)
    with Claims(tmp_path, clock=lambda: 1e9 + time.monotonic()) as own:
        assert not own.take(CELL)
    ticks = iter([0.0, SILENT_SECONDS - 20, SILENT_SECONDS + 20])
    with Claims(tmp_path, clock=lambda: next(ticks)) as own:  # clears once as it begins
        assert own.take(CELL)


def test_a_run_that_lives_touches_its_claims(tmp_path, monkeypatch):
    monkeypatch.setattr(claims, "BEAT_SECONDS", 0.01)
    with Claims(tmp_path) as own:
        assert own.take(CELL)
        path = own._path(CELL)
        os.utime(path, (0, 0))
        deadline = time.monotonic() + 20
        while path.stat().st_mtime == 0 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert abs(path.stat().st_mtime - time.time()) < 60


def test_a_claim_that_another_took_over_is_not_released(tmp_path):
    with Claims(tmp_path) as own:
        assert own.take(CELL)
        path = claim_of_another(tmp_path, pid=1)
    assert json.loads(path.read_text())["host"] == "node07"
    path.unlink()
    put_aside(path, b"")  # already gone
    assert files(tmp_path) == []


def test_a_file_is_made_where_there_is_none(tmp_path):
    path = place(tmp_path, "one")
    assert write_new(path, b"1")
    assert not write_new(path, b"2")
    assert path.read_bytes() == b"1"


def test_a_folder_where_nothing_can_be_claimed_is_explained(tmp_path):
    (tmp_path / "claims").write_text("")
    with pytest.raises(ResultsError, match=r"claims cannot be written \(.+\)\. Free space"):
        Claims(tmp_path).__enter__()
