import os
import signal
import subprocess
import sys
from threading import Timer

import psutil
import pytest

from benchmark.errors import WorkerLost
from benchmark.processes import METHOD, follow_parent, pool_of


def fork_server() -> psutil.Process:
    (server,) = [
        child for child in psutil.Process().children() if "forkserver" in " ".join(child.cmdline())
    ]
    return server


@pytest.mark.skipif(METHOD != "forkserver", reason="there is a fork server on Linux alone")
def test_a_fork_server_that_is_killed_while_it_forks_is_a_lost_worker():
    with pytest.raises(WorkerLost, match="killed"), pool_of(1, follow_parent) as pool:
        fork_server().suspend()
        Timer(0.2, fork_server().kill).start()
        pool.submit(os.getpid).result()
    with pool_of(1, follow_parent) as pool:  # and the next command starts another
        assert pool.submit(os.getpid).result() != os.getpid()


def test_a_process_that_dies_at_its_work_is_a_lost_worker():
    with pytest.raises(WorkerLost, match="killed"), pool_of(1, follow_parent) as pool:
        pool.submit(os._exit, 9).result()


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
