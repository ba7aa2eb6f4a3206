"""Which jobs a run begins: those in time that no other run on the folder has begun."""

import time
from math import inf

import pytest

from benchmark.record.store import find_record, record_path, write_record, written_at
from benchmark.run import sharing
from benchmark.run.claims import Claims
from benchmark.run.execute import Job
from benchmark.run.sharing import OpenJobs, train_all
from tests.made_up_records import make_record
from tests.small_models import make_cell

CELLS = [make_cell("crnn", repetition=number) for number in (1, 2, 3, 4)]


class Run:
    """A run that writes made-up records instead of training."""

    def __init__(self, results, claims, seconds=0.0, deadline=inf, before_each=lambda: None):
        jobs = [Job(cell, results, None, "cpu") for cell in CELLS]
        earlier = {cell.key: written_at(results, cell) for cell in CELLS}
        costs = {cell.key: seconds for cell in CELLS}
        self.results, self.before_each = results, before_each
        self.open = OpenJobs(jobs, costs, earlier, claims, deadline)
        self.trained, self.done, self.lines = [], [], []

    def on_record(self, record):
        self.open.close(record)
        self.done.append(record.repetition)

    def run(self, jobs):
        for job in jobs:
            self.before_each()
            self.trained.append(job.cell.repetition)
            self.on_record(train(self.results, job.cell))

    def train(self):
        return train_all(self.open, self.run, self.on_record, self.lines.append)


def train(results, cell):
    record = make_record(**cell.plain())
    assert record.cell == cell.key
    write_record(results, record, {})
    return record


@pytest.fixture
def claims(tmp_path):
    with Claims(tmp_path) as claims:
        yield claims


@pytest.fixture
def others(tmp_path):
    with Claims(tmp_path) as claims:
        yield claims


def test_two_runs_in_turns_train_every_cell_once_and_both_have_all(tmp_path, claims, others):
    one, two = Run(tmp_path, claims), Run(tmp_path, others)
    first, second = one.open.free(), two.open.free()
    for jobs, run in ((first, one), (second, two), (second, two), (first, one)):
        run.run([next(jobs)])
    assert (one.trained, two.trained) == ([1, 4], [2, 3])
    assert one.train() == two.train() == []
    assert (one.trained, two.trained) == ([1, 4], [2, 3])
    assert sorted(one.done) == sorted(two.done) == [1, 2, 3, 4]


def test_fresh_runs_train_again_but_not_what_another_trained_since(tmp_path, claims, others):
    for cell in CELLS:
        train(tmp_path, cell)
    one, two = Run(tmp_path, claims), Run(tmp_path, others)
    one.run([next(one.open.free())])
    assert two.train() == []
    assert two.trained == [2, 3, 4]
    assert two.done == [2, 3, 4, 1]


def test_what_others_train_is_waited_for_and_said_once(tmp_path, claims, others, monkeypatch):
    assert others.take(CELLS[1])
    run = Run(tmp_path, claims)
    pauses = []

    def sleep(seconds):
        pauses.append(seconds)
        if len(pauses) == 3:
            train(tmp_path, CELLS[1])
            others.release(CELLS[1].key)

    monkeypatch.setattr(sharing.time, "sleep", sleep)
    assert run.train() == []
    assert (run.trained, run.done) == ([1, 3, 4], [1, 3, 4, 2])
    assert pauses == [1, 2, 4]
    (line,) = run.lines
    assert line.startswith("waiting for what other runs on this folder train: crnn-L10-r2 (process")
    assert "Ctrl-C ends the waiting" in line


def test_a_cell_that_another_run_gave_up_is_trained(tmp_path, claims, others, monkeypatch):
    assert others.take(CELLS[0])
    run = Run(tmp_path, claims)
    monkeypatch.setattr(sharing.time, "sleep", lambda _: others.release(CELLS[0].key))
    assert run.train() == []
    assert run.trained == [2, 3, 4, 1]


def test_a_cell_is_claimed_when_it_is_asked_for_and_no_sooner(tmp_path, claims, others):
    run = Run(tmp_path, claims)
    jobs = run.open.free()
    next(jobs)
    assert not others.take(CELLS[0])
    assert others.take(CELLS[1])
    assert next(jobs).cell is CELLS[2]


def test_no_cell_begins_that_would_not_end_in_time(tmp_path, claims, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(sharing.time, "monotonic", lambda: now[0])

    def advance():
        now[0] += 10

    run = Run(tmp_path, claims, seconds=10, deadline=25, before_each=advance)
    assert run.train() == CELLS[2:]  # the third would end at 30
    assert (run.trained, run.lines) == ([1, 2], [])
    assert find_record(tmp_path, CELLS[2]) is None
    assert Claims(tmp_path).take(CELLS[2])  # nobody claims it


def test_waiting_for_others_ends_in_time_too(tmp_path, claims, others, monkeypatch):
    for cell in CELLS:
        assert others.take(cell)
    start = time.monotonic()
    clock = iter([start + step for step in range(100)])
    monkeypatch.setattr(sharing.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(sharing.time, "sleep", lambda _: None)
    run = Run(tmp_path, claims, seconds=5, deadline=start + 30)
    assert run.train() == CELLS
    assert len(run.lines) == 1
    assert "1 more" in run.lines[0]


def test_a_failed_cell_is_not_tried_by_two_runs(tmp_path, claims, others):
    run = Run(tmp_path, claims)
    wrong = {"scores": {}, "training_scores": {}, "per_song": {}, "parameters": {}, "curves": {}}
    failed = make_record(**CELLS[0].plain(), status="failed", error="no", **wrong)
    write_record(tmp_path, failed, {})
    assert run.train() == []
    assert run.trained == [2, 3, 4]
    assert run.done[-1] == 1


def test_a_record_that_vanishes_meanwhile_is_made_again(tmp_path, claims):
    for cell in CELLS:
        train(tmp_path, cell)
    run = Run(tmp_path, claims)
    record_path(tmp_path, find_record(tmp_path, CELLS[2])).unlink()
    assert run.train() == []
    assert sorted(run.trained) == [1, 2, 3, 4]
