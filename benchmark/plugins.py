"""Registry rows from a user's own file or from an installed package.

A file or module is included for its `MODELS` and `DATASETS`: dictionaries of rows like those in
`models/registry.py` and `datasets/registry.py`. Packages name such a module as an entry point of
the group `mer_benchmark`.
"""

import hashlib
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmark.errors import PluginError
from benchmark.users_code import time_limit, users_code
from datasets.registry import DATASETS, DatasetEntry
from models.registry import MODELS, ModelEntry

GROUP = "mer_benchmark"
ROWS = {  # what to write, by the class of a row
    ModelEntry: "ModelEntry(target=..., summary='...'), from models.registry import ModelEntry",
    DatasetEntry: "DatasetEntry(load=..., summary='...', feature_sets=('...',)),"
    " from datasets.registry import DatasetEntry; an example is in docs/extending.md",
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
    models, datasets = (_table(module, name, origin) for name in ("MODELS", "DATASETS"))
    if not models and not datasets:
        raise PluginError(
            f"{origin} defines neither MODELS nor DATASETS; give at least one, for example"
            " MODELS = {'mine': ModelEntry(target=Mine, summary='...')}."
        )
    for name, model in models.items():
        _check(name, model, ModelEntry, MODELS, origin)
        _check_fields(name, model, origin)
        MODELS[name] = replace(model, version=f"{model.version}-{version}")
    for name, dataset in datasets.items():
        _check(name, dataset, DatasetEntry, DATASETS, origin)
        _check_fields(name, dataset, origin)
        DATASETS[name] = dataset


def _table(module: ModuleType, name: str, origin: str) -> dict[str, Any]:
    """Return a module's rows by their names; none where it has no such table."""
    table = getattr(module, name, {})
    if not isinstance(table, dict) or not all(isinstance(key, str) for key in table):
        raise PluginError(
            f"{origin}: {name} is no dictionary of names (text) and rows; write"
            f" {name} = {{'mine': ...}}."
        )
    return table


def _check_fields(name: str, row: ModelEntry | DatasetEntry, origin: str) -> None:
    """Refuse a row with a field of the wrong type, and a dataset without features."""
    from pydantic import TypeAdapter, ValidationError

    try:
        TypeAdapter(type(row)).validate_python(vars(row))
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise PluginError(f"{origin}: '{name}', {place}: {first['msg']}.") from error
    if isinstance(row, DatasetEntry) and not row.feature_sets:
        raise PluginError(f"{origin}: '{name}' has no feature_sets; name at least one.")


def _check(
    name: str, row: object, kind: type, table: dict[str, ModelEntry] | dict[str, DatasetEntry],
    origin: str,
) -> None:  # fmt: skip
    """Refuse rows of the wrong type and names that are taken or cannot be typed."""
    if not isinstance(row, kind):
        raise PluginError(
            f"{origin}: '{name}' is a {type(row).__name__}, not a {kind.__name__}. Write"
            f" '{name}': {ROWS[kind]}."
        )
    if not name.replace("_", "").isalnum():
        raise PluginError(f"{origin}: the name '{name}' may hold letters, digits and _ only.")
    if name in table:
        raise PluginError(f"{origin}: '{name}' is already registered; choose another name.")
