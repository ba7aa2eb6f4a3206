"""Choose what a model is computed with: its plain layers, fused ones, or CUDA graphs of steps."""

from pkgutil import resolve_name
from typing import Literal

from torch import nn

from benchmark.errors import DeviceError
from benchmark.plan.cell import Cell
from models.registry import MODELS

Kernels = Literal["fused", "plain", "graphs"]


def kernels_for(model: str, device: str, wanted: Kernels, precision: str = "float32") -> Kernels:
    """Return what a model is trained with.

    Only some have a fused form, on the CPU and in float32; graphs record the step of any network,
    on CUDA.
    """
    if wanted == "graphs" and device != "cuda":
        raise DeviceError(f"--kernels graphs needs a CUDA device, this is {device}. Use plain.")
    has_fused = bool(MODELS[model].fused) and device == "cpu" and precision == "float32"
    return "plain" if wanted == "fused" and not has_fused else wanted


def kernels_of(cell: Cell, device: str, wanted: Kernels) -> Kernels:
    """Return what a cell is trained with."""
    precision = cell.training.precision if cell.training else "float32"
    return kernels_for(cell.model, device, wanted, precision)


def equipped(network: nn.Module, model: str, kernels: Kernels) -> nn.Module:
    """Return a plain network in the form that was chosen; the parameters are the same objects."""
    if kernels != "fused":
        return network
    fused: nn.Module = resolve_name(MODELS[model].fused)(network)
    return fused
