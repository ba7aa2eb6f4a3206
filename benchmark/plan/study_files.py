"""Read a study's YAML: whatever is wrong with the file is one line, however it was damaged."""

from pathlib import Path
from typing import Any

import yaml

from benchmark.errors import ConfigError
from benchmark.files import content_of

MOST_BYTES = 2**20
MOST_VALUES = 100_000  # aliases of aliases grow without end


def read_mapping(path: Path) -> dict[Any, Any]:
    """Return a study file's keys and values."""
    try:
        written = yaml.safe_load(content_of(path, MOST_BYTES).decode())
        n_values = _count(written, MOST_VALUES)
    except OSError as error:
        raise ConfigError(f"Study file {path} cannot be read: {error.strerror}.") from error
    except (
        yaml.YAMLError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as error:  # fmt: skip - YAML's own readers of dates, numbers and words
        raise ConfigError(f"Study file {path} is not YAML: {_reason(error)}.") from error
    if not isinstance(written, dict):
        raise ConfigError(f"Study file {path} must hold keys such as 'models: [crnn]'.")
    if n_values >= MOST_VALUES:
        raise ConfigError(f"Study file {path} holds more than {MOST_VALUES:,} values; shorten it.")
    return written


def _reason(error: Exception) -> str:
    """Return what was wrong, in a line."""
    if isinstance(error, RecursionError):
        return "it is nested too deep"
    return " ".join(f"{error}".split())[:300] or type(error).__name__


def _count(value: Any, most: int) -> int:
    """Count values, as often as they are named; stop at `most`."""
    if not isinstance(value, dict | list):
        return 1
    n_values = 1
    for inner in [*value.values(), *value] if isinstance(value, dict) else value:
        if n_values >= most:
            break
        n_values += _count(inner, most - n_values)
    return n_values
