"""The page of hand-made results, open in a browser; figures as they were drawn."""

import pytest

from tests.browser import ready, visit
from tests.made_up_results import write_mine


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    return write_mine(tmp_path_factory.mktemp("mine")).as_uri()


@pytest.fixture(scope="module")
def without_curves(tmp_path_factory):
    return write_mine(tmp_path_factory.mktemp("copied"), has_curves=False).as_uri()


@pytest.fixture
def desk(browser, address):
    """Lend a page of its own to a test that acts on it; the console stays silent."""
    with visit(browser, address) as one:
        ready(one)
        yield one.page
        assert one.said == []
        assert one.asked == [address]


@pytest.fixture(scope="module")
def drawn(browser, address):
    """Lend one page to all tests that only look."""
    with visit(browser, address) as one:
        ready(one)
        yield one.page


@pytest.fixture
def shown(monkeypatch):
    """Return figures as they were just before they were closed."""
    from matplotlib import pyplot as plt

    figures = []
    monkeypatch.setattr(plt, "close", lambda: figures.append(plt.gcf()))
    yield figures
    monkeypatch.undo()
    plt.close("all")
