"""Every dotted setting there is, with its default: what `--set` and a study's `set` take."""

from dataclasses import is_dataclass
from typing import Any

from pydantic import TypeAdapter

from benchmark.errors import ConfigError
from benchmark.plan.classes import model_class
from benchmark.plan.config import TrainingConfig, defaults
from benchmark.plan.protocol import ProtocolConfig
from benchmark.users_code import users_code
from datasets.registry import DATASETS
from models.registry import MODELS


def all_settings() -> list[dict[str, Any]]:
    """Return name, default and choices of the settings of training, protocol, data and models."""
    owners: dict[str, Any] = {"training": TrainingConfig, "protocol": ProtocolConfig}
    owners |= {name: row.resolve(row.options) for name, row in DATASETS.items()}
    owners |= {name: model_class(name) and MODELS[name].config_class for name in MODELS}
    return [row for owner, config_class in owners.items() for row in _settings(owner, config_class)]


def _settings(owner: str, config_class: type | None) -> list[dict[str, Any]]:
    """Return the settings of one configuration; a user's own need not be a dataclass."""
    if config_class is None or not is_dataclass(config_class):
        return []
    with users_code(f"The options of {owner}", ConfigError):
        schema = TypeAdapter(config_class).json_schema()
    usual = defaults(config_class)
    return [
        {
            "name": f"{owner}.{option}",
            "default": usual.get(option),
            "choices": _choices(described),
        }
        for option, described in schema["properties"].items()
    ]


def _choices(described: dict[str, Any]) -> list[Any]:
    """Return the values an option is limited to; none where any of its type will do."""
    alternatives = [described, *described.get("anyOf", []), described.get("items", {})]
    return [
        value
        for alternative in alternatives
        for value in [
            *alternative.get("enum", []),
            *([alternative["const"]] if "const" in alternative else []),
        ]
    ]
