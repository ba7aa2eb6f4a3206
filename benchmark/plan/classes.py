"""A model's class and the class of its options, imported from a registry row with care."""

from dataclasses import is_dataclass
from typing import Any

from benchmark.errors import USER_ERRORS, PluginError
from benchmark.users_code import is_ours, time_limit, users_code
from models.registry import MODELS


def model_class(name: str) -> Any:
    """Return a model's class; one that cannot be imported is named in one line."""
    row = MODELS[name]
    advice = "Mend its row in MODELS, or install what it needs"
    with users_code(f"Model '{name}' ({row.target})", PluginError, advice), time_limit():
        return row.load()


def ends_the_run(error: BaseException, model: str) -> bool:
    """Tell whether what was raised while a model ran means the user, not this model's cell alone.

    Errors of our own mean the user where a model of our own ran: songs too few for it, say. While
    a user's model runs they are one more thing that it did wrong.
    """
    is_own = model_class(model).__module__.partition(".")[0] == "models"
    return is_ours(error) and (is_own or not isinstance(error, USER_ERRORS))


def config_of(name: str) -> type | None:
    """Return the dataclass of a model's options; None for a model without any."""
    model_class(name)  # imported with care
    config_class = MODELS[name].config_class
    if config_class is None or (isinstance(config_class, type) and is_dataclass(config_class)):
        return config_class
    raise PluginError(f"Model '{name}': its Config is no dataclass; decorate it with @dataclass.")
