"""Fusion: what several networks say of a frame becomes one number, learned by a regressor.

Regressors  `svr`  support vectors with a polynomial kernel           } Li et al. 2016
            `ann`  a neural network with one hidden layer of 14 units }
            `elm`  extreme learning machine: a hidden layer drawn at random, output weights by
                   least squares (Huang et al. 2006); what the best entry of MediaEval 2015 used
Axes        N frames of many songs, T of one, V inputs, M hidden units, 2 targets
"""

from collections.abc import Callable, Collection
from functools import partial
from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass

from datasets.contract import TARGETS
from models.contract import State, part_of, with_prefix
from models.fusion_weights import (
    Arrays,
    StoredRegressor,
    flops_per_frame,
    learned_arrays,
    learned_parameters,
)

if TYPE_CHECKING:  # scikit-learn loads slowly, and is needed when all networks are trained
    from sklearn.pipeline import Pipeline


@dataclass(frozen=True)
class FusionConfig:
    """The size of each regressor."""

    svr_degree: Annotated[int, Field(ge=1)] = 3
    svr_cost: Annotated[float, Field(gt=0)] = 1.0
    svr_epsilon: Annotated[float, Field(ge=0)] = 0.1  # errors it ignores, in annotation units
    ann_units: Annotated[int, Field(ge=1)] = 14
    elm_units: Annotated[int, Field(ge=1)] = 14  # as the ANN: its source is silent, more overfit


def build_svr(config: FusionConfig, n_inputs: int, seed: int) -> "Pipeline":
    """Build the SVR."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVR

    svr = SVR(
        kernel="poly",
        degree=config.svr_degree,
        # coef0=1 keeps the lower-order terms, without which it cannot repeat one input
        coef0=1.0,
        C=config.svr_cost,
        epsilon=config.svr_epsilon,
    )
    return make_pipeline(StandardScaler(), svr)


def build_ann(config: FusionConfig, n_inputs: int, seed: int) -> "Pipeline":
    """Build the small neural network."""
    from sklearn.neural_network import MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    ann = MLPRegressor(
        hidden_layer_sizes=(config.ann_units,), max_iter=1000, random_state=seed % 2**32
    )
    return make_pipeline(StandardScaler(), ann)


def build_elm(config: FusionConfig, n_inputs: int, seed: int) -> "Pipeline":
    """Build the extreme learning machine."""
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    rng = np.random.default_rng(seed)
    weights_VM = rng.uniform(-1, 1, (n_inputs, config.elm_units))
    biases_M = rng.uniform(-1, 1, config.elm_units)
    hidden = FunctionTransformer(partial(_hidden_layer, weights_VM=weights_VM, biases_M=biases_M))
    return make_pipeline(StandardScaler(), hidden, LinearRegression())


def _hidden_layer(
    inputs_NV: NDArray[np.floating],
    weights_VM: NDArray[np.floating],
    biases_M: NDArray[np.floating],
) -> NDArray[np.floating]:
    """Map inputs to (N, M) sigmoids of random combinations."""
    activity: NDArray[np.floating] = 1 / (1 + np.exp(-(inputs_NV @ weights_VM + biases_M)))
    return activity


REGRESSORS: dict[str, Callable[[FusionConfig, int, int], "Pipeline"]] = {
    "svr": build_svr,
    "ann": build_ann,
    "elm": build_elm,
}


class Fusion:
    """One regressor of every kind and target, fitted on the same inputs."""

    def __init__(self, config: FusionConfig) -> None:
        """Take the sizes; regressors come from `fit` or `restore`."""
        self.config = config
        self.regressors: dict[str, list[Pipeline | StoredRegressor]] = {}
        self.learned: dict[str, list[Arrays]] = {}

    def fit(
        self,
        inputs_N2V: NDArray[np.floating],
        labels_N2: NDArray[np.floating],
        seed: Callable[[str], int],
    ) -> None:
        """Fit every kind of regressor for each target."""
        for kind, build in REGRESSORS.items():
            fitted = [
                build(self.config, inputs_N2V.shape[-1], seed(f"{kind} {name}")).fit(
                    inputs_N2V[:, target], labels_N2[:, target]
                )
                for target, name in enumerate(TARGETS)
            ]
            self.regressors[kind] = fitted
            self.learned[kind] = [learned_arrays(regressor) for regressor in fitted]

    def predict(self, kind: str, inputs_T2V: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return what one kind makes of a song's inputs, (T, 2)."""
        both = [
            regressor.predict(inputs_T2V[:, target])
            for target, regressor in enumerate(self.regressors[kind])
        ]
        predicted: NDArray[np.float32] = np.stack(both, axis=1).astype(np.float32)
        return predicted

    def state(self, kinds: Collection[str]) -> State:
        """Return what the regressors of some kinds learned."""
        state: State = {}
        for kind in self.learned.keys() & set(kinds):
            for name, arrays in zip(TARGETS, self.learned[kind], strict=True):
                state |= with_prefix(f"{kind}.{name}", arrays)
        return state

    def restore(self, state: State, kinds: Collection[str]) -> None:
        """Take regressors that were kept."""
        for kind in REGRESSORS.keys() & set(kinds):
            self.learned[kind] = [part_of(state, f"{kind}.{name}") for name in TARGETS]
            self.regressors[kind] = [StoredRegressor(arrays) for arrays in self.learned[kind]]

    def parameters(self, kinds: Collection[str]) -> dict[str, int]:
        """Count what the regressors of some kinds learned, both targets together."""
        return {
            kind: sum(map(learned_parameters, arrays))
            for kind, arrays in self.learned.items()
            if kind in kinds
        }

    def flops_per_frame(self, kinds: Collection[str]) -> int:
        """Count the multiply-adds per frame of the regressors of some kinds."""
        used = [arrays for kind, both in self.learned.items() if kind in kinds for arrays in both]
        return sum(map(flops_per_frame, used))
