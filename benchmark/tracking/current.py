"""Tell whether the MLflow copy is up to date with a folder's records and searches, unread."""

from pathlib import Path

from benchmark.files import content_of
from benchmark.record.places import files_of
from benchmark.record.store import DIGEST_CHARACTERS, read_plans, record_files
from benchmark.tracking.database import ARTIFACTS, DATABASE
from benchmark.tracking.entry import KIND_TAG, digest_of
from benchmark.tracking.store import copies


def is_current(results: Path) -> bool:
    """Compare digests of files with those that the copies carry, and look for the copies' files.

    A mean whose cells have changed since it was summarised is not whole, and so not current.
    Records of cells that no plan asks for, as of a search's trials, have no copy of their own.
    """
    if not (results / DATABASE).is_file():
        return False
    found = copies(results, "mean", "cell", "search")
    if not all(copy.is_whole for copy in found if copy.tags[KIND_TAG] == "mean"):
        return False
    copied = {copy.digest: copy.run_id for copy in found if copy.is_whole}
    kept = {path.parents[1].name for path in (results / ARTIFACTS).glob("*/*/artifacts/*")}
    asked = {cell[:DIGEST_CHARACTERS] for plan in read_plans(results) for cell in plan.groups}
    records = [
        _digest(path)
        for path in record_files(results)
        if not asked or path.stem[-DIGEST_CHARACTERS:] in asked
    ]
    searches = [_digest(path) for path in files_of(results, "searches", ending=".json")]
    has_files = all(copied.get(digest) in kept for digest in records)
    return has_files and all(digest in copied for digest in searches)


def _digest(path: Path) -> str:
    """Return the digest by which the copy of a file is known; "" of what cannot be read."""
    try:
        return digest_of(content_of(path))
    except OSError:
        return ""
