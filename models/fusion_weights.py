"""What a fitted regressor of the fusion learned, as plain arrays, and how it predicts from them.

Kept as numbers and evaluated by formula, a fusion can be loaded without the version of
scikit-learn that fitted it, and without running code from a file.

Formulas  standardise, then  svr  sum_i c_i (gamma <v_i, x> + 1)^degree + b
                             ann  relu(x W_1 + b_1) W_2 + b_2
                             elm  sigmoid(x W + b) w + c
Axes      N frames, V inputs, M hidden units
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

Arrays = dict[str, NDArray[np.float64]]


def learned_arrays(pipeline: "Pipeline") -> Arrays:
    """Return everything a fitted regressor predicts with."""
    first, last = pipeline[0], pipeline[-1]
    arrays = {"mean": first.mean_, "deviation": first.scale_}
    if hasattr(last, "support_vectors_"):
        arrays |= {
            "support_vectors": last.support_vectors_,
            "coefficients": last.dual_coef_[0],
            "intercept": last.intercept_,
            "degree": np.array([last.degree]),
            "gamma": np.array([last._gamma]),
        }
    elif hasattr(last, "coefs_"):
        arrays |= {"hidden_weights": last.coefs_[0], "hidden_biases": last.intercepts_[0]}
        arrays |= {"coefficients": last.coefs_[1][:, 0], "intercept": last.intercepts_[1]}
    else:
        drawn = pipeline[1].func.keywords
        arrays |= {"drawn_weights": drawn["weights_VM"], "drawn_biases": drawn["biases_M"]}
        arrays |= {"coefficients": last.coef_, "intercept": np.atleast_1d(last.intercept_)}
    return {name: np.ascontiguousarray(array, np.float64) for name, array in arrays.items()}


def learned_parameters(arrays: Arrays) -> int:
    """Count what a regressor learned: support-vector coefficients, weights, intercepts.

    The hidden layer of an extreme learning machine is drawn, not learned, and not counted.
    """
    names = ("hidden_weights", "hidden_biases", "coefficients", "intercept")
    return sum(arrays[name].size for name in names if name in arrays)


def flops_per_frame(arrays: Arrays) -> int:
    """Count multiply-adds: an inner product and a weight per support vector, one per weight."""
    names = ("support_vectors", "hidden_weights", "drawn_weights", "coefficients")
    return sum(arrays[name].size for name in names if name in arrays)


class StoredRegressor:
    """A regressor made of its arrays; predicts what the fitted one predicted, to rounding."""

    def __init__(self, arrays: Mapping[str, NDArray[np.float64]]) -> None:
        """Take what `learned_arrays` returned."""
        self.arrays = arrays

    def predict(self, voices_NV: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return one number per frame, (N,)."""
        arrays = self.arrays
        scaled_NV = (voices_NV - arrays["mean"]) / arrays["deviation"]
        predicted: NDArray[np.float64] = (
            self._activity(scaled_NV) @ arrays["coefficients"] + arrays["intercept"]
        )
        return predicted

    def _activity(self, scaled_NV: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what is weighted and summed: kernel values or hidden units."""
        arrays = self.arrays
        if "support_vectors" in arrays:
            products = scaled_NV @ arrays["support_vectors"].T
            kernel: NDArray[np.float64] = (arrays["gamma"] * products + 1) ** int(
                arrays["degree"][0]
            )
            return kernel
        if "hidden_weights" in arrays:
            hidden = scaled_NV @ arrays["hidden_weights"] + arrays["hidden_biases"]
            return np.maximum(hidden, 0)
        drawn = scaled_NV @ arrays["drawn_weights"] + arrays["drawn_biases"]
        sigmoid: NDArray[np.float64] = 1 / (1 + np.exp(-drawn))
        return sigmoid
