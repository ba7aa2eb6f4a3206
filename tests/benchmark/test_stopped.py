"""A stop in a bad moment prints no traceback."""

import os
import signal
import subprocess
import sys

import pytest
import typer

from benchmark.cli.stopping import stoppable


def test_ctrl_c_while_something_is_freed_or_the_interpreter_ends_prints_no_traceback():
    code = """
import atexit, os, signal, sys
from benchmark.__main__ import main

class Freed:
    def __del__(self):
        raise KeyboardInterrupt

signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in a shell's background
sys.argv = ["mer-benchmark", "list"]
atexit.register(lambda: os.kill(os.getpid(), signal.SIGINT))
atexit.register(Freed)
main()
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert "crnn" in ended.stdout
    assert "Traceback" not in ended.stderr
    assert ended.returncode == -signal.SIGINT


def test_ctrl_c_before_the_command_begins_prints_no_traceback():
    code = """
import sys
import benchmark.__main__ as program

def interrupted(name):
    raise KeyboardInterrupt

program.hidden_by = interrupted
program.main()
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (130, "")


@pytest.mark.parametrize("what", ["swallowed", "turned into an error", "left alone"])
def test_a_stop_that_a_library_catches_stops_all_the_same(what, capsys, monkeypatch):
    monkeypatch.setattr("benchmark.cli.stopping.end_children", lambda: None)  # of the tests

    def command():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        except KeyboardInterrupt as error:
            if what == "turned into an error":
                raise RuntimeError("concurrent operations are not permitted") from error
            if what == "left alone":
                raise

    with pytest.raises(typer.Exit) as ended:
        stoppable(command, "Stopped.")()
    assert ended.value.exit_code == 128 + signal.SIGTERM
    assert capsys.readouterr().err == "Stopped.\n"


def test_an_error_without_a_stop_is_raised_as_it_is():
    with pytest.raises(ZeroDivisionError):
        stoppable(lambda: 1 / 0, "Stopped.")()
