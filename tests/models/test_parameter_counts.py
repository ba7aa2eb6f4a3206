"""Counts against closed formulas (Malik et al. 2017, figure 1), over the whole search space."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.evaluate.complexity import count_default_parameters, count_parameters
from models.blstm import BLSTM, BLSTMConfig
from models.crnn import CRNN, CRNNConfig
from models.crnn_nb import CRNNNB
from models.registry import MODELS

UNITS = st.sampled_from([4, 8, 16, 32])
LAYERS = st.integers(1, 3)
CONFIGS = st.builds(
    CRNNConfig, conv_layers=LAYERS, channels=UNITS, dense_layers=LAYERS, dense_units=UNITS,
    gru_layers=LAYERS, gru_units=UNITS, maxout_pieces=st.sampled_from([1, 2, 4, 8]),
    gru=st.sampled_from(["torch", "keras1"]), initialisation=st.sampled_from(["torch", "keras1"]),
)  # fmt: skip


def gru_parameters(config, biases):
    """Three gates, two directions: input weights, recurrent weights, `biases` biases each."""
    inputs = [config.dense_units] + [2 * config.gru_units] * (config.gru_layers - 1)
    units = config.gru_units
    return sum(2 * 3 * (units * n + units * units + biases * units) for n in inputs)


def crnn_parameters(n_features, config, n_branches, biases=None):
    biases = biases or {"torch": 2, "keras1": 1}[config.gru]
    channels = config.channels
    inputs = [1] + [channels] * (config.conv_layers - 1)
    front = sum(9 * n * channels + channels + 2 * channels for n in inputs)
    dense = channels * n_features * config.dense_units + config.dense_units
    dense += (config.dense_layers - 1) * (config.dense_units**2 + config.dense_units)
    outputs = 2 // n_branches
    maxout = config.maxout_pieces * outputs * (2 * config.gru_units + 1)
    return front + n_branches * (dense + gru_parameters(config, biases) + maxout)


def lstm_parameters(n_features, layers, units, biases):
    inputs = [n_features] + [2 * units] * (layers - 1)
    return sum(2 * 4 * (units * n + units * units + biases * units) for n in inputs)


@settings(deadline=None, max_examples=40)
@given(config=CONFIGS, n_features=st.sampled_from([64, 260]))
def test_crnn_counts_equal_the_formula_over_the_search_space(config, n_features):
    for network_class, n_branches in ((CRNN, 2), (CRNNNB, 1)):
        network = network_class(n_features=n_features, config=config)
        assert count_parameters([network]) == crnn_parameters(n_features, config, n_branches)
        assert count_parameters([network]) == sum(one.numel() for one in network.parameters())


@pytest.mark.parametrize(
    ("n_features", "n_branches", "papers_count"),
    [(260, 2, 35_160), (260, 1, 17_696), (64, 2, 10_072)],
)  # fmt: skip
def test_the_papers_counts_are_ours_less_torchs_second_bias(n_features, n_branches, papers_count):
    config = CRNNConfig()
    assert crnn_parameters(n_features, config, n_branches, biases=1) == papers_count
    second_bias = n_branches * (gru_parameters(config, 2) - gru_parameters(config, 1))
    network_class = {2: CRNN, 1: CRNNNB}[n_branches]
    network = network_class(n_features=n_features, config=config)
    assert count_parameters([network]) - second_bias == papers_count


def test_the_blstm_has_the_papers_two_million():
    one_bias_one_output = lstm_parameters(260, 5, 128, biases=1) + 256 + 1
    assert one_bias_one_output == 1_975_553
    ours = count_parameters([BLSTM(n_features=260, config=BLSTMConfig())])
    assert ours == lstm_parameters(260, 5, 128, biases=2) + 2 * (256 + 1) == 1_980_930


@pytest.mark.parametrize(
    ("n_features", "network_class", "papers_count"),
    [(260, CRNN, 35_160), (260, CRNNNB, 17_696), (64, CRNN, 10_072)],
)
def test_with_keras_gru_the_papers_counts_are_met_exactly(n_features, network_class, papers_count):
    network = network_class(n_features=n_features, config=CRNNConfig(gru="keras1"))
    assert count_parameters([network]) == papers_count


VARIANTS = [
    (name, variant)
    for name, row in MODELS.items()
    for variant, one in row.variants.items()
    if row.kind == "network"
]


@pytest.mark.parametrize(("name", "variant"), VARIANTS)
def test_the_registry_prints_the_true_count_of_variants(name, variant):
    network_class, one = MODELS[name].load(), MODELS[name].variants[variant]
    config = network_class.Config(**one.settings)
    network = network_class(n_features=260, config=config)
    assert one.parameters == count_parameters([network])


@pytest.mark.parametrize("name", [name for name, row in MODELS.items() if row.kind == "network"])
def test_the_registry_prints_the_true_count(name):
    assert MODELS[name].parameters == count_default_parameters(MODELS[name])


def test_the_registry_prints_the_ensembles_six_networks():
    assert MODELS["blstm_ensemble"].parameters == 6 * MODELS["blstm"].parameters
