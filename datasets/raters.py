"""What single listeners said of a song, and how well a panel of them predicts another one.

Axes    R raters, T frames, 2 targets in the order of `TARGETS`
Source  split-half reliability with the Spearman-Brown correction: Spearman 1910 and Brown 1910,
        British Journal of Psychology 3; trimmed mean: Wilcox 2012, Robust Estimation
"""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from datasets.arrays import frozen

N_HALVINGS = 20  # random halvings of the panel; their scores are averaged
Array = NDArray[np.float64]


def trimmed_mean(values: NDArray[np.floating], share: float) -> Array:
    """Average over the first axis without the highest and lowest `share` of the values, each."""
    n_cut = int(share * len(values))
    if n_cut == 0:
        return np.asarray(np.mean(values, axis=0, dtype=np.float64))
    ordered = np.sort(values, axis=0)[n_cut : len(values) - n_cut]
    return np.asarray(np.mean(ordered, axis=0, dtype=np.float64))


@dataclass(frozen=True, eq=False)
class Raters:
    """Curves (R, T, 2) on [-1, 1] of at least two raters, and how a song's annotations sum them up.

    `trim` is the share of raters left out at either end of every frame; 0 is the plain mean.
    """

    curves_RT2: NDArray[np.float32]
    trim: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a single rater, values off the scale, and trimming that leaves nobody.

        Raises ValueError; frames are held against the song's when a `Song` is made. The curves
        become read-only, as a song's arrays are.
        """
        object.__setattr__(self, "curves_RT2", frozen(self.curves_RT2))
        shape = self.curves_RT2.shape
        if len(shape) != 3 or shape[0] < 2 or shape[2] != 2:
            raise ValueError(f"raters need curves (R, T, 2) of at least two raters, got {shape}")
        if not (np.abs(self.curves_RT2) <= 1).all():  # NaN is not
            raise ValueError("raters' curves hold NaN or values outside [-1, 1]")
        if not 0 <= self.trim < 0.5:
            raise ValueError(f"trim={self.trim}: give a share of raters below 0.5 for either end")

    def mean(self, raters: slice | NDArray[np.intp] = slice(None)) -> Array:
        """Return the curve (T, 2) of all raters, or of some."""
        return trimmed_mean(self.curves_RT2[raters], self.trim)

    def halves(self, name: str) -> list[tuple[Array, Array]]:
        """Return `N_HALVINGS` random halvings as pairs of curves (T, 2).

        The song's `name` decides them, so they depend neither on order nor on other songs. Of an
        odd number of raters one is left out of either half.
        """
        seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
        rng, half = np.random.default_rng(seed), len(self.curves_RT2) // 2
        orders = [rng.permutation(len(self.curves_RT2)) for _ in range(N_HALVINGS)]
        return [(self.mean(order[:half]), self.mean(order[half : 2 * half])) for order in orders]
