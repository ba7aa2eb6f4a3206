"""Options that several commands share, and how their text becomes values."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from benchmark.errors import ConfigError
from benchmark.lookup import find

DEFAULT_RESULTS = Path("results")
MOST_DIGITS = 9  # of a count
LONGEST_SECONDS = 1e9
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
    """Read a duration such as 90s, 30m or 2h; a number alone means seconds."""
    if text is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", text.strip())
    if found is None or not 0 < float(found[1]) < LONGEST_SECONDS:
        raise ConfigError(f"{option}={text!r:.100} is no duration such as 90s, 30m or 2h.")
    return float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[found[2]]


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
