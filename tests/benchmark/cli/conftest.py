"""A study to run."""

import pytest

from tests.benchmark.cli.runs import STUDY


@pytest.fixture
def study(users_file, tmp_path):
    """Return the options of a study on the user's own dataset and model."""
    path = tmp_path / "mine_study.yaml"
    path.write_text(STUDY)
    return ["--study", path, "--include", users_file]
