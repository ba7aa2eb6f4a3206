from dataclasses import dataclass, replace

import pytest

from benchmark.plan.cell import HARNESS
from benchmark.plan.config import StudyConfig, TrainingConfig, plain
from benchmark.plan.expand import expand
from benchmark.plan.protocol import ProtocolConfig
from benchmark.plan.seeds import derive
from datasets.registry import DATASETS, DatasetEntry
from models.registry import MODELS
from tests.small_models import make_cell


def test_a_seed_depends_on_every_name_and_on_the_base():
    seeds = {derive(1), derive(2), derive(1, "a"), derive(1, "b"), derive(1, "a", "b")}
    assert len(seeds) == 5
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_names_are_not_run_together():
    assert derive(1, "ab", "c") != derive(1, "a", "bc")


def test_a_seed_never_changes():
    """sha256 of "2017", unit separator, "crnn": records rely on it for ever."""
    import hashlib

    expected = int.from_bytes(hashlib.sha256(b"2017\x1fcrnn").digest()[:8], "big") >> 1
    assert derive(2017, "crnn") == expected


@pytest.mark.parametrize(
    "change",
    [
        {"dataset_digest": "other"}, {"features": "other"}, {"model": "blstm"},
        {"model_version": "other"}, {"settings": {"dropout": 0.5}}, {"sequence_length": 20},
        {"repetition": 2}, {"base_seed": 8}, {"harness": 0},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_everything_that_decides_the_outcome_is_in_the_key(change):
    cell = make_cell("crnn")
    assert replace(cell, **change).key != cell.key


def test_a_later_option_with_the_former_behaviour_leaves_the_key_alone():
    cell = make_cell("crnn")

    @dataclass(frozen=True)
    class Later(type(cell.config)):
        later_option: bool = False

    assert replace(cell, config=Later()).key == cell.key


FROZEN = {
    ("crnn", "1"): {
        "conv_layers": 1, "channels": 8, "dense_layers": 1, "dense_units": 8, "gru_layers": 1,
        "gru_units": 8, "maxout_pieces": 4, "dropout": 0.25, "l1": 0.1, "l2": 0.001,
        "activity": "mean", "gru": "torch", "initialisation": "torch", "batch_norm_momentum": 0.1,
        "batch_norm_epsilon": 1e-5,
    },
    ("blstm", "1"): {"layers": 5, "units": 128, "dropout": 0.0},
    ("blstm_ensemble", "2"): {
        "svr_degree": 3, "svr_cost": 1.0, "svr_epsilon": 0.1, "ann_units": 14, "elm_units": 14,
        "sequence_lengths": [10, 20, 30, 60, 10, 10], "layers": 5, "units": 128, "dropout": 0.0,
        "pretraining": "stacked", "pretrained_layers": 2, "fusion": ["svr", "ann"],
        "fusion_stride": 1,
    },
    ("linear", "1"): {"alphas": [1.0, 1e1, 1e2, 1e3, 1e4, 1e5], "inner_folds": 5},
    ("context", "1"): {
        "time_constants": [5.0, 20.0], "alphas": [10.0**exponent for exponent in range(8)],
        "inner_folds": 5, "so_far": "none", "penalty_per_target": False, "smoothing": [0.0],
        "smooths_both_ways": False,
    },
}  # fmt: skip
FROZEN["crnn_nb", "1"] = FROZEN["crnn", "1"]


@pytest.mark.parametrize(("model", "version"), FROZEN)
def test_a_changed_default_raises_the_model_s_version(model, version):
    """Keys hold what differs from the defaults: a default may change only with the version."""
    row = MODELS[model]
    assert row.version == version, "write the new version's defaults down here"
    defaults = plain(row.load().Config())
    frozen = FROZEN[model, version]
    assert {key: defaults[key] for key in frozen} == frozen


def test_a_changed_default_of_training_or_protocol_raises_the_harness():
    assert HARNESS == 2, "write the new defaults down here"
    training = {
        "batch_size": 32, "learning_rate": 1e-3, "adam_epsilon": 1e-8, "max_epochs": 100,
        "patience": 10, "validation_fraction": 0.2,
    }  # fmt: skip
    protocol = {"selection": "held_out", "folds": None, "test_sequence_length": None}
    for config, frozen in ((TrainingConfig(), training), (ProtocolConfig(), protocol)):
        assert {key: plain(config)[key] for key in frozen} == frozen


def test_repetitions_share_a_group_and_nothing_else_does():
    cell = make_cell("crnn")
    assert replace(cell, repetition=2).group == cell.group
    assert replace(cell, sequence_length=20).group != cell.group


def test_all_models_of_a_repetition_hold_out_the_same_songs():
    choice = "validation songs"
    crnn, blstm = make_cell("crnn"), make_cell("blstm")
    assert crnn.shared_seed(choice) == blstm.shared_seed(choice)
    assert crnn.seed("weights") != blstm.seed("weights")
    assert crnn.shared_seed(choice) != replace(crnn, repetition=2).shared_seed(choice)


def options_of(dataset, **options):
    """Return the dataset's options in the cells of a study."""
    written = {f"{dataset}.{key}": value for key, value in options.items()}
    study = StudyConfig(name="mine", models=("constant",), dataset=dataset, set=written)
    return expand(study, "digest")[0].dataset_options


@pytest.mark.parametrize("dataset", ["mediaeval2015", "deam"])
def test_an_option_younger_than_records_is_left_out_where_it_is_not_used(dataset):
    assert "families" not in options_of(dataset)
    assert "families" not in options_of(dataset, families="none")
    assert options_of(dataset, families="artist")["families"] == "artist"
    before = {"mediaeval2015": {"labels": "deam"}, "deam": {"development": [], "evaluation": []}}
    assert options_of(dataset) == before[dataset]  # as of the first records


def test_every_other_option_is_recorded_whatever_its_value(registries):
    @dataclass(frozen=True)
    class Options:
        smoothing: str = "none"
        order: int = 0

    DATASETS["mine"] = DatasetEntry(
        load="no:loader", options=Options, summary="", feature_sets=("six",)
    )
    assert options_of("mine") == {"smoothing": "none", "order": 0}
    assert options_of("mine", smoothing="median") == {"smoothing": "median", "order": 0}
