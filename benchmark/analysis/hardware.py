"""What the rows of a table were trained on, where it was not all alike."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from benchmark.analysis.rows import Row
from benchmark.record.record import RunRecord
from datasets.names import shown_name

LONGEST = 60  # characters of a name that a machine gives itself
MOST_KINDS = 4  # in one note


def hardware_note(rows: Iterable[Row]) -> list[str]:
    """Return a line that counts the kinds of hardware; nothing where there is one kind.

    Times of different hardware do not compare, and scores agree to rounding alone.
    """
    kinds = Counter(hardware_of(record) for row in rows for record in row.cells)
    if len(kinds) < 2:
        return []
    counts = [f"{kind} (n {n})" for kind, n in kinds.most_common(MOST_KINDS)]
    if (n_more := len(kinds) - MOST_KINDS) > 0:
        counts.append(f"{n_more} more")
    return [f"Cells of several kinds of hardware, whose times do not compare: {'; '.join(counts)}."]


def hardware_of(record: RunRecord) -> str:
    """Return "AMD EPYC, 2 cores", or of a GPU "cuda, NVIDIA H200", as far as a record says."""
    circumstances = record.circumstances
    machine = circumstances["environment"]
    if (device := circumstances["device"]) != "cpu":
        named: list[Any] = [device, circumstances.get("gpu") or machine.get("processor")]
    else:
        n_cores = machine.get("cores")
        named = [machine.get("processor") or device, n_cores and f"{n_cores} cores"]
    return ", ".join(_printable(str(name)) for name in named if name)


def _printable(name: str) -> str:
    """Return a name that a stranger's record may hold, of any length and any characters."""
    return name if name.isprintable() and len(name) <= LONGEST else shown_name(name)
