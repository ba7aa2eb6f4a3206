"""Choose between a model's plain layers and its fused ones."""

from importlib import import_module
from typing import Literal

from torch import nn

from models.registry import MODELS

Kernels = Literal["fused", "plain"]


def kernels_for(model: str, device: str, wanted: Kernels) -> Kernels:
    """Return what a model is trained with; only some have a fused form, and only on the CPU."""
    has_fused = bool(MODELS[model].fused) and device == "cpu"
    return "fused" if wanted == "fused" and has_fused else "plain"


def equipped(network: nn.Module, model: str, kernels: Kernels) -> nn.Module:
    """Return a plain network in the form that was chosen; the parameters are the same objects."""
    if kernels == "plain":
        return network
    module, _, name = MODELS[model].fused.partition(":")
    fused: nn.Module = getattr(import_module(module), name)(network)
    return fused
