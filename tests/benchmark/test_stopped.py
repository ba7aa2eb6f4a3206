"""A stop in a bad moment prints no traceback."""

import signal
import subprocess
import sys


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
