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

from benchmark.errors import PluginError
from datasets.registry import DATASETS, DatasetEntry
from models.registry import MODELS, ModelEntry

GROUP = "mer_benchmark"
ROWS = {  # what to write, by the class of a row
    ModelEntry: "ModelEntry(target=..., summary='...'), from models.registry import ModelEntry",
    DatasetEntry: "DatasetEntry(load=..., summary='...', feature_sets=('...',)),"
    " from datasets.registry import DatasetEntry; an example is in docs/own-data.md",
}


def include_plugins(files: Sequence[Path] = ()) -> None:
    """Add the rows of every installed entry point and of the given files to the registries."""
    for point in entry_points(group=GROUP):
        try:
            module = point.load()
        except Exception as error:
            raise PluginError(
                f"Entry point '{point.name}' of package {point.dist and point.dist.name} cannot be"
                f" loaded ({type(error).__name__}: {error}). Mend or uninstall the package."
            ) from error
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
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise PluginError(
            f"--include {path} failed while it was loaded: {type(error).__name__}: {error}."
            f" Try: python {path}"
        ) from error
    return module


def _digest(path: Path) -> str:
    """A file that changed is another version of its models."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def _register(module: ModuleType, origin: str, version: str) -> None:
    """Add a module's rows; a name that is taken is refused."""
    models: dict[str, ModelEntry] = getattr(module, "MODELS", {})
    datasets: dict[str, DatasetEntry] = getattr(module, "DATASETS", {})
    if not models and not datasets:
        raise PluginError(
            f"{origin} defines neither MODELS nor DATASETS; give at least one, for example"
            " MODELS = {'mine': ModelEntry(target=Mine, summary='...')}."
        )
    for name, model in models.items():
        _check(name, model, ModelEntry, MODELS, origin)
        MODELS[name] = replace(model, version=f"{model.version}-{version}")
    for name, dataset in datasets.items():
        _check(name, dataset, DatasetEntry, DATASETS, origin)
        DATASETS[name] = dataset


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
