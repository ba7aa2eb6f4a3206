"""A model's class and the class of its options, imported from a registry row with care."""

from dataclasses import is_dataclass
from typing import Any

from benchmark.errors import PluginError
from benchmark.users_code import time_limit, users_code
from models.registry import MODELS


def model_class(name: str) -> Any:
    """Return a model's class; one that cannot be imported is named in one line."""
    row = MODELS[name]
    advice = "Mend its row in MODELS, or install what it needs"
    with users_code(f"Model '{name}' ({row.target})", PluginError, advice), time_limit():
        return row.load()


def config_of(name: str) -> type | None:
    """Return the dataclass of a model's options; None for a model without any."""
    config_class = getattr(model_class(name), "Config", None)
    if config_class is None or (isinstance(config_class, type) and is_dataclass(config_class)):
        return config_class
    raise PluginError(f"Model '{name}': its Config is no dataclass; decorate it with @dataclass.")
