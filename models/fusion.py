"""Fusion: what several networks say of a frame becomes one number, learned by a regressor.

Regressors  `svr`  support vectors with a polynomial kernel           } Li et al. 2016
            `ann`  a neural network with one hidden layer of 14 units }
            `elm`  extreme learning machine: a hidden layer drawn at random, output weights by
                   least squares (Huang et al. 2006); what the best entry of MediaEval 2015 used
Axes        N frames, V voices, M hidden units
"""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass
from sklearn.linear_model import LinearRegression
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVR


@dataclass(frozen=True)
class FusionConfig:
    """The size of each regressor."""

    svr_degree: Annotated[int, Field(ge=1)] = 3
    svr_cost: Annotated[float, Field(gt=0)] = 1.0
    svr_epsilon: Annotated[float, Field(ge=0)] = 0.1  # errors it ignores, in annotation units
    ann_units: Annotated[int, Field(ge=1)] = 14
    elm_units: Annotated[int, Field(ge=1)] = 14  # as the ANN: its source is silent, more overfit


def build_svr(config: FusionConfig, n_voices: int, seed: int) -> Pipeline:
    """Build the SVR; coef0=1 keeps the lower powers, without which it cannot repeat one voice."""
    svr = SVR(
        kernel="poly",
        degree=config.svr_degree,
        coef0=1.0,
        C=config.svr_cost,
        epsilon=config.svr_epsilon,
    )
    return make_pipeline(StandardScaler(), svr)


def build_ann(config: FusionConfig, n_voices: int, seed: int) -> Pipeline:
    """Build the small neural network."""
    ann = MLPRegressor(
        hidden_layer_sizes=(config.ann_units,), max_iter=1000, random_state=seed % 2**32
    )
    return make_pipeline(StandardScaler(), ann)


def build_elm(config: FusionConfig, n_voices: int, seed: int) -> Pipeline:
    """Build the extreme learning machine."""
    rng = np.random.default_rng(seed)
    weights_VM = rng.uniform(-1, 1, (n_voices, config.elm_units))
    biases_M = rng.uniform(-1, 1, config.elm_units)
    hidden = FunctionTransformer(partial(_hidden_layer, weights_VM=weights_VM, biases_M=biases_M))
    return make_pipeline(StandardScaler(), hidden, LinearRegression())


def _hidden_layer(
    voices_NV: NDArray[np.floating],
    weights_VM: NDArray[np.floating],
    biases_M: NDArray[np.floating],
) -> NDArray[np.floating]:
    """Map voices to (N, M) sigmoids of random combinations."""
    activity: NDArray[np.floating] = 1 / (1 + np.exp(-(voices_NV @ weights_VM + biases_M)))
    return activity


REGRESSORS: dict[str, Callable[[FusionConfig, int, int], Pipeline]] = {
    "svr": build_svr,
    "ann": build_ann,
    "elm": build_elm,
}


def learned_parameters(pipeline: Pipeline) -> int:
    """Count what a fitted regressor learned: support-vector coefficients, weights, intercepts.

    The hidden layer of an extreme learning machine is drawn, not learned, and not counted.
    """
    last = pipeline[-1]
    if isinstance(last, SVR):
        return int(last.dual_coef_.size + last.intercept_.size)
    if isinstance(last, MLPRegressor):
        return sum(part.size for part in [*last.coefs_, *last.intercepts_])
    return int(last.coef_.size + np.size(last.intercept_))


def flops_per_frame(pipeline: Pipeline) -> int:
    """Count multiply-adds: an inner product and a weight per support vector, one per weight."""
    last: Any = pipeline[-1]
    if isinstance(last, SVR):
        return int(last.support_vectors_.size + last.dual_coef_.size)
    if isinstance(last, MLPRegressor):
        return sum(weights.size for weights in last.coefs_)
    hidden = pipeline[1].func.keywords["weights_VM"]
    return int(hidden.size + last.coef_.size)
