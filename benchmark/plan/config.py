"""Configuration as frozen dataclasses; unknown keys and impossible values are errors.

Settings of models, of the dataset, of training and of the protocol are dotted: `crnn.dropout`,
`synthetic.size`, `training.patience`, `protocol.folds`.
"""

import json
from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields, is_dataclass
from dataclasses import dataclass as plain_dataclass
from dataclasses import field as dataclass_field
from math import isfinite
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from benchmark.errors import ConfigError
from benchmark.lookup import check_options
from benchmark.users_code import users_code
from datasets.names import flaw_of_characters

Frames = Annotated[int, Field(ge=1)]
Precision = Literal["float32", "bf16"]
STRICT = ConfigDict(extra="forbid")
STUDY_NAME = r"^\w[\w .-]*$"
MOST = 10**18 - 1
NOT_FINITE = ("inf", "infinity", "nan")


@dataclass(frozen=True)
class TrainingConfig:
    """How a network is trained; the defaults follow the paper where it says anything."""

    batch_size: Annotated[int, Field(ge=1)] = 32
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3  # Adam's default, as in the paper
    adam_epsilon: Annotated[float, Field(gt=0)] = 1e-8  # the default of Keras 1 and of torch
    max_epochs: Annotated[int, Field(ge=1)] = 100
    patience: Annotated[int, Field(ge=1)] = 10  # epochs without a better validation RMSE
    validation_fraction: Annotated[float, Field(ge=0, lt=1)] = 0.2  # of development songs
    precision: Precision = "float32"  # of products in training (see train/step.py)


@dataclass(frozen=True, config=STRICT)
class StudyConfig:
    """Cells in the making: every combination of models, lengths and repetitions."""

    name: Annotated[str, Field(pattern=STUDY_NAME, max_length=100)]
    models: Annotated[tuple[str, ...], Field(min_length=1)]
    summary: str = ""
    dataset: str = "synthetic"
    features: str | None = None  # None: the dataset's default
    sequence_lengths: Annotated[tuple[Frames, ...], Field(min_length=1)] = (60,)
    repetitions: Annotated[int, Field(ge=1)] = 5
    seed: Annotated[int, Field(ge=0)] = 2017
    set: dict[str, Any] = dataclass_field(default_factory=dict)


@plain_dataclass(frozen=True)
class Study:
    """What people call by name: the union of its parts; a cell that two parts share runs once."""

    name: str
    parts: tuple[StudyConfig, ...]
    contrasts: tuple[tuple[str, str], ...] | None = None  # rows to compare; None: the default

    @property
    def datasets(self) -> tuple[str, ...]:
        """Return the datasets its parts run on."""
        return tuple(dict.fromkeys(part.dataset for part in self.parts))


def resolve(
    study: StudyConfig,
    namespace: str,
    config_class: type | None,
    named: Mapping[str, Any] | None = None,
) -> Any:
    """Build the configuration of a model, dataset or of training from the dotted settings.

    `named` are the settings of a model's variant; what the study sets wins over them.
    """
    written = dict(named or {}) | {
        key.partition(".")[2]: value
        for key, value in study.set.items()
        if key.partition(".")[0] == namespace
    }
    if config_class is None:
        if written:
            raise ConfigError(f"'{namespace}' has no options, got {', '.join(written)}.")
        return None
    return validated(config_class, written, where=namespace)


def validated(config_class: type, values: Mapping[str, Any], *, where: str) -> Any:
    """Build a configuration dataclass; the first unknown key or impossible value is an error."""
    known = [option.name for option in fields(config_class)] if is_dataclass(config_class) else []
    check_options(values, known, where=where)
    for key, value in values.items():
        parts = value if isinstance(value, list | tuple) else [value]
        texts = [str(part) for part in parts if isinstance(part, str | float)]
        if config_class is not StudyConfig and any(  # whose texts are names
            text.strip().lower().lstrip("+-") in NOT_FINITE for text in texts
        ):
            raise ConfigError(f"{where}: {key}={value}: give a finite number.")
        if flaw := flaw_of_setting(value):
            raise ConfigError(f"{where}: {key} {flaw}.")
    with users_code(f"{where}: the class of its options", ConfigError):
        try:
            config: Any = TypeAdapter(config_class).validate_python(dict(values))
        except ValidationError as error:
            first = error.errors()[0]
            message = first["msg"].removeprefix("Value error, ")
            place = ".".join(map(str, first["loc"]))
            given = f" {place}={first['input']!r:.200}:" if first["loc"] else ""
            raise ConfigError(f"{where}:{given} {message}.") from error
    if is_dataclass(config):
        for option in fields(config):
            if flaw := flaw_of_setting(getattr(config, option.name)):
                raise ConfigError(f"{where}: {option.name} {flaw}.")
    return config


def flaw_of_setting(value: Any) -> str:
    """Return why a value cannot stand in a record, which refuses it when it is read back."""
    if isinstance(value, list | tuple):
        return next(filter(None, map(flaw_of_setting, value)), "")
    if isinstance(value, int) and not -MOST <= value <= MOST:
        return f"has a number of {len(f'{abs(value):x}') * 1.2:.0f} digits; give at most 18"
    if isinstance(value, float) and not isfinite(value):
        return f"is {value}; give a finite number"
    return flaw_of_characters(value) if isinstance(value, str) else ""


def plain(config: Any) -> dict[str, Any]:
    """Return a configuration as JSON-ready values, tuples as lists."""
    values = {} if config is None else {key: as_json(one) for key, one in asdict(config).items()}
    for key, value in values.items():
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise ConfigError(
                f"{type(config).__name__}.{key} is a {type(value).__name__}; a setting is a finite"
                " number, text, true or false, or a tuple of these."
            ) from error
    return values


def plain_options(options: Any) -> dict[str, Any]:
    """Return a dataset's options as records keep them: all of them, as JSON-ready values.

    The one exception is marked where an option is declared: `ADDED_LATER`, at its default.
    """
    values, usual = plain(options), defaults(None if options is None else type(options))
    for option in fields(options) if options is not None else ():
        is_left_out = not option.metadata.get("is_recorded_at_default", True)
        if is_left_out and values[option.name] == usual[option.name]:
            del values[option.name]
    return values


def defaults(config_class: type | None) -> dict[str, Any]:
    """Return a configuration's defaults as JSON-ready values; an option without one is absent."""
    return {
        option.name: as_json(
            option.default if option.default_factory is MISSING else option.default_factory()
        )
        for option in (fields(config_class) if config_class else ())
        if not (option.default is MISSING and option.default_factory is MISSING)
    }


def as_text(value: Any) -> str:
    """Return a setting's value as `--set` takes it: "1,9", "0.2"."""
    if isinstance(value, list | tuple):
        return ",".join(map(as_text, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def as_json(value: Any) -> Any:
    """Return a value as JSON gives it back: tuples become lists."""
    return list(value) if isinstance(value, tuple) else value
