"""`speed`: time every network model here, print a table, keep it as a file."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchmark.cli.options import (
    DEFAULT_RESULTS,
    AsJson,
    Precision,
    Results,
    WantedKernels,
    names,
    numbers,
    which_kernels,
    whole,
)
from benchmark.errors import ConfigError

if TYPE_CHECKING:
    from benchmark.speed.measure import Limits, SpeedRow


def speed(
    models: Annotated[
        str | None, typer.Option(metavar="NAMES", help="Networks of `list`; default: all.")
    ] = None,
    sequence_lengths: Annotated[
        str, typer.Option(metavar="NUMBERS", help="Frames per sequence.")
    ] = "10,60",
    rounds: Annotated[str, typer.Option(metavar="N", help="Turns of every competitor.")] = "5",
    device: Annotated[str, typer.Option(metavar="NAME", help="auto, cpu, cuda or mps.")] = "auto",
    kernels: WantedKernels = "fused",
    precision: Precision = None,
    results: Results = DEFAULT_RESULTS,
    as_json: AsJson = False,
) -> None:
    """Time training and prediction against a bare PyTorch loop; 1 if fused layers fell behind."""
    lengths = numbers("--sequence-lengths", sequence_lengths) or ()
    if min(lengths) < 1:
        raise ConfigError(f"--sequence-lengths={sequence_lengths}: every length is at least 1.")
    chosen = _networks(names("--models", models))
    wanted = which_kernels(kernels)
    n_rounds = whole("--rounds", rounds) or 1

    from benchmark.plan.config import TrainingConfig, validated
    from benchmark.record.environment import environment
    from benchmark.speed.loops import Subject
    from benchmark.speed.measure import measure, measure_limits
    from benchmark.train.device import choose_device
    from benchmark.train.kernels import kernels_for

    where = choose_device(device).name
    asked = {"precision": precision} if precision else {}
    training = validated(TrainingConfig, asked, where="--precision")
    used = {model: kernels_for(model, where, wanted, training.precision) for model in chosen}
    limits = measure_limits(where)
    if not as_json:
        _print_head(where, limits)
    rows = []
    for model in chosen:
        for length in lengths:
            subject = Subject(model, length, where, used[model], training.precision)
            rows.append(measure(subject, limits, n_rounds))
            if not as_json:
                typer.echo(_line(rows[-1]))
    told: dict[str, Any] = {
        "device": where,
        "threads": 1,
        "n_rounds": n_rounds,
        "environment": environment(),
        "limits": asdict(limits),
        "rows": [asdict(row) | {"fell_behind": row.fell_behind} for row in rows],
    }
    forms = [kernels] * (kernels != "fused") + [training.precision] * (precision is not None)
    path = _write(results, "-".join([where, *forms]), told)
    typer.echo(json.dumps(told, indent=1) if as_json else f"written: {path}")
    raise typer.Exit(code=1 if any(row.fell_behind for row in rows) else 0)


def _networks(asked: tuple[str, ...] | None) -> list[str]:
    """Return the models to time: those that are one network."""
    from models.registry import MODELS

    known = [name for name, row in MODELS.items() if row.kind == "network"]
    for name in asked or ():
        if name not in known:
            raise ConfigError(
                f"--models {name!r}: only networks are timed ({', '.join(known)});"
                " an ensemble's cost is that of its networks."
            )
    return list(asked or known)


def _print_head(device: str, limits: "Limits") -> None:
    """Print what the machine reaches and what the columns mean."""
    typer.echo(
        f"{device}, one thread, batches of 32, 260 features; limits: matrix product"
        f" {limits.gemm_gflops:.0f} GFLOP/s, copy {limits.copy_gb_per_second:.1f} GB/s\n"
        "ms per training step: bare PyTorch loop, this suite's loop, `run`; ratio: bare over run\n"
        "five: time of five repetitions by `run` over that of one by the bare loop, on all cores\n"
    )
    typer.echo(
        f"{'model':<10}{'L':>4}{'bare ms':>9}{'suite ms':>9}{'run ms':>8}{'ratio':>7}"
        f"{'overhead':>10}{'five':>6}{'train k/s':>11}{'predict k/s':>12}{'of GEMM':>9}"
        f"{'of copy':>9}{'MB':>6}{'run MB':>8}"
    )


def _line(row: "SpeedRow") -> str:
    """Return one row of the table."""
    return (
        f"{row.model:<10}{row.sequence_length:>4}{row.bare_ms:>9.1f}{row.harness_ms:>9.1f}"
        f"{row.product_ms:>8.1f}{row.ratio:>7.2f}{row.overhead:>10.1%}"
        f"{row.five_repetitions:>6.2f}"
        f"{row.training_frames_per_second / 1e3:>11.1f}"
        f"{row.prediction_frames_per_second / 1e3:>12.1f}"
        f"{row.share_of_gemm:>9.0%}{row.share_of_copy:>9.0%}{row.plain_mb:>6.0f}{row.product_mb:>8.0f}"
        + ("  FELL BEHIND: fused layers are slower than they should be" * row.fell_behind)
    )


def _write(results: Path, name: str, told: dict[str, Any]) -> Path:
    """Keep the measurement beside the records."""
    from benchmark.record.places import place, write_whole

    path = place(results, "speed", f"{name}.json")
    write_whole(path, (json.dumps(told, indent=1) + "\n").encode())
    return path
