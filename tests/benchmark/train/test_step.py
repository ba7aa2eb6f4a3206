"""A training step: eager is the definition, precision changes products, a graph repeats it."""

import numpy as np
import pytest
import torch

from benchmark.errors import DeviceError
from benchmark.plan.config import TrainingConfig
from benchmark.train.kernels import kernels_for
from benchmark.train.step import N_WARM_UP, GraphedStep, make_step
from models.registry import MODELS
from tests.benchmark.cli.cli import mer_here
from tests.small_models import build


def batches(n, shapes=((8, 10), (8, 10), (3, 4)), n_features=6):
    """Return n batches whose shapes take turns; annotations follow the first two features."""
    generator = torch.Generator().manual_seed(1)
    for index in range(n):
        features = torch.randn(*shapes[index % len(shapes)], n_features, generator=generator)
        yield features, 0.3 * features[..., :2]


def trained(step_of, model="blstm", n_steps=24, **settings):
    """Return the losses of some steps and the weights after them."""
    torch.manual_seed(0)
    network = build(model, **settings).train()
    step = step_of(network)
    losses = [float(step(*batch)) for batch in batches(n_steps)]
    return losses, [one.detach().clone() for one in network.parameters()], step


def eager(network):
    return make_step(network, TrainingConfig(learning_rate=0.01), "plain")


class Recorder:
    """Stands where a GPU records: computes nothing while recording, the step at every replay."""

    def __init__(self):
        self.n_warm_ups = self.n_recorded = 0

    def warm_up(self, step):
        self.n_warm_ups += 1
        return step()

    def record(self, step):
        self.n_recorded += 1
        return step


@pytest.mark.parametrize("model", ["blstm", "crnn"])
def test_a_replayed_step_trains_as_the_eager_one_for_every_shape(model):
    recorder = Recorder()
    settings = {"dropout": 0.0}
    losses, weights, _ = trained(eager, model, **settings)
    others, other_weights, graphed = trained(
        lambda network: GraphedStep(eager(network), recorder), model, **settings
    )
    assert others == losses
    for one, two in zip(weights, other_weights, strict=True):
        torch.testing.assert_close(one, two, rtol=0, atol=0)
    assert recorder.n_recorded == len(graphed.replays) == 2  # one a shape
    assert recorder.n_warm_ups == 2 * N_WARM_UP
    assert losses[-1] < losses[0]


def test_a_replay_never_touches_the_batch_it_was_given():
    torch.manual_seed(0)
    step = GraphedStep(eager(build("blstm").train()), Recorder())
    given = list(batches(9, shapes=((8, 10),)))
    kept = [one.clone() for one, _ in given]
    for batch in given:
        step(*batch)
    for (features, _), copy in zip(given, kept, strict=True):
        torch.testing.assert_close(features, copy, rtol=0, atol=0)


@pytest.mark.gpu
def test_a_cuda_graph_trains_as_the_eager_step():
    losses = []
    for is_graphed in (False, True):
        torch.manual_seed(0)
        network = build("crnn", dropout=0.0).train().cuda()
        step = make_step(network, TrainingConfig(), "graphs" if is_graphed else "plain")
        losses.append([float(step(one.cuda(), two.cuda())) for one, two in batches(24)])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)


@pytest.mark.parametrize("model", ["blstm", "crnn"])
def test_bf16_trains_close_to_float32_with_weights_that_stay_float32(model):
    def in_bf16(network):
        config = TrainingConfig(learning_rate=0.01, precision="bf16")
        return make_step(network, config, "plain")

    losses, _, _ = trained(eager, model, dropout=0.0)
    others, weights, _ = trained(in_bf16, model, dropout=0.0)
    assert others != losses  # products were rounded
    np.testing.assert_allclose(others[:3], losses[:3], rtol=0.03)  # bf16 keeps 8 bits: 0.4 % each
    assert others[-1] < 0.9 * others[0]
    assert all(one.dtype == torch.float32 for one in weights)


def test_fused_layers_compute_in_float32_alone():
    assert kernels_for("crnn", "cpu", "fused", "bf16") == "plain"
    assert kernels_for("crnn", "cpu", "fused", "float32") == "fused"


def test_graphs_need_a_cuda_device():
    assert {kernels_for(model, "cuda", "graphs") for model in MODELS} == {"graphs"}
    with pytest.raises(DeviceError, match="needs a CUDA device, this is cpu"):
        kernels_for("crnn", "cpu", "graphs")


@pytest.mark.parametrize("command", ["run", "search", "speed"])
def test_options_that_cannot_be_are_one_sentence(command, tmp_path, capfd):
    for option, told in (
        (("--precision", "half"), "precision='half'"),
        (("--kernels", "graphs", "--device", "cpu"), "needs a CUDA device"),
    ):
        answer = mer_here(capfd, command, *option, "--results", tmp_path / "r")
        assert answer.returncode == 2, answer.stderr
        assert told in answer.stderr
        assert len(answer.stderr.strip().splitlines()[-1]) < 300
        assert not list((tmp_path / "r").glob("records/*/*"))


def test_precision_is_a_setting_that_the_table_names(tmp_path, capfd):
    answer = mer_here(
        capfd, "run", "--models", "crnn", "--precision", "bf16", "--repetitions", 1,
        "--max-epochs", 1, "--executor", "inline", "--results", tmp_path,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    assert "precision=bf16" in answer.stdout
