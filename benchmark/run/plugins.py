"""Registry rows from a user's own file or from an installed package.

A file or module is included for its tables, dictionaries of rows called as those of this project:
`MODELS`, `DATASETS`, `FEATURES`, `METRICS`, `VIEWS`, `EXECUTORS`. Packages name such a module as an
entry point of the group `mer_benchmark`.
"""

import hashlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import numpy as np

from benchmark.errors import PluginError
from benchmark.evaluate.registry import METRICS, MetricEntry
from benchmark.executors.registry import EXECUTORS, ExecutorEntry
from benchmark.report.views.registry import VIEWS, ViewEntry, check_columns
from benchmark.users_code import time_limit, users_code
from datasets.features.registry import FEATURES, FeatureEntry
from datasets.registry import DATASETS, DatasetEntry
from models.registry import MODELS, ModelEntry

GROUP = "mer_benchmark"
_folders: list[TemporaryDirectory[str]] = []  # of files that came from another machine
_origins: dict[tuple[str, str], str] = {}  # (example of a registry's row, name) -> who added it


@dataclass(frozen=True)
class Registry:
    """A table that a user's module may add rows to."""

    rows: dict[str, Any]
    kind: type  # of a row
    example: str


def registries() -> dict[str, Registry]:
    """Return the tables by the names that modules call theirs."""
    return {
        "MODELS": Registry(
            MODELS,
            ModelEntry,
            "ModelEntry(target=..., summary='...'), from models.registry import ModelEntry",
        ),
        "DATASETS": Registry(
            DATASETS,
            DatasetEntry,
            "DatasetEntry(load=..., summary='...', feature_sets=('...',)),"
            " from datasets.registry import DatasetEntry; an example is in docs/extending.md",
        ),
        "FEATURES": Registry(
            FEATURES,
            FeatureEntry,
            "FeatureEntry(function=..., n_features=..., summary='...'),"
            " from datasets.features.registry import FeatureEntry",
        ),
        "METRICS": Registry(
            METRICS,
            MetricEntry,
            "MetricEntry(function, heading='...', summary='...', better='higher'),"
            " from benchmark.evaluate.registry import MetricEntry",
        ),
        "VIEWS": Registry(
            VIEWS,
            ViewEntry,
            "ViewEntry(Mine, '...') of a subclass of View,"
            " from benchmark.report.views.registry import ViewEntry",
        ),
        "EXECUTORS": Registry(
            EXECUTORS,
            ExecutorEntry,
            "ExecutorEntry(Mine, '...') of a subclass of Executor,"
            " from benchmark.executors.registry import ExecutorEntry",
        ),
    }


def include_plugins(files: Sequence[Path] = ()) -> None:
    """Add the rows of every installed entry point and of the given files to the registries."""
    for point in entry_points(group=GROUP):
        what = f"Entry point '{point.name}' of package {point.dist and point.dist.name}"
        with users_code(what, PluginError, "Mend or uninstall the package"), time_limit():
            module = point.load()
        version = point.dist.version if point.dist else ""
        _register(module, str(point.value), version)
    for path in files:
        _register(_load_file(path), str(path), _digest(path))


def include_sent(files: Sequence[tuple[str, bytes]]) -> None:
    """Add the rows of files, given as name and content, that lie on another machine."""
    kept = TemporaryDirectory(prefix="mer-include-")
    _folders.append(kept)  # until this process ends: tracebacks read the files
    folder = Path(kept.name)
    paths = [folder / str(number) / name for number, (name, _) in enumerate(files)]
    for path, (_, content) in zip(paths, files, strict=True):
        path.parent.mkdir()
        path.write_bytes(content)
    include_plugins(paths)


def _load_file(path: Path) -> ModuleType:
    """Run a user's file as a module of its own name."""
    if not path.is_file():
        raise PluginError(f"--include {path}: no such file. Give a Python file with MODELS in it.")
    name = f"mer_include_{path.stem}"
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise PluginError(f"--include {path}: not a Python file; its name must end in .py.")
    module = module_from_spec(spec)
    sys.modules[name] = module
    what = f"--include {path} failed while it was loaded"
    with users_code(what, PluginError, f"Try: python {path}"), time_limit():
        spec.loader.exec_module(module)
    return module


def _digest(path: Path) -> str:
    """A file that changed is another version of its models."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def _register(module: ModuleType, origin: str, version: str) -> None:
    """Add a module's rows; a name that is taken is refused."""
    tables = registries()
    found = {name: _table(module, name, origin) for name in tables}
    if not any(found.values()):
        raise PluginError(
            f"{origin} defines none of {', '.join(tables)}; give at least one, for example"
            " MODELS = {'mine': ModelEntry(target=Mine, summary='...')}."
        )
    for table, rows in found.items():
        for name, row in rows.items():
            _check(name, row, tables[table], origin)
            _check_fields(name, row, origin)
            if isinstance(row, ModelEntry | FeatureEntry):
                row = replace(row, version=f"{row.version}-{version}")
            tables[table].rows[name] = row
            _origins[tables[table].example, name] = origin


def _table(module: ModuleType, name: str, origin: str) -> dict[str, Any]:
    """Return a module's rows by their names; none where it has no such table."""
    table = getattr(module, name, {})
    if not isinstance(table, dict) or not all(isinstance(key, str) for key in table):
        raise PluginError(
            f"{origin}: {name} is no dictionary of names (text) and rows; write"
            f" {name} = {{'mine': ...}}."
        )
    return table


def _check(name: str, row: object, registry: Registry, origin: str) -> None:
    """Refuse rows of the wrong type and names that are taken or cannot be typed."""
    if not isinstance(row, registry.kind):
        raise PluginError(
            f"{origin}: '{name}' is a {type(row).__name__}, not a {registry.kind.__name__}. Write"
            f" '{name}': {registry.example}."
        )
    if not name.replace("_", "").isalnum():
        raise PluginError(f"{origin}: the name '{name}' may hold letters, digits and _ only.")
    if name in registry.rows:
        by = _origins.get((registry.example, name), "this suite")
        raise PluginError(f"{origin}: '{name}' is already registered by {by}; choose another name.")


def _check_fields(name: str, row: Any, origin: str) -> None:
    """Refuse a field of the wrong type, a dataset without features, a metric without a score."""
    from pydantic import TypeAdapter, ValidationError

    try:
        TypeAdapter(type(row)).validate_python(vars(row))
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise PluginError(f"{origin}: '{name}', {place}: {first['msg']}.") from error
    if isinstance(row, DatasetEntry) and not row.feature_sets:
        raise PluginError(f"{origin}: '{name}' has no feature_sets; name at least one.")
    if isinstance(row, ViewEntry):
        with users_code(f"{origin}: view '{name}' cannot be made", PluginError), time_limit():
            check_columns(row)
    if isinstance(row, MetricEntry):
        if not row.suffixes:
            raise PluginError(f"{origin}: '{name}' is neither per_song nor pooled; choose one.")
        series = np.linspace(-0.5, 0.5, 9, dtype=np.float32)
        what = f"{origin}: metric '{name}' cannot score two series of nine frames"
        with users_code(what, PluginError), time_limit():
            row.checked_score(series, series[::-1])
