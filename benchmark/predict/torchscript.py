"""Make a trained network one module that needs none of this project's code to predict.

The module is TorchScript: torch loads and runs it from the file alone. torch.export, its
successor, unrolls recurrent layers and so fixes the number of frames, which songs differ in.
"""

import warnings

import torch
from torch import Tensor, nn

from benchmark.train.trainer import ScaledNetwork

LONGEST = 2**31 - 1  # frames in a window where whole songs are one
N_TRACED, N_CHECKED = 30, 47  # frames: the module must work for lengths it was not traced with


class NotPortable(Exception):  # noqa: N818 - a property of a network, not a mistake
    """The model does something that a trace cannot hold, as a loop over frames, or fails in it."""


class Portable(nn.Module):
    """Scaling, windows, network and clipping: raw features in, valence and arousal out."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, network: nn.Module, mean: Tensor, deviation: Tensor, length: int) -> None:
        """Take a traced network and what it was trained with; `length` in frames."""
        super().__init__()
        self.network = network
        self.register_buffer("mean", mean)
        self.register_buffer("deviation", deviation)
        self.length = length

    def forward(self, features_BTF: Tensor) -> Tensor:
        """Map (B, T, F) features as the dataset gives them to (B, T, 2) in [-1, 1]."""
        scaled_BTF = ((features_BTF.double() - self.mean) / self.deviation).float()
        windows = [self.network(window) for window in torch.split(scaled_BTF, self.length, dim=1)]
        return torch.cat(windows, dim=1).clamp(-1.0, 1.0)


def portable(fitted: ScaledNetwork) -> torch.jit.ScriptModule:
    """Return the module that predicts what a trained network predicts, checked on noise.

    Whatever a user's network does while it is traced makes it `NotPortable`.
    """
    try:
        return _traced(fitted)
    except NotPortable:
        raise
    except Exception as problem:  # any error of a user's model
        lines = str(problem).strip().splitlines() or [type(problem).__name__]
        raise NotPortable(lines[-1]) from problem


@torch.no_grad()
def _traced(fitted: ScaledNetwork) -> torch.jit.ScriptModule:
    """Trace a network and wrap the trace in its scaling; refuse a trace that predicts otherwise."""
    network = fitted.network.cpu().eval()
    mean, deviation = (
        torch.from_numpy(array) for array in (fitted.scaler.mean, fitted.scaler.deviation)
    )
    length = min(fitted.sequence_length, LONGEST)
    noise_BTF = torch.randn(3, N_CHECKED, len(mean), generator=torch.Generator().manual_seed(1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch prefers its successor
        traced = torch.jit.trace(network, noise_BTF[:2, :N_TRACED], check_trace=False)  # type: ignore[no-untyped-call]
        error = (traced(noise_BTF) - network(noise_BTF)).abs().max().item()
        if not error < 1e-5:
            raise NotPortable(f"its trace is off by {error:.1g}")
        module: torch.jit.ScriptModule = torch.jit.script(Portable(traced, mean, deviation, length))
    return module.eval()
