"""`data`: get the real data and its features onto disk, checked."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from benchmark.cli.options import AsJson, DataRoot, names, whole
from benchmark.errors import ConfigError
from benchmark.lookup import suggestion

data = typer.Typer(no_args_is_help=True, help="Get the real data and its features, checked.")
OnCount = Callable[[int, int], None]


@data.command("list")
def list_pieces(data_root: DataRoot = None, as_json: AsJson = False) -> None:
    """Say what is here, what is missing and how to get it."""
    from datasets.inventory import inventory

    root = _root(data_root)
    pieces = inventory(root)
    if as_json:
        typer.echo(json.dumps([asdict(piece) for piece in pieces], indent=1))
        return
    width = max(len(piece.name) for piece in pieces)
    for piece in pieces:
        here = f"{piece.n_files:,} files" if piece.n_files else "missing"
        if piece.n_files == 1:
            here = "here"
        typer.echo(f"{piece.name:<{width}}  {here:>12}  {piece.summary}")
        if not piece.n_files:
            typer.echo(f"{'':<{width}}  {'':>12}    get it: {piece.how_to_get}")


@data.command()
def download(
    pieces: Annotated[
        list[str] | None,
        typer.Argument(metavar="PIECE", help="annotations, features, audio or metadata."),
    ] = None,
    data_root: DataRoot = None,
    mirror: Annotated[
        str | None, typer.Option(metavar="URL", help="Folder of another copy of the archives.")
    ] = None,
) -> None:
    """Fetch, check and unpack archives of DEAM; what the paper's task needs if none is named."""
    from datasets.archives import ARCHIVES, FOR_THE_PAPER, LICENCE
    from datasets.download import download as fetch
    from datasets.download import remove
    from datasets.install import install_archive

    root = _root(data_root)
    if mirror is not None and not mirror.startswith(("http://", "https://")):
        raise ConfigError(f"--mirror {mirror} is no http address; for a folder use data import.")
    archives = [ARCHIVES[_known(one, ARCHIVES)] for one in pieces or FOR_THE_PAPER]
    typer.echo(LICENCE, err=True)
    for archive in archives:
        with _bar(archive.file, "bytes") as on_bytes:
            path = fetch(archive, root, mirror, on_bytes)
        with _bar(f"unpacking {archive.file}", "files") as on_file:
            installed = install_archive(path, root, on_file)
        remove(path)
        checked = "checksum right" if archive.sha256 else "no checksum is published for it"
        typer.echo(f"{archive.file}: {checked}, {_counted(installed)} in {root}")


@data.command("import")
def import_(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="A zip file, or a folder that holds DEAM.")
    ],
    data_root: DataRoot = None,
) -> None:
    """Copy your own copy of DEAM, zipped or not, into the data folder."""
    from zipfile import is_zipfile

    from datasets.install import install_archive, install_folder

    root = _root(data_root)
    if not path.exists():
        raise ConfigError(f"There is no {path}; give a zip file or a folder.")
    if not path.is_dir() and not is_zipfile(path):
        raise ConfigError(f"{path} is neither a folder nor a whole zip file; get it again.")
    install = install_folder if path.is_dir() else install_archive
    with _bar(f"importing {path.name}", "files") as on_file:
        installed = install(path, root, on_file)
    typer.echo(f"{_counted(installed)} in {root}")


@data.command()
def verify(data_root: DataRoot = None) -> None:
    """Read every file that is here and name every wrong one; exit code 1 if there is one."""
    from datasets.inventory import faults, inventory

    root = _root(data_root)
    n_faults = 0
    with _bar("checking", "files") as on_checked:
        for fault in faults(root, on_checked):
            n_faults += 1
            typer.echo(fault)
    here = [piece.name for piece in inventory(root) if piece.n_files]
    if not here:
        raise ConfigError(f"Nothing of the real data is in {root}. See: data list --data-root DIR")
    typer.echo(f"{n_faults} wrong; looked at {', '.join(here)}")
    raise typer.Exit(code=1 if n_faults else 0)


@data.command()
def extract(
    features: Annotated[
        str, typer.Option(metavar="NAMES", help="baseline, logmel, logmel32; separated by commas.")
    ] = "logmel",
    data_root: DataRoot = None,
    workers: Annotated[
        str | None, typer.Option(metavar="N", help="Processes; one per core if not given.")
    ] = None,
) -> None:
    """Make features from DEAM's audio on all cores; a second run makes only what is missing."""
    from datasets.features.extract import Heard, extract_all, recordings
    from datasets.features.registry import from_audio

    root = _root(data_root)
    wanted = [_known(one, from_audio()) for one in names("--features", features) or ()]
    if "baseline" in wanted:
        from datasets.features.opensmile import LICENCE

        typer.echo(LICENCE, err=True)
    audio = recordings(root)
    with _bar("extracting", "songs") as on_count:
        heard: list[Heard] = []

        def on_heard(one: Heard) -> None:
            heard.append(one)
            on_count(len(heard), len(audio))

        extract_all(root, audio, wanted, whole("--workers", workers), on_heard)
    damaged = [one for one in heard if one.status == "damaged"]
    for one in sorted(damaged, key=lambda one: one.audio):
        typer.echo(one.error, err=True)
    counts = Counter(one.status for one in heard)
    told = ", ".join(f"{counts[word]} {word}" for word in ("extracted", "kept", "damaged"))
    typer.echo(f"songs: {told}; features: {', '.join(wanted)}")
    raise typer.Exit(code=1 if damaged else 0)


def _root(data_root: Path | None) -> Path:
    """Return the data folder, which need not exist yet."""
    if data_root is None:
        raise ConfigError("Which data folder? Give --data-root DIR or set MER_DATA.")
    if data_root.exists() and not data_root.is_dir():
        raise ConfigError(f"--data-root {data_root} is a file; give a folder.")
    return data_root


def _known(name: str, table: Collection[str]) -> str:
    """Return a name that is in the table, or say which ones are."""
    if name not in table:
        raise ConfigError(f"'{name}' is not one of {', '.join(table)}.{suggestion(name, table)}")
    return name


def _counted(installed: Counter[str]) -> str:
    """Say how many files each piece got."""
    return ", ".join(f"{count:,} files of {piece}" for piece, count in sorted(installed.items()))


@contextmanager
def _bar(what: str, unit: str) -> Iterator[OnCount]:
    """Show a bar on a terminal, nothing elsewhere; yield what moves it."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn(what), BarColumn(), TextColumn("{task.fields[count]}"))
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bars:
        bars.disable = not console.is_terminal
        task = bars.add_task(what, total=None, count="")

        def on_count(done: int, total: int) -> None:
            shown = f"{done / 1e6:,.0f} of {total / 1e6:,.0f} MB" if unit == "bytes" else None
            bars.update(task, completed=done, total=total, count=shown or f"{done} of {total}")

        yield on_count
