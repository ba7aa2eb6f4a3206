"""Three records, and what the MLflow copy of a folder holds of them."""

from benchmark.tracking.folder import mirror_records
from benchmark.tracking.store import copies
from benchmark.tracking.writer import Writer
from tests.made_up_records import make_record

RECORDS = [make_record(repetition=n) for n in (1, 2, 3)]
ALL = sorted(record.cell for record in RECORDS)


def bring_up_to_date(folder):
    """Copy a folder's records as `report` and `ui` do; return what it said."""
    said = []
    mirror_records(folder, Writer(folder, said.append), 0)
    return said


def cells(folder):
    """Return the cells that the copy holds, in order, each as often as it is there."""
    return sorted(copy.tags["mer.cell"] for copy in copies(folder, "cell"))
