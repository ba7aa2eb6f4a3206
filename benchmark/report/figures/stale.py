"""Figures of an earlier state of the records, which no table draws any more."""

import re
from collections.abc import Collection
from pathlib import Path

from benchmark.record.places import place, remove

OURS = r"-.+-[0-9a-f]{8}(-costs|-column|-column-per_song)?\.(png|svg|pdf)"


def remove_stale(
    results: Path, study: str, others: Collection[str], drawn: Collection[str]
) -> None:
    """Remove a study's figures of tables that are no more; `drawn` are the stems of those that are.

    Nothing else is touched: no file of another name, and no figure of `others`, the studies whose
    names begin alike.
    """
    longer = [other for other in others if other.startswith(f"{study}-")]
    for path in filter(Path.is_file, place(results, "figures").glob("*.*")):
        is_ours = re.fullmatch(re.escape(study) + OURS, path.name) is not None
        is_of_other = any(re.fullmatch(re.escape(other) + OURS, path.name) for other in longer)
        is_drawn = any(path.stem == stem or path.stem.startswith(f"{stem}-") for stem in drawn)
        if is_ours and not is_of_other and not is_drawn:
            remove(place(results, "figures", path.name))
