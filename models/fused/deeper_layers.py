"""Compiled loops of the fused front's later layers: what follows a convolution's output z.

z is (B, C, T, F). Maps are rows of F values; the row of a batch's frame t and channel c is
`b * T * C + t * frame_stride + c * channel_stride`.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from models.fused.frontend_kernels import FREE_ORDER, position_hash

Array = NDArray[Any]


@njit(cache=True, fastmath=FREE_ORDER)
def sums_by_channel(z: Array, sums: Array) -> None:
    """Add up z, z squared and |z| of every channel of (B, C, T, F) in (C, 3), in float64."""
    n_batch, n_channels, n_frames, n_features = z.shape
    for b in range(n_batch):
        for c in range(n_channels):
            for t in range(n_frames):
                row = z[b, c, t]
                total = squares = absolute = 0.0
                for f in range(n_features):
                    value = np.float64(row[f])
                    total += value
                    squares += value * value
                    absolute += abs(value)
                sums[c, 0] += total
                sums[c, 1] += squares
                sums[c, 2] += absolute


@njit(cache=True, fastmath=FREE_ORDER)
def forward(
    z: Array,
    a_C: Array,
    s_C: Array,
    maps: Array,
    frame_stride: int,
    channel_stride: int,
    threshold: Any,
    seeds: Array,
) -> None:
    """Write max(0, a z + s), scaled where kept and 0 where dropped."""
    n_batch, n_channels, n_frames, n_features = z.shape
    zero = a_C.dtype.type(0)
    kept = a_C.dtype.type(2.0**32 / (2.0**32 - threshold))
    for b in range(n_batch):
        for t in range(n_frames):
            for c in range(n_channels):
                row = b * n_frames * n_channels + t * frame_stride + c * channel_stride
                source, values = z[b, c, t], maps[row]
                a, s = a_C[c], s_C[c]
                if threshold > 0:
                    base = np.uint32(row) * np.uint32(n_features) ^ seeds[0]
                    for f in range(n_features):
                        h = position_hash(np.uint32(base + np.uint32(f)), seeds[1])
                        y = a * source[f] + s
                        scale = kept if h >= threshold else zero
                        values[f] = zero if y <= zero else scale * y  # NaN stays NaN
                else:
                    for f in range(n_features):
                        y = a * source[f] + s
                        values[f] = zero if y <= zero else y


@njit(cache=True, fastmath=FREE_ORDER)
def gradient_sums(
    z: Array,
    d_maps: Array,
    maps: Array,
    frame_stride: int,
    channel_stride: int,
    scale: Any,
    sums: Array,
) -> None:
    """Add up dL/dy, and dL/dy times z, over all positions that were kept, in (C, 2)."""
    n_batch, n_channels, n_frames, n_features = z.shape
    zero = maps.dtype.type(0)
    for b in range(n_batch):
        for t in range(n_frames):
            for c in range(n_channels):
                row = b * n_frames * n_channels + t * frame_stride + c * channel_stride
                source, values, d_values = z[b, c, t], maps[row], d_maps[row]
                total = products = zero
                for f in range(n_features):
                    d = scale * d_values[f] if values[f] > zero else zero
                    total += d
                    products += d * source[f]
                sums[c, 0] += total
                sums[c, 1] += products


@njit(cache=True, fastmath=FREE_ORDER)
def backward(
    z: Array,
    d_maps: Array,
    maps: Array,
    frame_stride: int,
    channel_stride: int,
    scale_C: Array,
    slope_C: Array,
    offset_C: Array,
    l1: Any,
    d_z: Array,
) -> None:
    """Write dL/dz: scale times dL/dy where kept, plus slope z + offset, plus l1 sign(z)."""
    n_batch, n_channels, n_frames, n_features = z.shape
    zero = maps.dtype.type(0)
    for b in range(n_batch):
        for t in range(n_frames):
            for c in range(n_channels):
                row = b * n_frames * n_channels + t * frame_stride + c * channel_stride
                source, values, d_values, into = z[b, c, t], maps[row], d_maps[row], d_z[b, c, t]
                scale, slope, offset = scale_C[c], slope_C[c], offset_C[c]
                for f in range(n_features):
                    value = source[f]
                    d = scale * d_values[f] if values[f] > zero else zero
                    sign = l1 if value > zero else (-l1 if value < zero else zero)
                    into[f] = d + slope * value + offset + sign
