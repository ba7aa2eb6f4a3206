"""Results folders with three records and their MLflow copy."""

import shutil
from pathlib import Path

import pytest
from mlflow.tracking._tracking_service.utils import _artifact_repos_cache

from benchmark.record.store import write_record
from tests.benchmark.tracking.copied import RECORDS, bring_up_to_date


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a folder with three records and their copy."""
    folder = tmp_path_factory.mktemp("made")
    for record in RECORDS:
        write_record(folder, record, {})
    bring_up_to_date(folder)
    return folder


@pytest.fixture
def results(made, tmp_path):
    """Return a folder of one's own with three records and their copy."""
    _artifact_repos_cache.clear()  # MLflow remembers where a run's files lie, whatever its folder
    return Path(shutil.copytree(made, tmp_path / "results"))
