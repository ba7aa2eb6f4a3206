"""Compact networks against loops of numpy: forward pass, count, causality, reach, portability."""

import sys

import numpy as np
import pytest
import torch

from benchmark.evaluate.complexity import count_flops, count_parameters
from benchmark.predict.torchscript import portable
from benchmark.search.space import probes
from benchmark.train.trainer import ScaledNetwork
from datasets.scaling import Scaler
from models.low_rank import LowRankInput
from models.recurrence import running_means, scan
from models.registry import MODELS
from tests.conftest import make_song
from tests.models.compact_loops import LOOPS, SIZES
from tests.small_models import build

SMALL = {
    "gru_small": {"columns": 3, "units": 4},
    "diagonal": {"columns": 3, "channels": 4},
    "tcn": {"columns": 4, "kernel": 3, "dilations": (1, 2)},
    "two_paths": {"columns": 3, "units": 5, "kernel": 4, "time_constants": (20.0, 2.0)},
    "transformer": {"columns": 6, "heads": 3, "layers": 2, "hidden": 5},
}
BOTH_WAYS = pytest.mark.parametrize("both_ways", [True, False], ids=["both_ways", "causal"])


def small(name, both_ways, **settings):
    return build(name, **SMALL[name], both_ways=both_ways, **settings).eval()


def song_of(n_frames, n_features=6, seed=0):
    return torch.randn(1, n_frames, n_features, generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
def predicted(network, song_1TF):
    return network(song_1TF)[0]


@BOTH_WAYS
@pytest.mark.parametrize("name", SMALL)
def test_a_forward_pass_is_what_a_loop_over_frames_gives(name, both_ways):
    network, song = small(name, both_ways), song_of(17)
    weights = {key: value.double().numpy() for key, value in network.state_dict().items()}
    expected = LOOPS[name](song[0].double().numpy(), weights, both_ways, SMALL[name])
    assert predicted(network, song).numpy() == pytest.approx(expected, abs=1e-5)


@BOTH_WAYS
@pytest.mark.parametrize("n_features", [7, 260])
@pytest.mark.parametrize("name", SMALL)
def test_a_count_is_its_formula(name, n_features, both_ways):
    for settings in (SMALL[name], {}):
        config = MODELS[name].config_class(**settings, both_ways=both_ways)
        network = MODELS[name].build(n_features, config)
        assert count_parameters([network]) == SIZES[name](n_features, config)
        assert sum(values.numel() for values in network.parameters()) == SIZES[name](
            n_features, config
        )


def test_fixed_poles_are_kept_with_the_weights_and_not_trained():
    learned, fixed = (small("diagonal", True, poles=poles) for poles in ("learned", "fixed"))
    assert count_parameters([learned]) - count_parameters([fixed]) == 2 * 2 * 4
    assert learned.state_dict().keys() == fixed.state_dict().keys()


@pytest.mark.parametrize("name", SMALL)
def test_later_frames_change_no_bit_of_a_causal_prediction_and_some_of_the_other(name):
    song, other = song_of(40), song_of(40)
    other[:, 25:] += 3
    causal, both = small(name, both_ways=False), small(name, both_ways=True)
    assert torch.equal(predicted(causal, song)[:25], predicted(causal, other)[:25])
    assert not torch.equal(predicted(causal, song)[25:], predicted(causal, other)[25:])
    assert not torch.equal(predicted(both, song)[:25], predicted(both, other)[:25])


@pytest.mark.parametrize("name", SMALL)
def test_a_causal_prediction_is_the_same_in_a_shorter_window(name):
    network, song = small(name, both_ways=False), song_of(50)
    torch.testing.assert_close(
        predicted(network, song)[:30], predicted(network, song[:, :30]), atol=1e-6, rtol=1e-5
    )


@pytest.mark.parametrize(("both_ways", "before", "after"), [(True, 60, 60), (False, 120, 0)])
def test_a_tcn_sees_sixty_seconds_and_no_more(both_ways, before, after):
    network, at = build("tcn", both_ways=both_ways).eval(), 130
    song = song_of(261).requires_grad_()
    network(song)[0, at].sum().backward()
    seen = song.grad[0].abs().sum(dim=1).nonzero().flatten()
    assert (seen.min(), seen.max()) == (at - before, at + after)
    assert before + after == 60 / 0.5
    window = song.detach()[:, at - before : at + after + 1]
    alone, whole = predicted(network, window)[before], predicted(network, song.detach())[at]
    torch.testing.assert_close(alone, whole, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.complex64])
@pytest.mark.parametrize("n_frames", [1, 2, 60, 1201])
def test_a_scan_is_its_loop(dtype, n_frames):
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randn(2, n_frames, 5, generator=generator, dtype=dtype)
    poles = torch.exp(-0.5 / torch.tensor([0.3, 1.0, 5.0, 20.0, 60.0])).to(dtype)
    poles = poles * torch.tensor(1j).exp() if dtype.is_complex else poles
    sizes = poles.abs().double().numpy()
    state, weight, means = np.zeros((2, 5), complex), np.zeros(5), []
    for frame in range(n_frames):
        state = poles.numpy() * state + inputs[:, frame].numpy()
        weight = sizes * weight + 1
        means.append(state / weight)
    assert running_means(inputs, poles).numpy() == pytest.approx(np.stack(means, 1), abs=1e-5)


def test_the_gradient_of_a_scan_is_right():
    inputs = torch.randn(2, 7, 3, dtype=torch.complex128, requires_grad=True)
    poles = torch.tensor([0.9 + 0.1j, 0.5, -0.3j], dtype=torch.complex128, requires_grad=True)
    assert torch.autograd.gradcheck(scan, (inputs, poles))
    assert torch.autograd.gradcheck(running_means, (inputs, poles))


def test_features_are_dropped_for_a_whole_sequence_and_only_while_training():
    low_rank = LowRankInput(200, columns=1, dropout=0.25)
    with torch.no_grad():
        low_rank.linear.weight.fill_(1)
        low_rank.linear.bias.zero_()
        sums_BT = low_rank(torch.ones(300, 4, 200))[..., 0]
        assert (sums_BT == sums_BT[:, :1]).all()
        assert len(sums_BT.unique()) > 10
        assert sums_BT.mean().item() == pytest.approx(200, abs=2)
        assert (low_rank.eval()(torch.ones(3, 4, 200)) == 200).all()


@pytest.mark.parametrize("name", SMALL)
def test_a_compact_network_is_portable_to_windows_of_any_length(name):
    songs = [make_song(f"s{n}", 70) for n in range(2)]
    network = small(name, both_ways=True)
    fitted = ScaledNetwork(network, Scaler.fit(songs), sys.maxsize, "cpu")
    with torch.no_grad():
        module = portable(fitted)(torch.tensor(songs[0].features)[None])[0].numpy()
    assert module == pytest.approx(np.clip(fitted.predict(songs)[0], -1, 1), abs=1e-6)


@pytest.mark.parametrize("name", SMALL)
def test_every_multiplication_is_counted_and_bf16_works(name):
    network = small(name, both_ways=True)
    assert count_flops(network, n_features=6)[1] == []
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.isfinite(network(song_of(9))).all()


@pytest.mark.parametrize("name", SMALL)
def test_no_member_of_a_compact_space_has_more_than_ten_thousand_parameters(name):
    settings = {f"{name}.both_ways": True}
    for values in probes(MODELS[name].spaces["wide"], settings)[:60]:
        own = {key.removeprefix(f"{name}."): v for key, v in values.items() if name in key}
        config = MODELS[name].config_class(**own | {"both_ways": True})
        assert SIZES[name](260, config) <= 10_000


def test_heads_that_do_not_share_the_columns_are_refused():
    with pytest.raises(ValueError, match="columns=16 must be a multiple of heads=3"):
        MODELS["transformer"].config_class(heads=3)
