"""Which layers a cell is trained with, and that the choice changes nothing but the rounding."""

import json

import numpy as np
import pytest
import torch

from benchmark.train.kernels import equipped, kernels_for
from benchmark.train.trainer import CellTrainer
from models.crnn import CRNN
from models.fused.crnn import FusedCRNN
from models.registry import MODELS
from tests.benchmark.cli.cli import mer_here
from tests.conftest import make_split
from tests.small_models import build, make_cell

SPLIT = make_split(n_development=25)


def trained(kernels, model="crnn", repetition=1, **settings):
    """Return a fitted network and its curve."""
    cell = make_cell(model, repetition=repetition)
    trainer = CellTrainer(cell, "cpu", lambda *_: None, kernels=kernels)
    fitted = trainer.fit(
        lambda: build(model, **settings), SPLIT.development[5:], SPLIT.development[:5],
        sequence_length=10, name="network",
    )  # fmt: skip
    return fitted, trainer.curves["network"]


@pytest.mark.parametrize(
    ("model", "device", "wanted", "got"),
    [
        ("crnn", "cpu", "fused", "fused"),
        ("crnn_nb", "cpu", "fused", "fused"),
        ("crnn", "cpu", "plain", "plain"),
        ("crnn", "cuda", "fused", "plain"),
        ("blstm", "cpu", "fused", "plain"),
        ("constant", "cpu", "fused", "plain"),
    ],
)
def test_only_some_models_have_fused_layers_and_only_on_the_cpu(model, device, wanted, got):
    assert kernels_for(model, device, wanted) == got


def test_what_the_registry_calls_fused_is_fused():
    named = {name for name, row in MODELS.items() if row.fused}
    assert named == {"crnn", "crnn_nb"}
    for model in named:
        plain = build(model)
        assert type(equipped(plain, model, "fused")) is not type(plain)
        assert equipped(plain, model, "plain") is plain


def test_without_dropout_both_train_to_the_same_curve():
    curves = [trained(kernels, dropout=0.0)[1] for kernels in ("plain", "fused")]
    first, second = (curve.training_loss[:2] for curve in curves)
    np.testing.assert_allclose(first, second, atol=2e-4)
    assert trained("fused")[1] == trained("fused")[1]
    assert trained("fused")[1] != trained("fused", repetition=2)[1]


def test_what_was_trained_fused_predicts_plainly_too():
    fitted, _ = trained("fused")
    assert type(fitted.network) is FusedCRNN
    plain = build("crnn")
    assert type(plain) is CRNN
    plain.load_state_dict(fitted.network.state_dict())
    features = torch.randn(3, 10, SPLIT.n_features)
    with torch.no_grad():
        torch.testing.assert_close(plain.eval()(features), fitted.network(features))


def test_the_record_says_which_layers_ran(registries, tmp_path, capfd):
    for kernels in ("fused", "plain"):
        results = tmp_path / kernels
        answer = mer_here(
            capfd, "run", "--models", "crnn", "--repetitions", 1, "--max-epochs", 1,
            "--executor", "inline", "--kernels", kernels, "--results", results,
        )  # fmt: skip
        assert answer.returncode == 0, answer.stderr
        records = [json.loads(path.read_text()) for path in results.glob("records/*/*.json")]
        used = {one["model"]: one["circumstances"]["kernels"] for one in records}
        floors = dict.fromkeys(("constant", "linear", "context"), "plain")
        assert used == {"crnn": kernels} | floors


def test_an_unknown_choice_is_one_sentence(tmp_path, capfd):
    answer = mer_here(capfd, "run", "--kernels", "quick", "--results", tmp_path / "r")
    assert answer.returncode == 2
    assert "--kernels='quick' is not one of fused, plain" in answer.stderr
