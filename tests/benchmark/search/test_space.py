"""Search spaces: what they hold, and that nothing impossible can come out of them."""

import random

import pytest

from benchmark.errors import MerError
from benchmark.plan.config import TrainingConfig
from benchmark.search.space import Probe, default_parameters, described, grid_of, suggest, without
from benchmark.search.spec import SearchConfig, checked_search
from models.registry import MODELS
from models.spaces import Choice, Integer, OnlyIf, Real, Switched

SPACES = [(model, space) for model, row in MODELS.items() for space in row.spaces]


class Scripted:
    """Draws what the test says and remembers what was asked."""

    def __init__(self, **answers):
        self.answers, self.asked = answers, []

    def _answer(self, name, *_, **__):
        self.asked.append(name)
        return self.answers[name]

    suggest_categorical = suggest_int = suggest_float = _answer


def test_the_paper_space_is_the_printed_grid():
    space = MODELS["crnn"].spaces["paper"]
    layers, units = (1, 2, 3), (4, 8, 16, 32)
    penalties = (1, 0.1, 0.01, 0.001, 0.0001)
    printed = {
        **{f"crnn.{part}_layers": layers for part in ("conv", "dense", "gru")},
        **{f"crnn.{part}": units for part in ("channels", "dense_units", "gru_units")},
        "crnn.dropout": (0.25, 0.5, 0.75),
        "crnn.l1": penalties,
        "crnn.l2": penalties,
        "training.batch_size": (16, 32, 64, 128),
        "sequence_length": (10, 20, 30, 60),
    }
    assert {name: domain.values for name, domain in space.items()} == printed


def test_every_model_but_the_simplest_floors_has_a_space():
    assert {name for name, row in MODELS.items() if not row.spaces} == {"constant", "linear"}


@pytest.mark.parametrize(("model", "space"), SPACES)
def test_no_member_of_a_space_is_refused_by_the_configuration(model, space):
    search = checked_search(SearchConfig(model=model, space=space))
    for index in range(100):  # other members than the check itself draws
        values = search.suggest(Probe(random.Random(f"{model} {space} {index}")))
        assert search.cell(values, "digest").model == model


@pytest.mark.parametrize(("model", "space"), SPACES)
def test_the_default_configuration_lies_in_every_space(model, space):
    search = checked_search(SearchConfig(model=model, space=space))
    drawn = Scripted(**default_parameters(search.space, search.known))
    cell = search.cell(search.suggest(drawn), "digest")
    assert cell.config == MODELS[model].config_class()
    is_trained = MODELS[model].kind == "network" or MODELS[model].uses_seed
    assert cell.training == (TrainingConfig() if is_trained else None)


def test_a_conditional_setting_is_asked_only_where_it_applies():
    space = {"a.kind": Choice(("x", "y")), "a.size": OnlyIf("a.kind", ("y",), Integer(1, 9))}
    assert suggest(Scripted(**{"a.kind": "x"}), space, {}) == {"a.kind": "x"}
    both = {"a.kind": "y", "a.size": 7}
    assert suggest(Scripted(**both), space, {}) == both


def test_a_condition_sees_a_setting_that_is_not_searched_over():
    space = {"a.size": OnlyIf("a.kind", ("y",), Integer(1, 9))}
    assert suggest(Scripted(**{"a.size": 7}), space, {"a.kind": "y"}) == {"a.size": 7}
    assert suggest(Scripted(), space, {"a.kind": "x"}) == {}


def test_a_switched_setting_is_off_or_drawn_from_its_range():
    space = {"a.l1": Switched(0.0, Real(1e-4, 1.0, is_log=True))}
    assert suggest(Scripted(**{"a.l1:on": False}), space, {}) == {"a.l1": 0.0}
    assert suggest(Scripted(**{"a.l1:on": True, "a.l1": 0.5}), space, {}) == {"a.l1": 0.5}


def test_a_list_is_drawn_by_its_text_and_becomes_a_list():
    space = {"a.fusion": Choice((("svr", "ann"), ("svr",)))}
    assert suggest(Scripted(**{"a.fusion": "svr,ann"}), space, {}) == {"a.fusion": ("svr", "ann")}
    space = {"a.seconds": Choice(((5.0, 20.0), (60.0,)))}
    assert suggest(Scripted(**{"a.seconds": "5.0,20.0"}), space, {}) == {"a.seconds": (5.0, 20.0)}


def test_a_grid_lists_every_choice_and_refuses_ranges_and_giants():
    assert grid_of({"a": Choice((1, 2)), "b": Integer(3, 5)}) == {"a": [1, 2], "b": [3, 4, 5]}
    with pytest.raises(MerError, match=r"a is a range.*--set a=VALUE"):
        grid_of({"a": Real(0, 1)})
    with pytest.raises(MerError, match=r"2,592,000 points|points, at most 20,000"):
        grid_of(MODELS["crnn"].spaces["paper"])


def test_a_space_with_nothing_left_is_refused():
    with pytest.raises(MerError, match="nothing is left to search"):
        without({"a.b": Integer(1, 2)}, {"a.b": 1})


def test_domains_are_described_in_words():
    assert described(
        {
            "a": Choice((1, 2)),
            "b": Integer(1, 9, is_log=True),
            "c": Switched(0.0, Real(0.1, 1)),
            "d": OnlyIf("a", (1,), Real(0, 1)),
        }
    ) == {
        "a": "1 | 2",
        "b": "1 to 9, whole, log scale",
        "c": "0, or 0.1 to 1",
        "d": "0 to 1, if a is 1",
    }
