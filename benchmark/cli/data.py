"""`data`: get the real data and its features onto disk, checked."""

import json
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.cli.options import AsJson, DataRoot, Include, names, whole
from benchmark.cli.streams import as_started
from benchmark.errors import ConfigError
from benchmark.lookup import find, suggestion

if TYPE_CHECKING:
    from datasets.features.extract import Extraction
    from datasets.files import DataFiles, Piece

data = typer.Typer(no_args_is_help=True, help="Get the real data and its features, checked.")
OnCount = Callable[[int, int], None]
DEFAULT_DATASET = "mediaeval2015"
QUIET_SECONDS = 10  # without a terminal, say how far it is this often
Dataset = Annotated[
    str, typer.Option(metavar="NAME", help="Whose files; mediaeval2015 and deam share theirs.")
]


@data.command("list")
def list_pieces(
    dataset: Dataset = DEFAULT_DATASET,
    data_root: DataRoot = None,
    include: Include = None,
    as_json: AsJson = False,
) -> None:
    """Say what is here, what is missing and how to get it."""
    from datasets.commands import data_command
    from datasets.inventory import inventory

    root, files = _root(data_root), _files(dataset, include)
    pieces = inventory(files, root)
    if as_json:
        typer.echo(json.dumps([asdict(piece) for piece in pieces], indent=1))
        return
    width = max(len(piece.name) for piece in pieces)
    for piece in pieces:
        typer.echo(f"{piece.name:<{width}}  {_present(piece):>16}  {piece.summary}")
        if not piece.is_complete:
            typer.echo(f"{'':<{width}}  {'':>16}    get it: {as_started(piece.how_to_get)}")
    for option in sorted({other.option for other in _all_files().values()} - {files.option}):
        typer.echo(as_started(f"another dataset: {data_command(f'list{option}', root)}"))


@data.command()
def download(
    pieces: Annotated[
        list[str] | None,
        typer.Argument(metavar="PIECE", help="annotations, features, audio or metadata."),
    ] = None,
    dataset: Dataset = DEFAULT_DATASET,
    data_root: DataRoot = None,
    mirror: Annotated[
        str | None, typer.Option(metavar="URL", help="Folder of another copy of the archives.")
    ] = None,
    include: Include = None,
) -> None:
    """Fetch, check and unpack archives of DEAM; what the paper's task needs if none is named."""
    from datasets.download import download as fetch
    from datasets.download import remove
    from datasets.install import install_archive

    root, files = _root(data_root), _files(dataset, include)
    if not files.archives:
        raise ConfigError(f"Nothing of {files.name} can be downloaded. {files.how_to_get}")
    if mirror is not None and not mirror.startswith(("http://", "https://")):
        raise ConfigError(f"--mirror {mirror} is no http address; for a folder use data import.")
    chosen = pieces or files.first_archives
    archives = [files.archives[_known(name, files.archives)] for name in chosen]
    typer.echo(files.licence, err=True)
    for archive in archives:
        with _bar(archive.file, "bytes") as on_bytes:
            path = fetch(archive, root, mirror, on_bytes)
        with _bar(f"unpacking {archive.file}", "files") as on_file:
            installed = install_archive(path, root, files, on_file)
        remove(path)
        checked = "checksum right" if archive.sha256 else "no checksum is published for it"
        typer.echo(f"{archive.file}: {checked}, {_counted(installed)} in {root}")


@data.command("import")
def import_(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="A zip file, or a folder that holds the dataset.")
    ],
    dataset: Dataset = DEFAULT_DATASET,
    data_root: DataRoot = None,
    include: Include = None,
) -> None:
    """Copy your own copy of a dataset, zipped or not, into the data folder."""
    from zipfile import is_zipfile

    from datasets.install import install_archive, install_folder

    root, files = _root(data_root), _files(dataset, include)
    if files.place is None:
        raise ConfigError(f"Nothing of {files.name} need be imported. {files.how_to_get}")
    if not path.exists():
        raise ConfigError(f"There is no {path}; give a zip file or a folder.")
    if not path.is_dir() and not is_zipfile(path):
        raise ConfigError(f"{path} is neither a folder nor a whole zip file; get it again.")
    install = install_folder if path.is_dir() else install_archive
    with _bar(f"importing {path.name}", "files") as on_file:
        installed = install(path, root, files, on_file)
    typer.echo(f"{_counted(installed)} in {root}")


@data.command()
def verify(
    dataset: Dataset = DEFAULT_DATASET, data_root: DataRoot = None, include: Include = None
) -> None:
    """Read every file that is here and name every wrong one; exit code 1 if there is one."""
    from datasets.commands import data_command
    from datasets.inventory import faults, inventory

    root, files = _root(data_root), _files(dataset, include)
    n_faults = 0
    with _bar("checking", "files") as on_checked:
        for fault in faults(files, root, on_checked):
            n_faults += 1
            typer.echo(as_started(fault))
    pieces = inventory(files, root)
    here = [piece.name for piece in pieces if piece.n_files and not piece.is_program]
    if not here:
        how = data_command(f"list{files.option}", root)
        raise ConfigError(f"Nothing of {files.name} is in {root}. See: {how}")
    typer.echo(f"{n_faults} wrong; looked at {', '.join(here)}")
    raise typer.Exit(code=1 if n_faults else 0)


@data.command()
def extract(
    features: Annotated[
        str, typer.Option(metavar="NAMES", help="baseline, logmel, logmel32; separated by commas.")
    ] = "logmel",
    dataset: Dataset = DEFAULT_DATASET,
    data_root: DataRoot = None,
    workers: Annotated[
        str | None, typer.Option(metavar="N", help="Processes; one per core if not given.")
    ] = None,
    include: Include = None,
) -> None:
    """Make features from audio or MIDI on all cores; a second run makes only what is missing."""
    from benchmark.executors.contract import Means
    from benchmark.executors.registry import make_executor
    from benchmark.executors.starting import n_cores
    from benchmark.run.plugins import include_plugins
    from datasets.features.extract import Extraction, extract_all
    from datasets.features.registry import from_audio

    root, files = _root(data_root), _files(dataset, include)
    wanted = [_known(name, from_audio()) for name in names("--features", features) or ()]
    if "baseline" in wanted:
        from datasets.features.opensmile import LICENCE

        typer.echo(LICENCE, err=True)
    recordings, n_workers = files.present_recordings(root), whole("--workers", workers)
    before = time.monotonic()
    with _bar("extracting", "songs") as on_count:
        done: list[Extraction] = []

        def on_extraction(recording: Extraction) -> None:
            done.append(recording)
            on_count(len(done), len(recordings))

        begin = partial(include_plugins, tuple(include or ()))
        means = Means(n_workers=n_workers or n_cores(), begin=begin)
        with make_executor("processes", means) as executor:
            share = executor.values
            extract_all(root, recordings, wanted, on_extraction, kept_in=files.kept_in, share=share)
    _print_outcome(done, wanted, time.monotonic() - before)
    raise typer.Exit(code=1 if any(recording.error for recording in done) else 0)


def _print_outcome(outcome: "Sequence[Extraction]", features: list[str], seconds: float) -> None:
    """Print damaged recordings, what became of all, and how fast sound became features."""
    for recording in sorted(outcome, key=lambda recording: recording.audio):
        if recording.error:
            typer.echo(recording.error, err=True)
    counts = Counter(recording.status for recording in outcome)
    words = ", ".join(f"{counts[word]} {word}" for word in ("extracted", "kept", "damaged"))
    typer.echo(f"songs: {words}; features: {', '.join(features)}")
    if sound_seconds := sum(recording.seconds for recording in outcome):
        times = f"{sound_seconds / seconds:,.1f} times real time"
        typer.echo(f"{sound_seconds:,.0f} s of sound in {seconds:,.1f} s: {times}")


def _root(data_root: Path | None) -> Path:
    """Return the data folder, which need not exist yet."""
    if data_root is None:
        raise ConfigError("Which data folder? Give --data-root DIR or set MER_DATA.")
    if data_root.exists() and not data_root.is_dir():
        raise ConfigError(f"--data-root {data_root} is a file; give a folder.")
    return data_root


def _files(dataset: str, include: list[Path] | None) -> "DataFiles":
    """Return what is known of a dataset's files."""
    from benchmark.run.plugins import include_plugins
    from datasets.registry import DATASETS

    include_plugins(include or [])
    find(DATASETS, dataset, kind="dataset")
    known = _all_files()
    if dataset not in known:
        raise ConfigError(
            f"Dataset '{dataset}' has no files on disk. These have: {', '.join(known)}."
        )
    return known[dataset]


def _all_files() -> "dict[str, DataFiles]":
    """Return the files of every dataset that has some, a user's own included."""
    from datasets.files import DataFiles
    from datasets.registry import DATASETS

    resolved = {name: row.resolve(row.files) for name, row in DATASETS.items()}
    return {name: files for name, files in resolved.items() if isinstance(files, DataFiles)}


def _present(piece: "Piece") -> str:
    """Say how much of a piece is here."""
    if not piece.n_files:
        return "missing"
    if piece.is_complete:
        return "here" if piece.n_files == 1 else f"{piece.n_files:,} files"
    return f"{piece.n_files:,} of {piece.n_expected:,} files"


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
    """Show a bar on a terminal, a line now and then elsewhere; yield what moves it."""
    from rich.progress import BarColumn, Progress, TimeRemainingColumn

    from benchmark.cli.console import console, text_column

    screen = console(stderr=True)
    columns = (text_column("{task.description}"), BarColumn(), text_column("{task.fields[count]}"))
    with Progress(*columns, TimeRemainingColumn(), console=screen, transient=True) as bars:
        bars.disable = not screen.is_terminal
        task = bars.add_task(what, total=None, count="")

        spoke = time.monotonic()

        def on_count(done: int, total: int) -> None:
            nonlocal spoke
            size = f"{done / 1e6:,.0f} of {total / 1e6:,.0f} MB"
            count = size if unit == "bytes" else f"{done} of {total}"
            bars.update(task, completed=done, total=total, count=count)
            if not screen.is_terminal and time.monotonic() - spoke > QUIET_SECONDS:
                spoke = time.monotonic()
                screen.print(f"{what}: {count}")

        yield on_count
