"""`report`: tables, figures and the page from records alone."""

import json
from enum import StrEnum
from typing import Annotated

import typer

from benchmark.cli.options import (
    DEFAULT_RESULTS,
    AsJson,
    Include,
    OnlyStudy,
    Results,
    TrackingUri,
    WithMlflow,
    figure_kinds,
    model_names,
    names,
    once,
    tracking_address,
    view_names,
)


class Format(StrEnum):
    """How the answer is printed; files are written in every format."""

    TABLE = "table"
    CSV = "csv"
    MARKDOWN = "markdown"
    LATEX = "latex"
    JSON = "json"
    HTML = "html"  # a page; its path is printed


def report(
    results: Results = DEFAULT_RESULTS,
    study: OnlyStudy = None,
    format_: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.TABLE,
    figures: Annotated[
        str,
        typer.Option(metavar="KINDS", help="png, svg, pdf; column: PDF for a paper's column."),
    ] = "png",
    order: Annotated[
        str | None,
        typer.Option(metavar="MODELS", help="Models to show first, separated by commas."),
    ] = None,
    names_: Annotated[
        list[str] | None,
        typer.Option("--names", metavar="MODEL=NAME", help="What to call a model; repeatable."),
    ] = None,
    views: Annotated[
        str | None,
        typer.Option(metavar="NAMES", help="Print these tables alone; see `list views`."),
    ] = None,
    mlflow: WithMlflow = True,
    tracking_uri: TrackingUri = None,
    include: Include = None,
    as_json: AsJson = False,
) -> None:
    """Rebuild tables, figures and the MLflow copy from the records of a results folder."""
    from benchmark.cli.screen import print_answer
    from benchmark.report.answer import answer_from_records
    from benchmark.report.arrange import arranged
    from benchmark.report.figures.draw import prepare_to_draw
    from benchmark.report.write import write_answer
    from benchmark.run.plugins import include_plugins

    address = tracking_address(tracking_uri)
    include_plugins(include or [])
    kinds = figure_kinds(figures)
    prepare_to_draw(results)
    recorded = answer_from_records(results, study)
    first = once("--order", names("--order", order) or ())
    shown = view_names(names("--views", views))
    answer = arranged(recorded, first, model_names(names_ or []))
    paths = write_answer(answer, results, kinds)
    wanted = Format.JSON if as_json else format_
    tracked: dict[str, tuple[str, str]] = {}
    if mlflow or address:
        from benchmark.tracking.folder import mirror_folder
        from benchmark.tracking.tracking import Tracking

        tracking = Tracking(
            results,
            lambda line: typer.echo(line, err=True),
            address,
            has_local=mlflow,
            seconds_to_wait=None,
        )
        paths += mirror_folder(tracking, recorded, paths)
        if wanted is Format.HTML and tracking.local:
            tracked = tracking.local.attempt(tracking.mirror.addresses) or {}
    if wanted is Format.JSON:
        typer.echo(json.dumps(answer.as_json(), indent=1))
    elif wanted is Format.CSV:
        typer.echo(answer.csv(), nl=False)
    elif wanted is Format.MARKDOWN:
        typer.echo(answer.markdown(shown), nl=False)
    elif wanted is Format.LATEX:
        typer.echo(answer.latex(shown), nl=False)
    elif wanted is Format.HTML:
        from benchmark.report.page.write import Tracked, write_page

        page = write_page(answer, results, {group: Tracked(*run) for group, run in tracked.items()})
        typer.echo(f"written: {page}")
    else:
        print_answer(answer, paths, results, views=shown, has_mlflow=mlflow)
