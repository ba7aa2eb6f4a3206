"""Options that several commands share, and how their text becomes values."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from benchmark.errors import ConfigError
from benchmark.lookup import find

if TYPE_CHECKING:
    from benchmark.run.shards import Shard

DEFAULT_RESULTS = Path("results")
MOST_DIGITS = 9  # of a count
LONGEST_SECONDS = 1e9
UNITS = {"alone": 1, "h": 3600, "m": 60, "s": 1}  # seconds
NUMBER = r"\d+(?:\.\d+)?"
DURATION = re.compile(
    rf"(?P<alone>{NUMBER})|(?:(?P<h>{NUMBER})\s*h)?\s*(?:(?P<m>{NUMBER})\s*m)?"
    rf"\s*(?:(?P<s>{NUMBER})\s*s)?"
)
FIGURE_KINDS = ("png", "svg", "pdf", "column")

Results = Annotated[
    Path, typer.Option(metavar="DIR", help="Folder of records, tables, figures, MLflow.")
]
DataRoot = Annotated[
    Path | None,
    typer.Option(
        envvar="MER_DATA",
        metavar="DIR",
        help="Folder that holds DEAM/, VGMIDI/ or your recordings.",
    ),
]
WantedKernels = Annotated[
    str,
    typer.Option("--kernels", metavar="NAME", help="fused where there are; plain; graphs on CUDA."),
]
Precision = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Short for training.precision: float32 (default), bf16."),
]
Resample = Annotated[
    bool,
    typer.Option("--resample", help="Short for folder.resample: make half seconds of ratings."),
]
WithMlflow = Annotated[
    bool, typer.Option("--mlflow/--no-mlflow", help="Bring MLflow up to the records, too.")
]
TrackingUri = Annotated[
    str | None,
    typer.Option(
        envvar="MLFLOW_TRACKING_URI",
        metavar="URI",
        help="Copy to a server, too: http(s)://HOST or postgresql://USER@HOST/NAME.",
    ),
]
OnlyStudy = Annotated[str | None, typer.Option(metavar="NAME", help="This study only.")]
AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable output on stdout.")]
Include = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE.py", help="Your own MODELS, DATASETS, FEATURES, METRICS, VIEWS; repeatable."
    ),
]


def names(option: str, text: str | None) -> tuple[str, ...] | None:
    """Split a comma-separated list; an empty one is an error, an absent one is None."""
    if text is None:
        return None
    parts = tuple(part.strip() for part in text.split(",") if part.strip())
    if not parts:
        raise ConfigError(f"{option} is empty; give one or more values separated by commas.")
    return parts


def numbers(option: str, text: str | None) -> tuple[int, ...] | None:
    """Split a comma-separated list of whole numbers."""
    parts = names(option, text)
    try:
        return None if parts is None else tuple(int(part) for part in parts)
    except ValueError as error:
        raise ConfigError(
            f"{option}={text!r:.100} is not a list of whole numbers such as 10,20,30,60."
        ) from error


def whole(option: str, text: str | None) -> int | None:
    """Read one whole number of at least 1."""
    if text is None:
        return None
    if not text.isdecimal() or len(text) > MOST_DIGITS or int(text) < 1:
        raise ConfigError(
            f"{option}={text!r:.100} is not a whole number of at least 1, with at most"
            f" {MOST_DIGITS} digits."
        )
    return int(text)


def figure_kinds(text: str) -> tuple[str, ...]:
    """Read in which formats figures are drawn."""
    kinds = names("--figures", text) or ()
    for kind in kinds:
        if kind not in FIGURE_KINDS:
            raise ConfigError(
                f"--figures={text!r}: '{kind}' is not one of {', '.join(FIGURE_KINDS)}."
            )
    return once("--figures", kinds)


def view_names(chosen: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Check the names of views; None for all."""
    from benchmark.report.views.registry import VIEWS

    for name in chosen or ():
        find(VIEWS, name, kind="view")
    return chosen


def once(option: str, values: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse a list that names something twice."""
    for value in values:
        if values.count(value) > 1:
            raise ConfigError(f"{option}={','.join(values)} names '{value}' twice; name it once.")
    return values


def model_names(pairs: list[str]) -> dict[str, str]:
    """Turn MODEL=NAME pairs into a mapping."""
    chosen: dict[str, str] = {}
    for pair in pairs:
        model, equals, name = pair.partition("=")
        if not equals or not model.strip() or not name.strip():
            raise ConfigError(f"--names {pair!r}: write MODEL=NAME, as in crnn='CRNN (ours)'.")
        if model.strip() in chosen:
            raise ConfigError(f"--names {pair!r}: '{model.strip()}' has a name already; give one.")
        chosen[model.strip()] = " ".join(name.split())
    return chosen


def tracking_address(text: str | None) -> str | None:
    """Check the address of a tracking server."""
    from benchmark.tracking.address import checked_address

    return checked_address(text)


def which_kernels(text: str) -> Literal["fused", "plain", "graphs"]:
    """Read the choice of layers."""
    match text:
        case "fused" | "plain" | "graphs":
            return text
    raise ConfigError(f"--kernels={text!r} is not one of fused, plain, graphs.")


def seconds(option: str, text: str | None) -> float | None:
    """Read a duration such as 90s, 50m, 2h or 1h30m; a number alone means seconds."""
    if text is None:
        return None
    found = DURATION.fullmatch(text.strip())
    total = sum(float(found[unit] or 0) * n for unit, n in UNITS.items()) if found else 0
    if not 0 < total < LONGEST_SECONDS:
        raise ConfigError(f"{option}={text!r:.100} is no duration such as 90s, 50m, 2h or 1h30m.")
    return total


def shard_of(text: str | None) -> "Shard | None":
    """Read which share of the cells is asked for: 3/20."""
    from benchmark.run.shards import MOST_SHARDS, Shard

    if text is None:
        return None
    number, slash, count = text.partition("/")
    if not (slash and number.isdecimal() and count.isdecimal() and len(text) <= 2 * MOST_DIGITS):
        raise ConfigError(f"--shard={text!r:.100} is not of the form I/N, as in 3/20.")
    if not 1 <= int(number) <= int(count) <= MOST_SHARDS:
        raise ConfigError(
            f"--shard={text}: shards are counted from 1 to N, and N is at most {MOST_SHARDS:,}."
            " A Slurm array gives such numbers with --array=1-N."
        )
    return Shard(int(number), int(count))


def memory_bytes(option: str, text: str | None) -> int | None:
    """Read an amount of memory such as 800MB or 4GB."""
    if text is None:
        return None
    found = re.fullmatch(r"(\d{1,6}(?:\.\d+)?)\s*([MG])B?", text.strip(), re.IGNORECASE)
    if found is None or not float(found[1]):
        raise ConfigError(f"{option}={text!r:.100} is no amount of memory such as 800MB or 4GB.")
    return round(float(found[1]) * {"M": 10**6, "G": 10**9}[found[2].upper()])


def share(option: str, text: str) -> float:
    """Read a share of a whole, above 0 and up to 1."""
    found = re.fullmatch(r"[01]?\.?\d{0,6}", text.strip())
    value = float(text) if found and found[0].strip(".") else 0.0
    if not 0 < value <= 1:
        raise ConfigError(f"{option}={text!r:.100} is no share above 0 and up to 1, such as 0.25.")
    return value


def settings(pairs: list[str]) -> dict[str, Any]:
    """Turn KEY=VALUE pairs into a mapping; a value with commas becomes a list."""
    chosen: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key or not value:
            raise ConfigError(f"--set {pair!r}: write KEY=VALUE, for example crnn.dropout=0.5.")
        parts = [part for part in value.split(",") if part]
        chosen[key.strip().replace("-", "_")] = parts if "," in value else value
    return chosen
