"""A model's search space becomes suggestions of a trial, checked against its configuration.

A *parameter* is what Optuna draws, a *value* what a setting becomes. They differ where a value is
a list (drawn by its text) and where a setting may be off (drawn as NAME:on, then NAME).
"""

import math
import random
from collections.abc import Mapping
from typing import Any, Protocol

from benchmark.errors import ConfigError
from benchmark.lookup import find
from models.registry import MODELS
from models.spaces import Choice, Integer, OnlyIf, Real, Space, Switched

SWITCH = ":on"
N_PROBES = 200  # random members of a space that are checked before a search begins
LARGEST_GRID = 20_000  # points; each is one training


class Suggests(Protocol):
    """What draws parameters: an Optuna trial, or `Probe`."""

    def suggest_categorical(self, name: str, choices: Any) -> Any:
        """Draw one of the choices."""

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        """Draw a whole number."""

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        """Draw a number."""


def space_of(model: str, name: str | None) -> tuple[str, Space]:
    """Return a model's space by name; without one, its first."""
    row = find(MODELS, model, kind="model")
    if not row.spaces:
        those = ", ".join(other for other, one in MODELS.items() if one.spaces)
        raise ConfigError(
            f"Model '{model}' has no search space. Models that have one: {those}. One of your own"
            " gets it in its row: ModelEntry(..., spaces={'mine': {...}}), as in models/spaces.py."
        )
    name = next(iter(row.spaces)) if name is None else name
    return name, find(row.spaces, name, kind=f"space of {model}")


def suggest(trial: Suggests, space: Space, known: Mapping[str, Any]) -> dict[str, Any]:
    """Draw a value of every setting that is asked for; `known` are those not searched over."""
    values: dict[str, Any] = {}
    for name, domain in space.items():
        if isinstance(domain, OnlyIf):
            if values.get(domain.setting, known.get(domain.setting)) not in domain.values:
                continue
            domain = domain.domain
        if isinstance(domain, Switched):
            if not trial.suggest_categorical(f"{name}{SWITCH}", [False, True]):
                values[name] = domain.off
                continue
            domain = domain.domain
        if isinstance(domain, Choice):
            by_label = {_label(value): value for value in domain.values}
            values[name] = by_label[trial.suggest_categorical(name, list(by_label))]
        elif isinstance(domain, Integer):
            values[name] = trial.suggest_int(name, domain.low, domain.high, log=domain.is_log)
        elif isinstance(domain, Real):
            values[name] = trial.suggest_float(name, domain.low, domain.high, log=domain.is_log)
    return values


def default_parameters(space: Space, defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that draw the default of every setting whose domain holds it."""
    parameters: dict[str, Any] = {}
    for name, domain in space.items():
        value = defaults[name]
        if isinstance(domain, OnlyIf):
            if defaults[domain.setting] not in domain.values:
                continue
            domain = domain.domain
        if isinstance(domain, Switched):
            parameters[f"{name}{SWITCH}"] = value != domain.off
            if value == domain.off:
                continue
            domain = domain.domain
        if isinstance(domain, Choice):
            value = tuple(value) if isinstance(value, list) else value
            if value in domain.values:
                parameters[name] = _label(value)
        elif domain.low <= value <= domain.high:
            parameters[name] = value
    return parameters


def probes(space: Space, known: Mapping[str, Any], seed: int = 0) -> list[dict[str, Any]]:
    """Return random members of the space, half of their ranges at an end."""
    source = random.Random(seed)
    return [suggest(Probe(source), space, known) for _ in range(N_PROBES)]


class Probe:
    """Draws at random without Optuna, to look at a space."""

    def __init__(self, random_: random.Random) -> None:
        """Take the source of randomness."""
        self.random = random_

    def suggest_categorical(self, name: str, choices: Any) -> Any:
        """Draw one of the choices."""
        return self.random.choice(choices)

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        """Draw a whole number, or one of the ends."""
        return self.random.choice((low, high, self.random.randint(low, high)))

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        """Draw a number, or one of the ends."""
        return self.random.choice((low, high, self.random.uniform(low, high)))


def grid_of(space: Space) -> dict[str, list[Any]]:
    """Return the choices of every parameter, or say why they cannot all be tried."""
    grid: dict[str, list[Any]] = {}
    for name, domain in space.items():
        domain = domain.domain if isinstance(domain, OnlyIf) else domain
        if isinstance(domain, Choice):
            grid[name] = [_label(value) for value in domain.values]
        elif isinstance(domain, Integer) and not domain.is_log:
            grid[name] = list(range(domain.low, domain.high + 1))
        else:
            raise ConfigError(
                f"A grid needs finite choices, and {name} is a range. Give it a value with"
                f" --set {name}=VALUE, choose another --space, or --sampler random."
            )
    n_points = math.prod(map(len, grid.values()))
    if n_points > LARGEST_GRID:
        raise ConfigError(
            f"This grid has {n_points:,} points, at most {LARGEST_GRID:,} are tried. Fix some"
            " settings with --set, or use --sampler tpe or random."
        )
    return grid


def described(space: Space) -> dict[str, str]:
    """Return every domain as text: for people, and to tell whether a space has changed."""
    return {name: _text(domain) for name, domain in space.items()}


def _text(domain: Any) -> str:
    """Return a domain for people."""
    match domain:
        case Choice(values):
            return " | ".join(str(_label(value)) for value in values)
        case Integer(low, high, is_log):
            return f"{low} to {high}, whole{', log scale' if is_log else ''}"
        case Real(low, high, is_log):
            return f"{low:g} to {high:g}{', log scale' if is_log else ''}"
        case Switched(off, inner):
            return f"{off:g}, or {_text(inner)}"
        case OnlyIf(setting, values, inner):
            return f"{_text(inner)}, if {setting} is {' | '.join(map(str, values))}"
        case _:
            raise TypeError(f"{domain!r} is no domain of models.spaces")


def _label(value: Any) -> Any:
    """Return a value as Optuna can store it."""
    return ",".join(map(str, value)) if isinstance(value, tuple) else value


def without(space: Space, pinned: Mapping[str, Any]) -> Space:
    """Return the space less the settings that have a value already."""
    open_ = {name: domain for name, domain in space.items() if name not in pinned}
    if not open_:
        raise ConfigError("Every setting of the space has a value; nothing is left to search.")
    return open_


def as_setting(value: Any) -> Any:
    """Return a value as a study's `set` takes it."""
    return list(value) if isinstance(value, tuple) else value
