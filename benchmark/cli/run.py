"""`run`: train what is missing and print the answer."""

import json
import time
from typing import Annotated

import typer

from benchmark.cli.options import (
    DEFAULT_RESULTS,
    AsJson,
    DataRoot,
    Include,
    Precision,
    Resample,
    Results,
    TrackingUri,
    WantedKernels,
    WithMlflow,
    memory_bytes,
    names,
    numbers,
    seconds,
    settings,
    shard_of,
    share,
    tracking_address,
    which_kernels,
    whole,
)

# what a worker needs, so that it is imported while the study is planned
OF_WORKERS = ("benchmark.run.execute", "models.fused.crnn", "models.fused.warm", "torch._dynamo")


def run(
    study: Annotated[
        str, typer.Option(metavar="NAME|FILE", help="See `list studies`; or a file.")
    ] = "compare",
    models: Annotated[
        str | None, typer.Option(metavar="NAMES", help="Separated by commas; see `list`.")
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(metavar="NAME", help="See `list datasets`.")
    ] = None,
    features: Annotated[
        str | None, typer.Option(metavar="NAME", help="Feature set of the dataset.")
    ] = None,
    sequence_lengths: Annotated[
        str | None, typer.Option(metavar="NUMBERS", help="Frames per sequence: 10,20,30,60.")
    ] = None,
    repetitions: Annotated[
        str | None, typer.Option(metavar="N", help="Initialisations per model.")
    ] = None,
    seed: Annotated[str | None, typer.Option(metavar="N", help="Base seed of the study.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="MODEL.OPTION=VALUE", help="See `list settings`."),
    ] = None,
    max_epochs: Annotated[
        str | None, typer.Option(metavar="N", help="Short for training.max_epochs.")
    ] = None,
    data_root: DataRoot = None,
    results: Results = DEFAULT_RESULTS,
    device: Annotated[str, typer.Option(metavar="NAME", help="auto, cpu, cuda or mps.")] = "auto",
    kernels: WantedKernels = "fused",
    precision: Precision = None,
    resample: Resample = False,
    workers: Annotated[
        str | None, typer.Option(metavar="N", help="Processes; one per core if not given.")
    ] = None,
    executor: Annotated[
        str, typer.Option(metavar="NAME", help="How cells run; see `list executors`.")
    ] = "processes",
    address: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Of a Ray cluster's head node.")
    ] = None,
    ship_data: Annotated[
        bool, typer.Option("--ship-data", help="Send songs to nodes, which then need no data.")
    ] = False,
    gpu_share: Annotated[
        str, typer.Option(metavar="SHARE", help="Of a GPU, for each cell on a cluster.")
    ] = "0.25",
    tracking_uri: TrackingUri = None,
    cell_timeout: Annotated[
        str | None, typer.Option(metavar="TIME", help="End a cell after so long: 90s, 50m, 2h.")
    ] = None,
    memory_limit: Annotated[
        str | None, typer.Option(metavar="SIZE", help="End a cell that holds more: 800MB, 4GB.")
    ] = None,
    include: Include = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the cells and their cost, then stop.")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Train recorded cells again.")] = False,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="I/N", help="Share I of N of the cells, from 1: $SLURM_ARRAY_TASK_ID/20."
        ),
    ] = None,
    timeout: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Begin no cell that would not end within 50m or 1h30m."),
    ] = None,
    mlflow: WithMlflow = True,
    as_json: AsJson = False,
) -> None:
    """Train, evaluate and record every cell of a study that is not recorded yet."""
    begun = time.monotonic()

    from benchmark.errors import ConfigError
    from benchmark.executors.contract import Limits
    from benchmark.executors.registry import EXECUTORS
    from benchmark.executors.starting import preload
    from benchmark.lookup import find
    from benchmark.plan.studies import read_study
    from benchmark.record.searches import promoted_studies
    from benchmark.run.plugins import include_plugins

    server = tracking_address(tracking_uri)
    if not dry_run and executor == "processes":
        preload(OF_WORKERS)
    include_plugins(include or [])
    find(EXECUTORS, executor, kind="executor")
    limits = Limits(
        seconds("--cell-timeout", cell_timeout), memory_bytes("--memory-limit", memory_limit)
    )
    if executor == "inline" and limits != Limits():
        raise ConfigError("--executor inline cannot end a cell; leave --executor or the limit out.")
    if (address or ship_data) and EXECUTORS[executor].load().shares_disk:
        raise ConfigError(
            f"--address and --ship-data are for a cluster, and --executor is {executor}. Add"
            " --executor ray."
        )
    overrides = {
        "models": names("--models", models),
        "dataset": dataset,
        "features": features,
        "sequence_lengths": numbers("--sequence-lengths", sequence_lengths),
        "repetitions": repetitions,
        "seed": seed,
        "set": settings(set_ or []),
        "max_epochs": max_epochs,
        "precision": precision,
        "resample": resample or None,
    }
    config = read_study(study, overrides, promoted_studies(results))

    from benchmark.cli.problems import print_problems
    from benchmark.cli.screen import Screen, planning, print_answer, print_left, print_plan
    from benchmark.run.options import RunOptions
    from benchmark.run.planning import plan_run
    from benchmark.run.session import complete_run

    options = RunOptions(
        results=results,
        data_root=data_root,
        device=device,
        kernels=which_kernels(kernels),
        workers=whole("--workers", workers),
        include=tuple(include or ()),
        executor=executor,
        limits=limits,
        address=address,
        ships_data=ship_data,
        n_gpus=share("--gpu-share", gpu_share),
        is_fresh=fresh,
        is_dry=dry_run,
        shard=shard_of(shard),
        timeout=seconds("--timeout", timeout),
        begun=begun,
        has_mlflow=mlflow,
        tracking_uri=server,
    )
    with planning():
        plan = plan_run(config, options)
    if dry_run:
        print_plan(plan, as_json=as_json)
        return
    with Screen() as screen:
        finished = complete_run(plan, options, screen)
    answer = finished.answer
    if as_json:
        typer.echo(json.dumps(answer.as_json(), indent=1))
    elif answer.tables:
        print_answer(answer, finished.paths, results, has_mlflow=mlflow)
        print_problems(answer.records, results)
    if finished.left:
        print_left(plan, finished.left)
        raise typer.Exit(code=3)
    own = {cell.key for cell in plan.own}
    has_failed = any(record.status != "done" for record in answer.records if record.cell in own)
    raise typer.Exit(code=1 if has_failed else 0)
