"""`list`: what there is to run. Imports nothing heavy but for settings, so it answers at once."""

import json
from enum import StrEnum
from typing import Annotated, Any

import typer

from benchmark.cli.options import AsJson, Include


class What(StrEnum):
    """The tables that can be listed."""

    MODELS = "models"
    DATASETS = "datasets"
    FEATURES = "features"
    METRICS = "metrics"
    VIEWS = "views"
    EXECUTORS = "executors"
    STUDIES = "studies"
    SETTINGS = "settings"
    SPACES = "spaces"


def list_rows(
    what: Annotated[What, typer.Argument(help="Which table.")] = What.MODELS,
    include: Include = None,
    as_json: AsJson = False,
) -> None:
    """List the rows of a table: models, datasets, metrics, executors, studies, settings ..."""
    from benchmark.run.plugins import include_plugins

    include_plugins(include or [])
    rows = _rows(what)
    if what is What.SETTINGS and not as_json:
        _print_settings(rows)
        return
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    if what is What.SPACES:
        _print_spaces(rows)
        return
    width = max(len(row["name"]) for row in rows)
    for row in rows:
        count = f"{_count(row['parameters']):>12}  " if "parameters" in row else ""
        typer.echo(f"{row['name']:<{width}}  {count}{row['summary']}")
    if what is What.MODELS:
        typer.echo(
            "\nThe number counts trainable parameters at 260 features. NAME:VARIANT is a model"
            " with named settings."
        )


def _count(parameters: int | None) -> str:
    """Return a parameter count for people; "-" where it depends on the data."""
    return "-" if parameters is None else f"{parameters:,}"


def _rows(what: What) -> list[dict[str, Any]]:
    """Return the rows of one table."""
    if what is What.MODELS:
        return _models()
    if what is What.DATASETS:
        from datasets.registry import DATASETS

        return [
            {
                "name": name,
                "summary": row.summary,
                "features": list(row.every_feature_set),
                "needs_data_root": row.needs_data_root,
            }
            for name, row in DATASETS.items()
        ]
    if what is What.FEATURES:
        from datasets.features.registry import FEATURES

        return [
            {"name": name, "summary": row.summary, "n_features": row.n_features}
            for name, row in FEATURES.items()
        ]
    if what is What.METRICS:
        from benchmark.evaluate.registry import CONVENTIONS, METRICS

        return [
            {
                "name": name,
                "summary": f"{row.heading}: {row.summary}; {row.better} is better",
                "unit": row.unit,
                "conventions": [key for key, end in CONVENTIONS.items() if end in row.suffixes],
            }
            for name, row in METRICS.items()
        ]
    if what is What.VIEWS:
        from benchmark.report.views.registry import VIEWS

        return [{"name": name, "summary": row.summary} for name, row in VIEWS.items()]
    if what is What.EXECUTORS:
        from benchmark.executors.registry import EXECUTORS

        return [{"name": name, "summary": row.summary} for name, row in EXECUTORS.items()]
    if what is What.SETTINGS:
        from benchmark.plan.settings import all_settings

        return all_settings()
    if what is What.SPACES:
        from benchmark.search.space import described
        from models.registry import MODELS

        return [
            {"name": space, "model": model, "settings": described(domains)}
            for model, row in MODELS.items()
            for space, domains in row.spaces.items()
        ]
    return _studies()


def _print_spaces(rows: list[dict[str, Any]]) -> None:
    """Print each space with the values its settings may take."""
    for row in rows:
        typer.echo(f"{row['model']}, space {row['name']}")
        for setting, values in row["settings"].items():
            typer.echo(f"  {setting}: {values}")


def _print_settings(rows: list[dict[str, Any]]) -> None:
    """Print each setting as `--set` takes it, with the values it is limited to."""
    for row in rows:
        default = row["default"]
        shown = ",".join(map(str, default)) if isinstance(default, list) else default
        choices = f"  ({', '.join(map(str, row['choices']))})" if row["choices"] else ""
        typer.echo(f"{row['name']}={shown}{choices}")


def _models() -> list[dict[str, Any]]:
    """Return models and variants with their counts; only a user's own model is built for it."""
    from models.registry import MODELS

    rows = []
    for name, row in MODELS.items():
        parameters = row.parameters
        if parameters is None and row.kind == "network":
            from benchmark.errors import PluginError
            from benchmark.evaluate.complexity import count_default_parameters
            from benchmark.plan.classes import model_class
            from benchmark.users_code import users_code

            with users_code(f"Model '{name}' cannot be built with its defaults", PluginError):
                model_class(name)  # imported with care
                parameters = count_default_parameters(row)
        rows.append({"name": name, "summary": row.summary, "parameters": parameters})
        rows += [
            {
                "name": f"{name}:{variant}",
                "summary": one.summary,
                "parameters": one.parameters,
            }
            for variant, one in row.variants.items()
        ]
    return rows


def _studies() -> list[dict[str, Any]]:
    """Return the named studies with the first line of what they do."""
    import yaml

    from benchmark.plan.studies import named_studies

    return [
        {"name": name, "summary": str(yaml.safe_load(path.read_text()).get("summary", ""))}
        for name, path in named_studies().items()
    ]
