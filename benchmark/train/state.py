"""The switches of Python, NumPy and torch: every cell begins with the same, and leaves no trace.

A model that turns gradients off, changes the default type, reseeds, or moves to another folder
does so for itself. What it replaces inside a library (a function, a global hook) stays replaced.
"""

import os
import random
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

NUMPY_DEFAULTS: Any = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
KEEP = object()  # begin with the switch as it is
Switch = tuple[Callable[[], Any], Callable[[Any], Any], Any]  # read, set, value to begin with
CPU = torch.device("cpu")


@contextmanager
def own_state() -> Iterator[None]:
    """Begin with the usual switches, and put them back as they were."""
    with np.errstate(**NUMPY_DEFAULTS), warnings.catch_warnings(), torch.inference_mode(False):
        before = [(put, read()) for read, put, _ in SWITCHES]
        for _, put, usual in SWITCHES:
            if usual is not KEEP:
                put(usual)
        try:
            yield
        finally:
            for put, value in before:
                put(value)


def _attribute(owner: Any, name: str, usual: Any) -> Switch:
    return (lambda: getattr(owner, name)), (lambda value: setattr(owner, name, value)), usual


def _put_device(device: torch.device) -> None:
    """Set the default device; naming the usual one would slow every call of torch."""
    torch.set_default_device(None if device == CPU else device)


def _flushes_denormals() -> bool:
    """Tell whether the smallest numbers count as 0 in this thread."""
    return float(np.float32(1e-40) * np.float32(1)) == 0


def _folder() -> Path | None:
    """Return the working folder, if it is still there."""
    try:
        return Path.cwd()
    except OSError:
        return None


def _put_folder(folder: Path | None) -> None:
    if folder is not None:
        os.chdir(folder)


def _put_environment(values: dict[str, str]) -> None:
    if values != dict(os.environ):
        os.environ.clear()
        os.environ.update(values)


SWITCHES: tuple[Switch, ...] = (  # gradients: `torch.inference_mode(False)` turns them on, and back
    (torch.get_default_dtype, torch.set_default_dtype, torch.float32),
    (torch.get_default_device, _put_device, CPU),
    (torch.get_float32_matmul_precision, torch.set_float32_matmul_precision, "highest"),
    (torch.get_num_threads, torch.set_num_threads, KEEP),
    (torch.get_deterministic_debug_mode, torch.set_deterministic_debug_mode, KEEP),
    (torch.is_anomaly_enabled, lambda on: torch.autograd.set_detect_anomaly(on), False),
    (_flushes_denormals, torch.set_flush_denormal, False),
    *(
        (
            lambda device=device: torch.is_autocast_enabled(device),
            lambda on, device=device: torch.set_autocast_enabled(device, on),
            False,
        )
        for device in ("cpu", "cuda")
    ),
    *(
        _attribute(torch.backends.cudnn, name, KEEP)
        for name in ("enabled", "benchmark", "deterministic", "allow_tf32")
    ),
    (torch.get_rng_state, torch.set_rng_state, KEEP),  # `make_deterministic` seeds all three
    (np.random.get_state, np.random.set_state, KEEP),
    (random.getstate, random.setstate, KEEP),
    (_folder, _put_folder, KEEP),
    (os.environ.copy, _put_environment, KEEP),
)
