"""All bidirectional GRUs of a network's branches at once, their frames in compiled loops.

For the few units of these models torch's GRU spends its time on starting operations. Here the
recurrence of every branch and direction is one call, and its gradient is written out. `nn.GRU` is
the definition; tests hold this to it in float64.

Axes    B sequences, T frames, D inputs, U units, G = 3 * U gates (reset, update, new),
        R = 2 * branches: each branch forwards, then backwards
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from models.fused import gru_kernels

NAMES = ("weight_ih", "bias_ih", "weight_hh", "bias_hh")


def run_layer(inputs: Sequence[Tensor], grus: Sequence[nn.GRU], layer: int) -> list[Tensor]:
    """Return the states (B, T, 2 * U) of one layer of every GRU, given the inputs (B, T, D)."""
    weights = [
        gru.get_parameter(f"{name}_l{layer}{end}")
        for name in NAMES
        for gru in grus
        for end in ("", "_reverse")
    ]
    return list(_Layer.apply(len(grus), *inputs, *weights))  # type: ignore[no-untyped-call]


class _Layer(torch.autograd.Function):
    """Inputs (B, T, D) of N branches and their weights to N states (B, T, 2 * U)."""

    @staticmethod
    @np.errstate(invalid="ignore")  # NaN and infinity pass silently, as through torch's layers
    def forward(ctx: Any, n_branches: int, *tensors: Tensor) -> tuple[Tensor, ...]:
        """Multiply the inputs of all frames, then run every direction over them."""
        arrays = [tensor.detach().numpy() for tensor in tensors]
        inputs, weights = arrays[:n_branches], arrays[n_branches:]
        n = 2 * n_branches
        w_ih, b_ih, w_hh, b_hh = (np.stack(weights[i * n : i * n + n]) for i in range(4))
        b_hh += 0 * w_hh.sum(axis=2)  # the first step's product, which the loops leave out: NaN
        n_batch, n_frames = inputs[0].shape[:2]
        gates = np.empty((n_batch, n_frames, n, w_ih.shape[1]), inputs[0].dtype)
        for r in range(n):
            np.add(inputs[r // 2] @ w_ih[r].T, b_ih[r], out=gates[:, :, r])
        states = np.empty((n_batch, n_frames, n, w_hh.shape[2]), gates.dtype)
        kept = np.empty((n_batch, n_frames, n, 4, w_hh.shape[2]), gates.dtype)
        transposed = np.ascontiguousarray(w_hh.transpose(0, 2, 1))
        gru_kernels.forward(gates, transposed, b_hh, states, kept)
        ctx.saved = inputs, w_ih, w_hh, states, kept
        return tuple(
            torch.from_numpy(states[:, :, 2 * branch : 2 * branch + 2]).flatten(start_dim=2)
            for branch in range(n_branches)
        )

    @staticmethod
    def backward(ctx: Any, *d_outputs: Tensor) -> tuple[Tensor | None, ...]:
        """Go back through the frames, then gather every weight's gradient in one product."""
        inputs, w_ih, w_hh, states, kept = ctx.saved
        n_units = w_hh.shape[2]
        d_states = np.concatenate([grad.numpy() for grad in d_outputs], axis=2).reshape(
            states.shape
        )
        d_gates = np.empty((*states.shape[:3], 3 * n_units), states.dtype)
        d_recurrent = np.empty_like(d_gates)  # of W h + b
        gru_kernels.backward(d_states, states, kept, w_hh, d_gates, d_recurrent)
        before = np.zeros_like(states)
        before[:, 1:, ::2], before[:, :-1, 1::2] = states[:, :-1, ::2], states[:, 1:, 1::2]
        d_inputs = [np.zeros_like(array) for array in inputs]
        d_w_ih, d_w_hh = [], []
        for r in range(len(w_hh)):
            d_x, d_h = _flat(d_gates[:, :, r]), _flat(d_recurrent[:, :, r])
            d_inputs[r // 2] += (d_x @ w_ih[r]).reshape(inputs[r // 2].shape)
            d_w_ih.append(d_x.T @ _flat(inputs[r // 2]))
            d_w_hh.append(d_h.T @ _flat(before[:, :, r]))
        d_b_ih, d_b_hh = d_gates.sum(axis=(0, 1)), d_recurrent.sum(axis=(0, 1))
        gradients = (*d_inputs, *d_w_ih, *d_b_ih, *d_w_hh, *d_b_hh)
        return (None, *(torch.from_numpy(array) for array in gradients))


def _flat(array: Any) -> Any:
    """Return (B, T, X) as (B * T, X)."""
    return array.reshape(-1, array.shape[-1])
