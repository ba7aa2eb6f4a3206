"""Parameters and operations of a model (only door to fvcore).

Parameters  trainable, shared weights counted once
FLOPs       multiply-adds of one prediction of `N_FRAMES` frames (30 s), as fvcore counts them:
            one multiply-add is one, batch normalisation two per value; sums, activations and the
            elementwise work of recurrent gates are left out. fvcore counts LSTM, GRU and
            convolutions with padding="same" as zero; the handles below add them. Operations that
            nobody counted are named, and the number is then a lower bound.
"""

import logging
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from operator import index
from typing import Any

import torch
from torch import nn

from models.contract import Estimator
from models.registry import ModelEntry

N_FRAMES = 60
ELEMENTWISE = {
    f"aten::{name}"
    for name in ("add", "add_", "sub", "rsub", "mul", "mul_", "div", "neg", "abs", "square", "mean",
                 "sum", "amax", "max", "relu", "relu_", "gelu", "silu", "elu", "leaky_relu", "tanh",
                 "sigmoid", "softmax", "exp", "clamp", "dropout", "zeros", "zeros_like", "ones",
                 "new_zeros", "repeat", "expand", "flip", "unflatten", "pad", "cumsum", "arange",
                 "glu", "pow", "reciprocal", "polar", "view_as_complex", "view_as_real",
                 "ones_like", "mT")
}  # fmt: skip


def count_parameters(networks: Sequence[nn.Module]) -> int:
    """Count the trainable parameters of all networks."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # raised by fvcore's own imports
        from fvcore.nn import parameter_count
    return int(parameter_count(nn.ModuleList(networks))[""]) if networks else 0


def count_default_parameters(row: ModelEntry, n_features: int = 260) -> int:
    """Count the parameters of a network built with its default configuration."""
    return count_parameters([row.build(n_features)])


def count_flops(
    network: nn.Module, n_features: int, n_frames: int = N_FRAMES
) -> tuple[int, list[str]]:
    """Count the multiply-adds of one forward pass over (1, n_frames, n_features).

    The second value names operations that may multiply and that no handle counts.
    """
    handles = {
        "aten::lstm": _recurrent_flops,
        "aten::gru": _recurrent_flops,
        "aten::_convolution_mode": _convolution_flops,
    }
    total, uncounted = _analysed("FlopCountAnalysis", network, n_features, n_frames, handles)
    return total, sorted(uncounted - ELEMENTWISE)


def count_activations(network: nn.Module, n_features: int, n_frames: int) -> int:
    """Count the values that convolutions, products and recurrent layers write for one sequence."""
    handles = {
        "aten::lstm": _recurrent_activations,
        "aten::gru": _recurrent_activations,
        "aten::_convolution_mode": _outputs,
    }
    return _analysed("ActivationCountAnalysis", network, n_features, n_frames, handles)[0]


def _analysed(
    kind: str, network: nn.Module, n_features: int, n_frames: int, handles: dict[str, Any]
) -> tuple[int, set[str]]:
    """Return what an analysis of fvcore adds up for one sequence, and what it does not know."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from fvcore import nn as fvcore_nn
    logging.getLogger("fvcore").setLevel(logging.ERROR)
    device = next((weight.device for weight in network.parameters()), torch.device("cpu"))
    was_training = network.training
    network.eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tracing warns about every Python branch on a shape
        features = torch.zeros(1, n_frames, n_features, device=device)
        analysis = getattr(fvcore_nn, kind)(network, features)
        analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
        for operation, handle in handles.items():
            analysis.set_op_handle(operation, handle)
        total = int(analysis.total())
        unknown = set(analysis.unsupported_ops())
    network.train(was_training)
    return total, unknown


def _outputs(inputs: list[Any], outputs: list[Any]) -> Counter[str]:
    """Every value of the first output is written once."""
    return Counter({"outputs": prod(outputs[0].type().sizes())})


def _convolution_flops(inputs: list[Any], outputs: list[Any]) -> Counter[str]:
    """Every output value is one product over the kernel and the input channels."""
    per_value = prod(inputs[1].type().sizes()[1:])
    return Counter({"convolution": prod(outputs[0].type().sizes()) * per_value})


def _recurrent_flops(inputs: list[Any], outputs: list[Any]) -> Counter[str]:
    """Every input and recurrent weight is used once per frame and sequence; biases only add."""
    per_frame = sum(map(prod, _recurrent_weights(inputs)))
    return Counter({"recurrent": prod(inputs[0].type().sizes()[:2]) * per_frame})


def _recurrent_activations(inputs: list[Any], outputs: list[Any]) -> Counter[str]:
    """Every layer and direction writes its state once per frame and sequence."""
    recurrent = _recurrent_weights(inputs)[1::2]  # each follows the weights of its input
    per_frame = sum(n_units for _, n_units in recurrent)
    return Counter({"recurrent": prod(inputs[0].type().sizes()[:2]) * per_frame})


def _recurrent_weights(inputs: list[Any]) -> list[tuple[int, int]]:
    """Return the shapes of the weight matrices of an LSTM or GRU, in torch's order."""
    weights = [value for value in inputs if _is_matrix(value)]
    listed = [
        value
        for value_list in inputs
        if value_list.node().kind() == "prim::ListConstruct"
        for value in value_list.node().inputs()
    ]
    weights += [value for value in listed if _is_matrix(value)]
    return [tuple(value.type().sizes()) for value in weights]


def _is_matrix(value: Any) -> bool:
    """Tell whether a traced value is a weight matrix: two axes, the sequence has three."""
    return value.type().kind() == "TensorType" and len(value.type().sizes() or ()) == 2


@dataclass(frozen=True)
class Cost:
    """What a fitted model costs."""

    parameters: dict[str, int]  # by part
    flops: int  # for `N_FRAMES` frames
    uncounted_operations: list[str]  # where there are any, `flops` is a lower bound


def model_cost(estimator: Estimator, n_features: int) -> Cost:
    """Count a fitted model's parameters and FLOPs, its networks and everything beside them."""
    networks = estimator.networks()
    parameters = {"networks": count_parameters(networks)} if networks else {}
    counted = [count_flops(network, n_features) for network in networks]
    others = {part: index(count) for part, count in estimator.other_parameters().items()}
    return Cost(  # `index` refuses what is no whole number
        parameters=(parameters | others) or {"networks": 0},  # a record without is damaged
        flops=sum(flops for flops, _ in counted) + N_FRAMES * index(estimator.other_flops()),
        uncounted_operations=sorted({name for _, names in counted for name in names}),
    )
