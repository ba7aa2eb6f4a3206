"""Saved views: what MLflow's UI shows under its button *Views*, and the links that open them.

The UI keeps a view as a tag of the experiment, in the format of its own button *Save as new view*
(MLflow 3.17); tests/benchmark/cli/test_ui.py opens them in a browser.
"""

import json
from collections.abc import Sequence
from typing import Any

from benchmark.report.palette import COLOURS, shade_of
from benchmark.report.tradeoff import COSTS

UI = "http://127.0.0.1:5000"  # where `ui` shows a store unless told otherwise
VIEW_TAG = "mlflow.sharedViewState."
COLOUR_TAG = "mlflow.runColor"
KIND_OF_EXPERIMENT = {"mlflow.experimentKind": "custom_model_development"}
TRADE_OFF, TABLE, TRIALS = "tradeoff", "table", "trials"
PAGE = "#/experiments/{experiment}/runs?workflowType=machine_learning"  # not the pages for chats
SCORES = ("rmse_valence", "rmse_arousal", "rmse_average", "n_parameters", "train_seconds")


def cell_views() -> dict[str, str]:
    """Return the tags of an experiment of cells: the trade-off, and every cell as a table."""
    return KIND_OF_EXPERIMENT | {
        VIEW_TAG + TRADE_OFF: _view(
            "RMSE against parameters",
            "tags.`mer.kind` = 'mean'",
            [_scatter(f"log10_{cost}", "rmse_average") for cost in COSTS],
            [*map(_metric, SCORES), _metric("n_cells")],
        ),
        VIEW_TAG + TABLE: _view(
            "All repetitions",
            "tags.`mer.kind` = 'cell'",
            [_scatter("log10_parameters", "rmse_average")],
            [*map(_metric, SCORES), "tags.`mer.status`"],
        ),
    }


def trial_views(settings: Sequence[str]) -> dict[str, str]:
    """Return the tags of a search's experiment: error against parameters and by setting."""
    charts = [
        _scatter("log10_parameters", "rmse_average"),
        _chart("PARALLEL", selectedParams=[*settings], selectedMetrics=["rmse_average"])
        | {"showAllRuns": True},
    ]
    columns = [_metric("rmse_average"), _metric("n_parameters"), "tags.`mer.status`"]
    columns += [f"params.`{setting}`" for setting in settings]
    view = _view("RMSE of all trials", "tags.`mer.kind` = 'trial'", charts, columns)
    return KIND_OF_EXPERIMENT | {VIEW_TAG + TRIALS: view}


def page_of(experiment: str, view: str) -> str:
    """Return the part of an address after the port that opens a view's charts."""
    return f"{PAGE.format(experiment=experiment)}&compareRunsMode=CHART&viewStateShareKey={view}"


def colour_of_model(model: str, sequence_length: int | None) -> dict[str, str]:
    """Return the tag that colours a run as figures colour its model, paler for short sequences."""
    return {COLOUR_TAG: shade_of(model, sequence_length)}


def colour_of(position: int) -> dict[str, str]:
    """Return the tag that colours one of many trials."""
    return {COLOUR_TAG: COLOURS[position % len(COLOURS)]}


def run_page(experiment: str, run: str) -> str:
    """Return the part of an address after the port that shows one run."""
    return PAGE.format(experiment=experiment).replace("/runs", f"/runs/{run}")


def _view(name: str, runs: str, charts: list[dict[str, Any]], columns: list[str]) -> str:
    """Return a view of the runs that a filter leaves, best first."""
    section = {"uuid": "costs", "name": name, "display": True, "isReordered": False}
    section |= {
        "deleted": False,
        "isGenerated": False,
        "columns": 1,
        "cardHeight": 360,
    }
    state = {
        "searchFilter": runs,
        "orderByKey": "metrics.`rmse_average`",
        "orderByAsc": True,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "selectedColumns": columns,
        "runsHiddenMode": "SHOWALL",
        "compareRunCharts": charts,
        "compareRunSections": [section],
        "viewMaximized": False,
        "runListHidden": False,
        "isAccordionReordered": True,  # or the UI sorts its own sections before ours
        "useGroupedValuesInCharts": True,
        "hideEmptyCharts": True,
        "groupBy": None,
        "groupsExpanded": {},
    }
    return json.dumps({"name": name, "createdAt": 0, "updatedAt": 0, "state": json.dumps(state)})


def _scatter(x: str, y: str) -> dict[str, Any]:
    """Return a chart of one metric against another."""
    axes = {axis: {"key": key, "type": "METRIC"} for axis, key in (("xaxis", x), ("yaxis", y))}
    return _chart("SCATTER", **axes) | {"uuid": f"{y}-{x}"}


def _chart(kind: str, **what: Any) -> dict[str, Any]:
    """Return a chart in the view's only section."""
    return {
        "uuid": kind.lower(),
        "type": kind,
        "runsCountToCompare": 100,
        "metricSectionId": "costs",
        "deleted": False,
        "isGenerated": False,
        **what,
    }


def _metric(name: str) -> str:
    """Return a metric's column."""
    return f"metrics.`{name}`"
