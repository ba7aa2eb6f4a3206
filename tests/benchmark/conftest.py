"""Processes to run commands in."""

import multiprocessing

import pytest

from tests.benchmark.apart import PRELOADED


@pytest.fixture(scope="session")
def processes():
    """Return processes that begin with everything heavy imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context
