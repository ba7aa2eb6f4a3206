"""Linear recurrences of independent channels, all frames at once.

Scan    x_t = p x_(t-1) + u_t by doubling: after k rounds x_t holds its own input and the 2^k - 1
        before it, so T frames take log2 T rounds. No frame is added to an earlier one: causality
        is exact, which the rounding of an FFT would blur
Means   a state divided by the sum of its weights |p|^(t - s), so never beyond its largest input,
        and for p > 0 the exponential running mean: the plain mean at first, as in `context`
Source  Hillis and Steele 1986, Communications of the ACM 29 (data parallel algorithms)
Axes    B sequences, T frames, N channels with a pole each, |p| < 1, real or complex
"""

import torch
from torch import Tensor

ENDLESS = 2**16  # frames, 9 hours; a trace, which counts rounds once, must serve every length


def scan(inputs_BTN: Tensor, poles_N: Tensor) -> Tensor:
    """Return the states (B, T, N) of channels that begin at zero."""
    states, power_N, step = inputs_BTN, poles_N, 1
    is_traced = torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]
    while step < (ENDLESS if is_traced else inputs_BTN.shape[1]):
        later = states[:, step:] + power_N * states[:, :-step]
        states = torch.cat([states[:, :step], later], dim=1)
        power_N, step = power_N * power_N, 2 * step
    return states


def running_means(inputs_BTN: Tensor, poles_N: Tensor) -> Tensor:
    """Return the states (B, T, N), each divided by the sum of the weights of its inputs."""
    sizes_N = poles_N.abs()
    ones_1TN = torch.ones_like(inputs_BTN[:1], dtype=sizes_N.dtype)
    return scan(inputs_BTN, poles_N) / scan(ones_1TN, sizes_N)
