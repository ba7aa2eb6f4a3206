"""One look per model, whatever stands beside it, that stands out from its ground."""

import re
from importlib.resources import files

import numpy as np
import pytest

from benchmark.report.palette import (
    COLOURS_OF_OTHERS,
    LOOKS,
    MARKS_OF_OTHERS,
    MARKS_OF_PUBLISHED,
    NO_MODEL,
    look_of,
    looks_of,
    mark_size,
    shade_of,
)
from models.registry import MODELS

USERS = [f"model_{number}" for number in range(40)]


def test_every_built_in_model_has_a_colour_and_a_mark_of_its_own():
    assert LOOKS.keys() == MODELS.keys()
    assert len({look.colour for look in LOOKS.values()}) == len(LOOKS)
    assert len({look.mark for look in LOOKS.values()}) == len(LOOKS)


def test_no_mark_has_two_meanings():
    marks = [*(look.mark for look in LOOKS.values()), *MARKS_OF_OTHERS, *MARKS_OF_PUBLISHED]
    assert len({one.marker for one in marks}) == len({one.symbol for one in marks}) == len(marks)
    assert not {look_of(one).mark for one in USERS} & {look.mark for look in LOOKS.values()}


def test_a_model_looks_the_same_alone_and_among_others():
    assert (
        looks_of(["mine"])["mine"] == looks_of(["crnn", "mine", "zebra"])["mine"] == look_of("mine")
    )
    assert looks_of(["crnn"])["crnn"] == LOOKS["crnn"]


def test_models_that_would_look_alike_beside_each_other_do_not():
    for n in range(2, 13):
        looks = looks_of(USERS[:n])
        assert len(set(looks.values())) == n
        assert {name: look.colour for name, look in looks.items()} == {
            name: look_of(name).colour for name in USERS[:n]
        }


def test_longer_sequences_have_larger_marks_and_stronger_colours():
    sizes = [mark_size(length) for length in (10, 20, 30, 60, 120)]
    assert sizes == sorted(set(sizes))
    shades = [luminance(shade_of("crnn", length)) for length in (10, 20, 30, 60, 120)]
    assert shades == sorted(set(shades), reverse=True)
    assert shade_of("crnn", None) == LOOKS["crnn"].colour


def luminance(colour):
    """Relative luminance of #rrggbb (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def contrast(one, other):
    """Contrast of two colours (WCAG 2.2)."""
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("ground", [0, 1], ids=["light", "dark"])
def test_text_and_lines_stand_out_from_their_ground(ground):
    style = files("benchmark.report.page").joinpath("page.css").read_text()
    blocks = re.findall(r":root[^{]*\{([^}]*)\}", style)
    ink = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})\b", blocks[ground]))
    for name in ("text", "quiet", "link"):
        for below in ("ground", "shade"):
            assert contrast(ink[name], ink[below]) >= 4.5, f"{name} on {below}"
    assert contrast(ink["caveat-text"], ink["caveat"]) >= 4.5
    pairs = [(look.colour, look.colour_on_dark) for look in LOOKS.values()]
    colours = [pair[ground] for pair in [*pairs, *COLOURS_OF_OTHERS, NO_MODEL]]
    for colour in (ink["focus"], ink["truth"], *colours):
        assert contrast(colour, ink["ground"]) >= 3, colour
