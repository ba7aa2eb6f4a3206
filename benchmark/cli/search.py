"""`search`: read the options, call the search, print what it found."""

import json
from typing import Annotated, Any

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
    seconds,
    settings,
    tracking_address,
    which_kernels,
    whole,
)


def search(
    model: Annotated[str, typer.Option(metavar="NAME", help="See `list spaces`.")] = "crnn",
    space: Annotated[
        str | None, typer.Option(metavar="NAME", help="See `list spaces`; default: the first.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="To resume by; default: what it searches.")
    ] = None,
    trials: Annotated[
        str | None, typer.Option(metavar="N", help="Finished trials in total; default 50.")
    ] = None,
    timeout: Annotated[
        str | None, typer.Option(metavar="TIME", help="Begin no trial after 90s, 50m or 1h30m.")
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(metavar="NAME", help="See `list datasets`.")
    ] = None,
    features: Annotated[
        str | None, typer.Option(metavar="NAME", help="Feature set of the dataset.")
    ] = None,
    sequence_length: Annotated[
        str | None, typer.Option(metavar="N", help="Frames per sequence, instead of searching it.")
    ] = None,
    folds: Annotated[
        str | None, typer.Option(metavar="K", help="Folds of development songs; default 5.")
    ] = None,
    seed: Annotated[str | None, typer.Option(metavar="N", help="Base seed; default 2017.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="MODEL.OPTION=VALUE", help="Fix a setting; repeatable."),
    ] = None,
    max_epochs: Annotated[
        str | None, typer.Option(metavar="N", help="Short for training.max_epochs.")
    ] = None,
    sampler: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="tpe (default), random, grid; nsga2: also parameters."),
    ] = None,
    pruner: Annotated[
        str | None, typer.Option(metavar="NAME", help="median (default), hyperband, none.")
    ] = None,
    max_parameters: Annotated[
        str | None, typer.Option(metavar="N", help="Larger networks are not trained.")
    ] = None,
    finalists: Annotated[
        int | None, typer.Option(metavar="N", help="Best trials to train anew; default 3.")
    ] = None,
    repetitions: Annotated[
        str | None, typer.Option(metavar="N", help="Seeds of every finalist; default 5.")
    ] = None,
    promote: Annotated[
        str | None, typer.Option(metavar="NAME", help="Write the best as a study for `run`.")
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option(
            envvar="MER_STORAGE",
            metavar="URL",
            help="sqlite:///FILE, journal:FILE or postgresql+psycopg://USER@HOST/NAME.",
        ),
    ] = None,
    workers: Annotated[
        str | None, typer.Option(metavar="N", help="Processes; more than one not with SQLite.")
    ] = None,
    device: Annotated[str, typer.Option(metavar="NAME", help="auto, cpu, cuda or mps.")] = "auto",
    kernels: WantedKernels = "fused",
    precision: Precision = None,
    resample: Resample = False,
    data_root: DataRoot = None,
    results: Results = DEFAULT_RESULTS,
    tracking_uri: TrackingUri = None,
    include: Include = None,
    as_json: AsJson = False,
) -> None:
    """Search a model's settings on development songs; the same command again goes on."""
    from benchmark.run.plugins import include_plugins

    address = tracking_address(tracking_uri)
    include_plugins(include or [])

    from benchmark.plan.config import validated
    from benchmark.plan.studies import check_short, with_short
    from benchmark.search.spec import SearchConfig, checked_search

    fixed = settings(set_ or [])
    short = {"max_epochs": max_epochs, "precision": precision, "resample": resample or None}
    asked: dict[str, Any] = {
        "model": model,
        "space": space,
        "name": name,
        "trials": trials,
        "timeout": seconds("--timeout", timeout),
        "dataset": dataset,
        "features": features,
        "sequence_length": sequence_length,
        "folds": folds,
        "seed": seed,
        "set": with_short(short) | fixed,
        "sampler": sampler,
        "pruner": pruner,
        "max_parameters": max_parameters,
        "finalists": finalists,
        "repetitions": repetitions,
    }
    given = {key: value for key, value in asked.items() if value is not None}
    checked = checked_search(validated(SearchConfig, given, where="search"))
    check_short(short, [checked.base.dataset])

    from benchmark.cli.search_screen import SearchScreen, as_rows, print_search
    from benchmark.search.search import SearchOptions
    from benchmark.search.session import complete_search
    from benchmark.search.storage import default_storage
    from benchmark.train.device import choose_device

    options = SearchOptions(
        results=results,
        storage=storage or default_storage(results),
        data_root=data_root,
        device=choose_device(device).name,
        kernels=which_kernels(kernels),
        workers=whole("--workers", workers) or 1,
        include=tuple(include or ()),
        tracking_uri=address,
    )
    outcome = complete_search(checked, options, SearchScreen(checked, options), promote)
    if as_json:
        typer.echo(json.dumps(as_rows(outcome), indent=1))
    else:
        print_search(outcome, options)
    raise typer.Exit(code=0 if outcome.record.completed else 1)
