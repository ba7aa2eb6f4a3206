"""The command line in a process of its own that can be signalled or killed."""

import faulthandler
import os
import signal
import sys

PRELOADED = [
    "torch", "optuna", "mlflow", "seaborn", "scipy", "benchmark.cli", "benchmark.run.session",
    "benchmark.search.session",
]  # fmt: skip


def run_apart(arguments, log):
    """Run the command line in a group of processes of its own; what it prints goes to `log`."""
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(written, 1)
    os.dup2(written, 2)
    os.setsid()
    faulthandler.register(signal.SIGUSR1)  # where it is when it does not end
    # a shell's background jobs ignore Ctrl-C, and so would this one if the tests are one of them;
    # the fork server of a run that was tested before blocks it
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    sys.argv = ["mer-benchmark", *map(str, arguments)]
    from benchmark.cli import main

    main()
