"""`merge`: results folders of several machines become one."""

from enum import StrEnum
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from benchmark.cli.streams import as_started


class Preferred(StrEnum):
    """Whose to keep where folders disagree."""

    NEWEST = "newest"
    LEFT = "left"


def merge(
    folders: Annotated[
        list[Path], typer.Argument(metavar="FOLDER...", help="Results folders; they stay as is.")
    ],
    into: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder that takes what it lacks; made if new.")
    ],
    prefer: Annotated[
        Preferred | None,
        typer.Option(help="Whose to keep where two differ: begun last, or named first."),
    ] = None,
) -> None:
    """Bring records, plans and searches of several folders into one; what differs is refused."""
    from benchmark.search.merge import merge_folders

    done = merge_folders(folders, into, prefer.value if prefer else None)
    if done.n_decided:
        typer.echo(f"{done.n_decided} differed: kept by --prefer {prefer}", err=True)
    if not done.files:
        typer.echo(f"nothing to do: {into} holds all of it")
        return
    counts = ", ".join(f"{name} {n_files}" for name, n_files in done.counts.items())
    typer.echo(f"written to {into}: {counts}")
    command = f"python -m benchmark report --results {quote(str(into))}"
    typer.echo(as_started(f"tables, figures, MLflow: {command}"))
