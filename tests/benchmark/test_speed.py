"""`speed` times what `run` trains, in turns, and says when fused layers fall behind."""

import json

import pytest
import torch

from benchmark.speed import clock, measure, processes
from models.registry import MODELS, ModelEntry
from tests.benchmark.cli.cli import mer_here


class Small(torch.nn.Module):
    def __init__(self, *, n_features):
        super().__init__()
        self.body = torch.nn.Linear(n_features, 2)

    def forward(self, features_BTF):
        return self.body(features_BTF)


@pytest.fixture
def quick(monkeypatch, registries):
    """Time for moments only, and in this process."""
    MODELS["small"] = ModelEntry(target=Small, summary="one layer")
    monkeypatch.setattr(clock, "SHORTEST_SECONDS", 1e-4)
    monkeypatch.setattr(processes, "SECONDS", 1e-4)
    monkeypatch.setattr(measure, "added_memory", lambda *_: 1.0)
    monkeypatch.setattr(measure, "side_by_side", processes.seconds_per_step)


def test_a_table_and_a_file_with_every_number(quick, tmp_path, capfd):
    answer = mer_here(
        capfd, "speed", "--models", "small", "--sequence-lengths", "5,10", "--rounds", 2,
        "--results", tmp_path, "--device", "cpu", "--json",
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    told = json.loads(answer.stdout)
    assert told == json.loads((tmp_path / "speed" / "cpu.json").read_text())
    assert told["limits"]["gemm_gflops"] > 1
    assert told["limits"]["copy_gb_per_second"] > 0.1
    assert {"commit", "torch", "processor"} <= told["environment"].keys()
    first, second = told["rows"]
    assert (first["sequence_length"], second["sequence_length"]) == (5, 10)
    assert first["parameters"] == 260 * 2 + 2
    assert second["gflop_per_step"] == pytest.approx(3 * 2 * 32 * 10 * 260 * 2 / 1e9)
    for row in (first, second):
        assert row["kernels"] == "plain"
        assert row["product_ms"] == row["harness_ms"] > 0
        n_frames = 32 * row["sequence_length"]
        assert row["training_frames_per_second"] == pytest.approx(
            n_frames / row["product_ms"] * 1e3
        )
        share = row["gflop_per_step"] / row["product_ms"] * 1e3 / told["limits"]["gemm_gflops"]
        assert row["share_of_gemm"] == pytest.approx(share)
        assert row["least_mb_per_step"] == pytest.approx(4 * 4 * n_frames * (260 + 2) / 1e6)
        copied = row["least_mb_per_step"] / row["product_ms"]  # MB a ms are GB a second
        assert row["share_of_copy"] == pytest.approx(copied / told["limits"]["copy_gb_per_second"])
        assert not row["fell_behind"]


def test_a_fused_model_that_fell_behind_is_told(quick, tmp_path, capfd, monkeypatch):
    monkeypatch.setattr(measure, "EXPECTED_RATIO", 1e6)
    answer = mer_here(
        capfd, "speed", "--models", "crnn_nb", "--sequence-lengths", "60", "--rounds", 1,
        "--results", tmp_path, "--device", "cpu",
    )  # fmt: skip
    assert answer.returncode == 1
    assert "FELL BEHIND" in answer.stdout
    (told,) = json.loads((tmp_path / "speed" / "cpu.json").read_text())["rows"]
    assert told.pop("fell_behind")
    row = measure.SpeedRow(**told)
    assert row.kernels == "fused"
    assert row.ratio == pytest.approx(row.bare_ms / row.product_ms)
    monkeypatch.setattr(measure, "EXPECTED_RATIO", 1e-3)
    assert not row.fell_behind


def test_another_form_is_held_against_the_plain_network_and_has_a_file_of_its_own(
    quick, tmp_path, capfd
):
    answer = mer_here(
        capfd, "speed", "--models", "small", "--sequence-lengths", "5", "--rounds", 1,
        "--precision", "bf16", "--results", tmp_path, "--device", "cpu",
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    (row,) = json.loads((tmp_path / "speed" / "cpu-bf16.json").read_text())["rows"]
    assert (row["kernels"], row["precision"]) == ("plain", "bf16")
    assert row["product_ms"] != row["harness_ms"]


def test_competitors_take_turns_and_every_step_is_counted(monkeypatch):
    monkeypatch.setattr(clock, "SHORTEST_SECONDS", 1e-9)
    order = []

    def competitor(name, n_steps):
        def run():
            order.append(name)
            return n_steps

        return run

    speed_of = clock.in_turns({"a": competitor("a", 1), "b": competitor("b", 4)}, "cpu", 3)
    assert {len(times) for times in speed_of.values()} == {3}
    starts = [name for name, before in zip(order, [None, *order], strict=False) if name != before]
    assert starts == ["a", "b"] * 4


def test_the_median_ratio_is_that_of_rounds():
    assert clock.median_ratio([2, 9, 8], [1, 3, 2]) == 3


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--models", "blstm_ensemble", "only networks are timed"),
        ("--models", "nonesuch", "only networks are timed"),
        ("--sequence-lengths", "0", "at least 1"),
        ("--sequence-lengths", "long", "whole numbers"),
        ("--rounds", "0", "at least 1"),
        ("--device", "abacus", "is not one of"),
    ],
)
def test_bad_options_are_one_sentence(option, value, told, tmp_path, capfd):
    answer = mer_here(capfd, "speed", option, value, "--results", tmp_path / "r")
    assert answer.returncode == 2
    assert told in answer.stderr
    assert not (tmp_path / "r").exists()
