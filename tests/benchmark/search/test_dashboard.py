"""optuna-dashboard opens the storage of a search and shows its trials."""

import sys
from pathlib import Path

from playwright.sync_api import expect

from tests.benchmark.search.searching import NAME, search
from tests.browser import visit
from tests.serving import PATIENCE, free_port, serving

expect.set_options(timeout=PATIENCE)
N_TRIALS = 4


def test_the_dashboard_shows_the_trials_of_a_search(capfd, tmp_path, browser):
    assert search(capfd, tmp_path, trials=N_TRIALS).returncode == 0
    port, storage = free_port(), f"sqlite:///{tmp_path}/results/optuna.db"
    dashboard = Path(sys.executable).with_name("optuna-dashboard")
    command = [dashboard, storage, "--port", port]
    with serving(command, port, tmp_path / "log") as address, visit(browser, address) as seen:
        seen.page.set_default_timeout(PATIENCE)
        seen.page.get_by_role("link", name=NAME).first.click()
        expect(seen.page.get_by_role("heading", name="History")).to_be_visible()
        history = seen.page.locator(".js-plotly-plot").first
        expect(history.get_by_text("rmse_average")).to_be_visible()
        points = history.locator(".scatterlayer .points path.point")
        expect(points).to_have_count(N_TRIALS)
        assert seen.said == []
