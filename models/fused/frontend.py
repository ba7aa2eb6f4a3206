"""The convolutional front in few passes over memory, with its gradient written out.

Plain layers read and write every (B, C, T, F) map a dozen times and draw a random number for each
of its values. But the first convolution sees the data themselves, so mean and variance of its
output follow from the mean mu and covariance S of the data's 3 x 3 patches, and batch norm folds
into the weights before anything is written:

    z = w . p + b         at the patch p around a position: the convolution
    y = a (w . p) + s     a = gamma / sqrt(w' S w + epsilon), s = beta - a (w . mu): batch norm

Later convolutions are torch's; what follows each is one pass for the statistics and one for the
values. What dropout removes is a hash of the position, and y > 0 tells later what was kept: no
mask is stored. `models.crnn.ConvolutionalFront` is the definition; tests hold this to it in
float64.

Axes    B sequences, T frames, F features, C channels, P = 9 taps of a patch; statistics of the
        first layer are (C,), (P,) or (P, P) and float64
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from models.crnn import ConvolutionalFront
from models.fused import deeper_layers, frontend_kernels

first: Any = frontend_kernels  # compiled functions carry no signatures
later: Any = deeper_layers
N_TAPS = 9
Array = NDArray[Any]
Gradients = tuple[Tensor | None, ...]


class FusedFront(ConvolutionalFront):
    """The front of a network, with its parameters, buffers and results."""

    def __init__(self, plain: ConvolutionalFront) -> None:
        """Take over the layers of a front; nothing is copied."""
        nn.Module.__init__(self)
        self.convolutions, self.norms, self.dropout = plain.convolutions, plain.norms, plain.dropout
        self.l1, self.l2, self.activity = plain.l1, plain.l2, plain.activity
        self._activity = torch.zeros(())

    def forward(self, features_BTF: Tensor) -> Tensor:
        """Map (B, T, F) features to (B, T, K) frames."""
        if not self._can_fuse(features_BTF):
            return super().forward(features_BTF)
        maps, self._activity = features_BTF, features_BTF.new_zeros(())
        share = 1 / self._divisor(features_BTF.unsqueeze(1)) if self.training else 0.0
        for index, convolution in enumerate(self.convolutions):
            norm = self.norms[index]
            layer = _Layer(
                norm=norm,
                training=self.training,
                drop=self.dropout.p if self.training else 0.0,
                l1=self.l1 * share,
                l2=self.l2 * share,
                is_last=index == len(self.convolutions) - 1,
            )
            if index == 0:
                weights = convolution.weight, convolution.bias, norm.weight, norm.bias
                maps, activity = run_first(maps, *weights, layer)
            else:
                maps, activity = run_later(convolution(maps), norm.weight, norm.bias, layer)
            self._activity = self._activity + activity
        return maps.flatten(start_dim=2)

    def _can_fuse(self, features_BTF: Tensor) -> bool:
        """Tell whether this call is training or prediction on the CPU, and nothing unusual."""
        needs_no_gradient = not features_BTF.requires_grad and (
            self.training or not torch.is_grad_enabled()
        )
        has_variance = not self.training or features_BTF.numel() > 1  # batch norm refuses one value
        is_usual = needs_no_gradient and has_variance and features_BTF.device.type == "cpu"
        return is_usual and not is_traced()


def is_traced() -> bool:
    """Tell whether someone counts operations, who shall see plain layers."""
    return bool(torch.jit.is_tracing())  # type: ignore[attr-defined, no-untyped-call]


@dataclass(frozen=True)
class _Layer:
    """What one layer does besides its weights."""

    norm: Any  # nn.BatchNorm2d
    training: bool
    drop: float
    l1: float  # ElasticNet on the activity, divisor included
    l2: float
    is_last: bool  # its maps are (B, T, C, F), those of others (B, C, T, F)

    def empty_maps(self, shape: tuple[int, int, int, int], dtype: Any) -> Array:
        """Return maps for (B, C, T, F), in the layout of this layer."""
        n_batch, n_channels, n_frames, n_features = shape
        inner = (n_frames, n_channels) if self.is_last else (n_channels, n_frames)
        return np.empty((n_batch, *inner, n_features), dtype)

    def strides(self, n_channels: int, n_frames: int) -> tuple[int, int]:
        """Return how many rows of F values lie between frames, and between channels."""
        return (n_channels, 1) if self.is_last else (1, n_frames)

    def threshold(self) -> np.uint32:
        """Return the hash value below which a position is dropped."""
        return np.uint32(round(self.drop * 2**32))

    def seeds(self) -> NDArray[np.uint32]:
        """Draw the two words that decide a batch's dropout from torch's generator."""
        if not self.drop:
            return np.zeros(2, np.uint32)
        return torch.randint(2**32, (2,), dtype=torch.int64).numpy().astype(np.uint32)

    def update_running(self, mean: Array, variance: Array, n_positions: int) -> None:
        """Move the running statistics as `nn.BatchNorm2d` does: the variance unbiased."""
        unbiased = variance * n_positions / max(1, n_positions - 1)
        for old, new in ((self.norm.running_mean, mean), (self.norm.running_var, unbiased)):
            old.lerp_(torch.from_numpy(new).to(old.dtype), self.norm.momentum)
        self.norm.num_batches_tracked.add_(1)

    def running(self) -> tuple[Array, Array]:
        """Return the running mean and variance."""
        mean, variance = self.norm.running_mean, self.norm.running_var
        return mean.double().numpy(), variance.double().numpy()


class _FirstLayer(torch.autograd.Function):
    """Features (B, T, F) to maps and their ElasticNet; only parameters get gradients."""

    @staticmethod
    @np.errstate(invalid="ignore")  # NaN and infinity pass silently, as through torch's layers
    def forward(
        ctx: Any,
        features_BTF: Tensor,
        weight: Tensor,
        bias: Tensor,
        gamma: Tensor,
        beta: Tensor,
        layer: _Layer,
    ) -> tuple[Tensor, Tensor]:
        """Fold batch norm into the weights and write every value once."""
        padded = nn.functional.pad(features_BTF, (1, 1, 1, 1)).numpy()
        n_batch, n_frames, n_features = features_BTF.shape
        w = weight.detach().double().reshape(-1, N_TAPS).numpy()
        b, g, shift = (array.detach().double().numpy() for array in (bias, gamma, beta))
        mu, covariance = patch_moments(padded) if layer.training else (None, None)
        if covariance is None:
            mean, variance = layer.running()
        else:
            mean, variance = w @ mu + b, np.einsum("cp,pq,cq->c", w, covariance, w)
            layer.update_running(mean, variance, features_BTF.numel())
        a = g / np.sqrt(variance + layer.norm.eps)
        s = shift + a * (b - mean)
        maps = layer.empty_maps((n_batch, len(w), n_frames, n_features), padded.dtype)
        signs = np.zeros((len(w), N_TAPS + 1))
        first.forward(
            padded,
            *(array.astype(padded.dtype) for array in (w, b, a, s)),
            maps.reshape(-1, n_features),
            *layer.strides(len(w), n_frames),
            layer.threshold(),
            layer.seeds(),
            signs,
            layer.l1 > 0,
        )
        absolute = (w * signs[:, :N_TAPS]).sum() + b @ signs[:, N_TAPS]
        squares = features_BTF.numel() * (variance + mean**2).sum()
        ctx.saved = padded, maps, signs, (w, g, mu, covariance, mean, variance), layer
        activity = layer.l1 * absolute + layer.l2 * squares
        return torch.from_numpy(maps), features_BTF.new_tensor(activity)

    @staticmethod
    def backward(ctx: Any, d_maps: Tensor, d_activity: Tensor) -> Gradients:
        """Gather the gradient of y with its patches, then pass it through batch norm."""
        padded, maps, signs, (w, g, mu, covariance, mean, variance), layer = ctx.saved
        n_features, n_frames = maps.shape[-1], padded.shape[1] - 2
        sums = np.zeros((len(w), N_TAPS + 1))  # of dL/dy times each tap, and of dL/dy
        first.backward(
            padded,
            d_maps.contiguous().numpy().reshape(-1, n_features),
            maps.reshape(-1, n_features),
            *layer.strides(len(w), n_frames),
            padded.dtype.type(1 / (1 - layer.drop)),
            sums,
        )
        deviation = np.sqrt(variance + layer.norm.eps)
        d_beta = sums[:, N_TAPS]
        centred = sums[:, :N_TAPS] - np.outer(d_beta, mu)
        d_gamma = (w * centred).sum(axis=1) / deviation
        spread = w @ covariance
        d_w = (g / deviation)[:, None] * (centred - (d_gamma / deviation)[:, None] * spread)
        l1 = float(d_activity) * layer.l1
        l2 = float(d_activity) * layer.l2 * len(padded) * n_frames * n_features
        d_w += l1 * signs[:, :N_TAPS] + 2 * l2 * (spread + np.outer(mean, mu))
        d_b = l1 * signs[:, N_TAPS] + 2 * l2 * mean
        gradients = (d_w.reshape(-1, 1, 3, 3), d_b, d_gamma, d_beta)
        return (None, *(torch.from_numpy(array).to(d_maps.dtype) for array in gradients), None)


class _LaterLayer(torch.autograd.Function):
    """A convolution's output z (B, C, T, F) to maps and their ElasticNet."""

    @staticmethod
    @np.errstate(invalid="ignore")
    def forward(
        ctx: Any, convolved: Tensor, gamma: Tensor, beta: Tensor, layer: _Layer
    ) -> tuple[Tensor, Tensor]:
        """Gather the statistics in one pass, write the values in another."""
        z = convolved.detach().contiguous().numpy()
        n_batch, n_channels, n_frames, n_features = z.shape
        n_positions = n_batch * n_frames * n_features
        sums = np.zeros((n_channels, 3))  # of z, z squared and |z|
        if layer.training:
            later.sums_by_channel(z, sums)
            mean = sums[:, 0] / n_positions
            variance = np.maximum(sums[:, 1] / n_positions - mean**2, 0)
            layer.update_running(mean, variance, n_positions)
        else:
            mean, variance = layer.running()
        a = gamma.detach().double().numpy() / np.sqrt(variance + layer.norm.eps)
        s = beta.detach().double().numpy() - a * mean
        maps = layer.empty_maps((n_batch, n_channels, n_frames, n_features), z.dtype)
        later.forward(
            z,
            *(array.astype(z.dtype) for array in (a, s)),
            maps.reshape(-1, n_features),
            *layer.strides(n_channels, n_frames),
            layer.threshold(),
            layer.seeds(),
        )
        ctx.saved = z, maps, (a, mean, variance), layer
        activity = layer.l1 * sums[:, 2].sum() + layer.l2 * sums[:, 1].sum()
        return torch.from_numpy(maps), convolved.new_tensor(activity)

    @staticmethod
    def backward(ctx: Any, d_maps: Tensor, d_activity: Tensor) -> Gradients:
        """Gather the sums batch norm needs in one pass, write the gradient of z in another."""
        z, maps, (a, mean, variance), layer = ctx.saved
        n_batch, n_channels, n_frames, n_features = z.shape
        n_positions = n_batch * n_frames * n_features
        rows = d_maps.contiguous().numpy().reshape(-1, n_features), maps.reshape(-1, n_features)
        strides = layer.strides(n_channels, n_frames)
        scale = z.dtype.type(1 / (1 - layer.drop))
        sums = np.zeros((n_channels, 2))  # of dL/dy and of dL/dy times z
        later.gradient_sums(z, *rows, *strides, scale, sums)
        inverse = 1 / np.sqrt(variance + layer.norm.eps)
        d_beta = sums[:, 0]
        d_gamma = (sums[:, 1] - mean * d_beta) * inverse
        # dL/dz = a (d - d_beta / n - (z - mean) * inverse * d_gamma / n) + ElasticNet
        slope = -a * inverse * d_gamma / n_positions
        offset = -a * d_beta / n_positions - slope * mean
        slope = slope + 2 * layer.l2 * float(d_activity)
        d_z = np.empty_like(z)
        later.backward(
            z,
            *rows,
            *strides,
            *(array.astype(z.dtype) for array in (a / (1 - layer.drop), slope, offset)),
            z.dtype.type(layer.l1 * float(d_activity)),
            d_z,
        )
        gradients = (d_z, d_gamma, d_beta)
        return (*(torch.from_numpy(array).to(d_maps.dtype) for array in gradients), None)


run_first: Any = _FirstLayer.apply
run_later: Any = _LaterLayer.apply


def patch_moments(padded: Array) -> tuple[Array, Array]:
    """Return mean (9,) and covariance (9, 9), in float64, of all 3 x 3 patches.

    `padded` is (B, T + 2, F + 2); a patch belongs to each of its B * T * F inner positions.
    """
    sums, products = np.zeros(N_TAPS), np.zeros((N_TAPS, N_TAPS))
    first.moments(padded, sums, products)
    n_batch, n_rows, n_columns = padded.shape
    n_positions = n_batch * (n_rows - 2) * (n_columns - 2)
    mean = sums / n_positions
    return mean, products / n_positions - np.outer(mean, mean)
