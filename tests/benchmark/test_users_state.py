"""A user's model may leave libraries in any state: the next cell begins with the usual one."""

# ruff: noqa: NPY002 - a user's model may use the old generator

import os
import random
import warnings
from pathlib import Path

import numpy as np
import torch

from tests.benchmark.users import numbers, record_of, spoilt

__all__ = ["record_of"]  # a fixture


def leave_traces(self, songs, trainer):
    """Leave everything in another state than it was."""
    torch.set_grad_enabled(False)
    torch.inference_mode().__enter__()
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("meta")
    torch.set_num_threads(2)
    torch.use_deterministic_algorithms(False)
    torch.set_float32_matmul_precision("medium")
    torch.autograd.set_detect_anomaly(True)
    torch.set_flush_denormal(True)
    torch.set_autocast_enabled("cpu", True)
    torch.backends.cudnn.enabled = False
    torch.manual_seed(1)
    np.random.seed(1)
    random.seed(1)
    np.seterr(all="raise")
    warnings.simplefilter("error")
    os.environ["MER_TRACE"] = "1"
    os.chdir("/")


def state():
    """Return what `leave_traces` changes."""
    return (
        torch.is_grad_enabled(), torch.is_inference_mode_enabled(), torch.get_default_dtype(),
        torch.get_default_device(), torch.get_num_threads(), torch.get_deterministic_debug_mode(),
        torch.get_float32_matmul_precision(), torch.is_anomaly_enabled(),
        float(np.float32(1e-40) * np.float32(1)), torch.is_autocast_enabled("cpu"),
        torch.backends.cudnn.enabled, torch.get_rng_state().tolist(),
        np.random.get_state()[1].tolist(), random.getstate(), np.geterr(), list(warnings.filters),
        dict(os.environ), Path.cwd(),
    )  # fmt: skip


def test_a_model_that_leaves_libraries_in_another_state_harms_itself_alone(record_of):
    before, expected = state(), record_of("crnn")
    assert expected.status == "done"
    assert state() == before
    for method in ("fit", "predict"):
        record_of(spoilt(**{method: lambda self, *given: leave_traces(self, None, None)}))
        assert state() == before
        assert numbers(record_of("crnn")) == numbers(expected)


def test_a_cell_begins_with_the_usual_state_whatever_was_included_before(record_of):
    expected = record_of("crnn")
    torch.set_default_dtype(torch.float64)
    torch.set_grad_enabled(False)
    try:
        assert numbers(record_of("crnn")) == numbers(expected)
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_grad_enabled(True)


def test_numpys_own_generator_is_seeded_for_every_cell(record_of):
    drawn = []

    def fit(self, songs, trainer):
        drawn.append((np.random.random(), random.random()))

    for _ in range(2):
        record_of(spoilt(fit=fit))
    assert drawn[0] == drawn[1]
