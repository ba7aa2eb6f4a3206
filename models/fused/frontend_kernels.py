"""Compiled loops of the fused front's first layer: moments of patches, values, gradient.

Maps are rows of F values; the row of a batch's frame t and channel c is
`b * T * C + t * frame_stride + c * channel_stride`.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[Any]
FREE_ORDER: Any = {"reassoc", "contract", "nsz", "arcp"}  # NaN and infinity keep their meaning


@njit(cache=True, fastmath=FREE_ORDER)
def moments(padded: Array, sums: Array, products: Array) -> None:
    """Add up the taps (9,) and their products (9, 9) over all patches, in float64.

    `padded` is (B, T + 2, F + 2) with a border of zeros. The product of two taps depends on their
    rows and on the shift between their columns alone, but for one value at the end of a row; so 13
    sums per row, and not 45, are enough.
    """
    n_batch, n_rows, n_columns = padded.shape
    first, last = 1, n_columns - 2
    shifted = np.zeros(5)
    for b in range(n_batch):
        for r in range(n_rows):
            row = padded[b, r]
            total = 0.0
            for f in range(n_columns):
                total += np.float64(row[f])
            for i in range(3):
                if 0 <= r - i < n_rows - 2:  # the row lies i below the top of some patch
                    sums[3 * i] += total - row[last]
                    sums[3 * i + 1] += total
                    sums[3 * i + 2] += total - row[first]
            for below in range(min(3, n_rows - r)):
                other = padded[b, r + below]
                for shift in range(-2, 3):
                    if below == 0 and shift < 0:
                        shifted[shift + 2] = 0.0  # filled by symmetry below
                    else:
                        shifted[shift + 2] = _product(
                            row[max(0, -shift) : n_columns - max(0, shift)],
                            other[max(0, shift) : n_columns - max(0, -shift)],
                        )
                if below == 0:
                    shifted[0], shifted[1] = shifted[4], shifted[3]
                for j in range(3):
                    for k in range(3):
                        total = shifted[k - j + 2]
                        if j == k and j != 1:
                            end = last if j == 0 else first
                            total -= np.float64(row[end]) * np.float64(other[end])
                        for i in range(3 - below):
                            if 0 <= r - i < n_rows - 2:
                                one, two = 3 * i + j, 3 * (i + below) + k
                                products[one, two] += total
                                if below > 0:
                                    products[two, one] += total


@njit(cache=True, fastmath=FREE_ORDER)
def _product(one: Array, two: Array) -> float:
    """Return the inner product in float64."""
    total = 0.0
    for f in range(len(one)):
        total += np.float64(one[f]) * np.float64(two[f])
    return total


@njit(cache=True, inline="always")
def position_hash(h: Any, seed: Any) -> Any:
    """Return 32 random bits of a position: two rounds of a multiplicative hash (Wellons 2018)."""
    h = np.uint32(h ^ (h >> np.uint32(16)))
    h = np.uint32(h * np.uint32(0x7FEB352D))
    h = np.uint32(h ^ (h >> np.uint32(15)) ^ seed)
    h = np.uint32(h * np.uint32(0x846CA68B))
    return np.uint32(h ^ (h >> np.uint32(16)))


@njit(cache=True, fastmath=FREE_ORDER)
def forward(
    padded: Array,
    weight_CP: Array,
    bias_C: Array,
    a_C: Array,
    s_C: Array,
    maps: Array,
    frame_stride: int,
    channel_stride: int,
    threshold: Any,
    seeds: Array,
    signs: Array,
    needs_signs: bool,
) -> None:
    """Write max(0, a (w . p) + s), scaled where kept and 0 where dropped; add up the signs of z.

    `signs` (C, 10) gathers sign(z) times each tap, and sign(z), for the gradient of |z|.
    """
    n_batch, n_frames, n_features = padded.shape[0], padded.shape[1] - 2, padded.shape[2] - 2
    n_channels = len(weight_CP)
    one = a_C.dtype.type(1)
    zero = a_C.dtype.type(0)
    kept = a_C.dtype.type(2.0**32 / (2.0**32 - threshold))
    convolved = np.empty(n_features, a_C.dtype)
    for b in range(n_batch):
        for t in range(n_frames):
            above, here, below = padded[b, t], padded[b, t + 1], padded[b, t + 2]
            for c in range(n_channels):
                w0, w1, w2 = weight_CP[c, 0], weight_CP[c, 1], weight_CP[c, 2]
                w3, w4, w5 = weight_CP[c, 3], weight_CP[c, 4], weight_CP[c, 5]
                w6, w7, w8 = weight_CP[c, 6], weight_CP[c, 7], weight_CP[c, 8]
                row = b * n_frames * n_channels + t * frame_stride + c * channel_stride
                values = maps[row]
                a, s, bias = a_C[c], s_C[c], bias_C[c]
                for f in range(n_features):
                    convolved[f] = (
                        w0 * above[f] + w1 * above[f + 1] + w2 * above[f + 2]
                        + w3 * here[f] + w4 * here[f + 1] + w5 * here[f + 2]
                        + w6 * below[f] + w7 * below[f + 1] + w8 * below[f + 2]
                    )  # fmt: skip
                if threshold > 0:
                    base = np.uint32(row) * np.uint32(n_features) ^ seeds[0]
                    for f in range(n_features):
                        h = position_hash(np.uint32(base + np.uint32(f)), seeds[1])
                        y = a * convolved[f] + s
                        scale = kept if h >= threshold else zero
                        values[f] = zero if y <= zero else scale * y  # NaN stays NaN
                else:
                    for f in range(n_features):
                        y = a * convolved[f] + s
                        values[f] = zero if y <= zero else y
                if needs_signs:
                    g0 = g1 = g2 = g3 = g4 = g5 = g6 = g7 = g8 = total = zero
                    for f in range(n_features):
                        z = convolved[f] + bias
                        sign = one if z > zero else (-one if z < zero else zero)
                        total += sign
                        g0 += sign * above[f]
                        g1 += sign * above[f + 1]
                        g2 += sign * above[f + 2]
                        g3 += sign * here[f]
                        g4 += sign * here[f + 1]
                        g5 += sign * here[f + 2]
                        g6 += sign * below[f]
                        g7 += sign * below[f + 1]
                        g8 += sign * below[f + 2]
                    into = signs[c]
                    into[0] += g0
                    into[1] += g1
                    into[2] += g2
                    into[3] += g3
                    into[4] += g4
                    into[5] += g5
                    into[6] += g6
                    into[7] += g7
                    into[8] += g8
                    into[9] += total


@njit(cache=True, fastmath=FREE_ORDER)
def backward(
    padded: Array,
    d_maps: Array,
    maps: Array,
    frame_stride: int,
    channel_stride: int,
    scale: Any,
    sums: Array,
) -> None:
    """Add up dL/dy times each tap, and dL/dy, over all positions that were kept, in (C, 10)."""
    n_batch, n_frames, n_features = padded.shape[0], padded.shape[1] - 2, padded.shape[2] - 2
    n_channels = len(sums)
    zero = maps.dtype.type(0)
    for b in range(n_batch):
        for t in range(n_frames):
            above, here, below = padded[b, t], padded[b, t + 1], padded[b, t + 2]
            for c in range(n_channels):
                row = b * n_frames * n_channels + t * frame_stride + c * channel_stride
                values, d_values = maps[row], d_maps[row]
                g0 = g1 = g2 = g3 = g4 = g5 = g6 = g7 = g8 = total = zero
                for f in range(n_features):
                    d = scale * d_values[f] if values[f] > zero else zero
                    total += d
                    g0 += d * above[f]
                    g1 += d * above[f + 1]
                    g2 += d * above[f + 2]
                    g3 += d * here[f]
                    g4 += d * here[f + 1]
                    g5 += d * here[f + 2]
                    g6 += d * below[f]
                    g7 += d * below[f + 1]
                    g8 += d * below[f + 2]
                into = sums[c]
                into[0] += g0
                into[1] += g1
                into[2] += g2
                into[3] += g3
                into[4] += g4
                into[5] += g5
                into[6] += g6
                into[7] += g7
                into[8] += g8
                into[9] += total
