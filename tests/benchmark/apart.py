"""The command line in a process of its own, forked from one that has imported everything."""

import faulthandler
import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from pathlib import Path
from pkgutil import walk_packages
from typing import NoReturn

import pytest

import benchmark
import datasets
import models

OURS = [
    module.name
    for package in (benchmark, datasets, models)
    for module in walk_packages(package.__path__, f"{package.__name__}.")
    if not module.name.endswith("__main__")
]
PRELOADED = [  # nothing of it starts a thread of ours, which a fork would not survive
    "torch._dynamo", "fvcore.nn", "safetensors.numpy", "sklearn.linear_model", "optuna.storages",
    "mlflow.pyfunc", "mlflow.store.tracking.sqlalchemy_store", "alembic.command", "seaborn",
    "matplotlib.backends.backend_agg", "PIL.PngImagePlugin", "jinja2", *OURS,
]  # fmt: skip
PROGRAM = Path(__file__).parents[2] / "benchmark" / "__main__.py"


def preload_everything(patch: pytest.MonkeyPatch) -> None:
    """Let the fork server of this process, once it starts, import everything, whoever starts it."""
    server = forkserver._forkserver
    server.set_forkserver_preload(PRELOADED)
    patch.setattr(server, "set_forkserver_preload", lambda modules: None)


def start_apart(
    arguments: object,
    log: Path,
    errors: Path | None = None,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    is_left: bool = True,
) -> BaseProcess:
    """Start the command line; what it prints goes to `log`, or its errors to a file of their own.

    It heads a group of processes, and hears Ctrl-C. One that is not left ends with the tests at the
    latest, and may have no workers.
    """
    started = dict(os.environ if environment is None else environment)
    process = multiprocessing.get_context("forkserver").Process(
        target=_run,
        args=(arguments, log, errors or log, folder or Path.cwd(), started),
        daemon=not is_left,
    )
    process.start()
    return process


def _run(
    arguments: list[object], log: Path, errors: Path, folder: Path, environment: dict[str, str]
) -> NoReturn:
    for number, path in ((1, log), (2, errors)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    os.setsid()
    faulthandler.register(signal.SIGUSR1)  # where it is when it does not end
    # a shell's background jobs ignore Ctrl-C or HUP, and so would this one if the tests are one of
    # them; the fork server blocks Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    sys.argv = [str(PROGRAM), *map(str, arguments)]
    from benchmark.__main__ import main  # with what it does about Ctrl-C

    main()
