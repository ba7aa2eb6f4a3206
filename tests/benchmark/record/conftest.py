"""Folders to merge."""

import pytest

from benchmark.record.annotations import keep_annotations
from tests.conftest import make_split
from tests.made_up_folders import add_search, fill, record_of


@pytest.fixture
def quick_disk(monkeypatch):
    """Flush nothing: no power fails here."""
    monkeypatch.setattr("os.fsync", lambda descriptor: None)


@pytest.fixture
def here(tmp_path, quick_disk):
    """Return a folder with two repetitions, annotations and a search."""
    folder = add_search(fill(tmp_path / "here", record_of(1), record_of(2)))
    keep_annotations(folder, "test", "d" * 64, make_split(2))
    return folder


@pytest.fixture
def there(tmp_path):
    """Return a folder with another repetition, and another search."""
    return add_search(fill(tmp_path / "there", record_of(3)), "t")
