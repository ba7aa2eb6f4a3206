"""Why a row has no mean, in one line for `run` and `status`."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import typer

from benchmark.cli.streams import visible
from benchmark.record.record import RunRecord
from benchmark.record.store import record_path


def print_problems(records: Sequence[RunRecord], results: Path) -> None:
    """Print on stderr what went wrong, once where several cells of a row fail alike."""
    problems = [record for record in records if record.status != "done"]
    alike = Counter((record.group, record.error) for record in problems)
    for record in {(record.group, record.error): record for record in reversed(problems)}.values():
        n_others = alike[record.group, record.error] - 1
        others = f" and {n_others} more" if n_others else ""
        reason = visible(record.error or "")
        typer.echo(f"{record.status}: {record.name}{others}: {reason}", err=True)
        if "traceback" in record.circumstances:
            typer.echo(f"  its traceback: {record_path(results, record)}", err=True)
