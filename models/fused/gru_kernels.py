"""Compiled loops of the fused GRU, as torch defines it (gates in the order reset, update, new).

r = sigmoid(x_r + h_r),  z = sigmoid(x_z + h_z),  n = tanh(x_n + r h_n)
h' = (1 - z) n + z h     with x the input products and h_. = W h + b
"""

from math import exp, tanh
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[Any]
FREE_ORDER: Any = {"reassoc", "contract", "nsz", "arcp"}  # NaN and infinity keep their meaning


@njit(cache=True, fastmath=FREE_ORDER)
def forward(gates: Array, weight_RUG: Array, bias_RG: Array, states: Array, kept: Array) -> None:
    """Fill states (B, T, R, U), odd directions backwards; `kept` (B, T, R, 4, U) is for later."""
    n_batch, n_frames, n_directions, n_units = states.shape
    n_gates = 3 * n_units
    one = states.dtype.type(1)
    sums = np.empty(n_gates, states.dtype)
    for d in range(n_directions):
        weight_UG, bias_G = weight_RUG[d], bias_RG[d]
        for step in range(n_frames):
            t = step if d % 2 == 0 else n_frames - 1 - step
            last = t - 1 if d % 2 == 0 else t + 1
            for b in range(n_batch):
                x, h, k = gates[b, t, d], states[b, t, d], kept[b, t, d]
                for g in range(n_gates):
                    sums[g] = bias_G[g]
                if step > 0:
                    before = states[b, last, d]
                    for u in range(n_units):
                        value, row = before[u], weight_UG[u]
                        for g in range(n_gates):
                            sums[g] += value * row[g]
                for u in range(n_units):
                    r = one / (one + exp(-(x[u] + sums[u])))
                    z = one / (one + exp(-(x[n_units + u] + sums[n_units + u])))
                    recurrent = sums[2 * n_units + u]
                    n = tanh(x[2 * n_units + u] + r * recurrent)
                    h[u] = n - z * n
                    k[0, u], k[1, u], k[2, u], k[3, u] = r, z, n, recurrent
                if step > 0:
                    before = states[b, last, d]
                    for u in range(n_units):
                        h[u] += k[1, u] * before[u]


@njit(cache=True, fastmath=FREE_ORDER)
def backward(
    d_states: Array,
    states: Array,
    kept: Array,
    weight_RGU: Array,
    d_gates: Array,
    d_recurrent: Array,
) -> None:
    """Fill the gradients of the input products and of W h + b, both (B, T, R, G)."""
    n_batch, n_frames, n_directions, n_units = states.shape
    one, zero = states.dtype.type(1), states.dtype.type(0)
    carried = np.empty((n_batch, n_units), states.dtype)
    for d in range(n_directions):
        weight_GU = weight_RGU[d]
        carried[:] = zero
        for step in range(n_frames - 1, -1, -1):
            t = step if d % 2 == 0 else n_frames - 1 - step
            last = t - 1 if d % 2 == 0 else t + 1
            for b in range(n_batch):
                k, dx, dr = kept[b, t, d], d_gates[b, t, d], d_recurrent[b, t, d]
                back = carried[b]
                for u in range(n_units):
                    r, z, n, recurrent = k[0, u], k[1, u], k[2, u], k[3, u]
                    before = states[b, last, d, u] if step > 0 else zero
                    dh = d_states[b, t, d, u] + back[u]
                    dn = dh * (one - z) * (one - n * n)
                    dx[u] = dn * recurrent * r * (one - r)
                    dx[n_units + u] = dh * (before - n) * z * (one - z)
                    dx[2 * n_units + u] = dn
                    dr[u], dr[n_units + u] = dx[u], dx[n_units + u]
                    dr[2 * n_units + u] = dn * r
                    back[u] = dh * z
                for g in range(3 * n_units):
                    value, row = dr[g], weight_GU[g]
                    for u in range(n_units):
                        back[u] += value * row[u]
