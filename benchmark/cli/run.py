"""`run`: train what is missing and print the answer."""

import json
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
    names,
    numbers,
    settings,
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
    tracking_uri: TrackingUri = None,
    include: Include = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the cells and their cost, then stop.")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Train recorded cells again.")] = False,
    as_json: AsJson = False,
) -> None:
    """Train, evaluate and record every cell of a study that is not recorded yet."""
    from benchmark.executors.registry import EXECUTORS
    from benchmark.executors.starting import preload
    from benchmark.lookup import find
    from benchmark.plan.studies import read_study
    from benchmark.record.searches import promoted_studies
    from benchmark.run.plugins import include_plugins

    address = tracking_address(tracking_uri)
    if not dry_run and executor == "processes":
        preload(OF_WORKERS)
    include_plugins(include or [])
    find(EXECUTORS, executor, kind="executor")
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
    from benchmark.cli.screen import Screen, planning, print_answer, print_bill
    from benchmark.run.session import RunOptions, complete_run, plan_run

    options = RunOptions(
        results=results,
        data_root=data_root,
        device=device,
        kernels=which_kernels(kernels),
        workers=whole("--workers", workers),
        include=tuple(include or ()),
        executor=executor,
        tracking_uri=address,
        is_fresh=fresh,
        is_dry=dry_run,
    )
    with planning():
        bill = plan_run(config, options)
    if dry_run:
        print_bill(bill, as_json=as_json)
        return
    with Screen() as screen:
        answer, paths = complete_run(bill, options, screen)
    if as_json:
        typer.echo(json.dumps(answer.as_json(), indent=1))
    else:
        print_answer(answer, paths, results)
        print_problems(answer.records, results)
    has_failed = any(record.status != "done" for record in answer.records)
    raise typer.Exit(code=1 if has_failed else 0)
