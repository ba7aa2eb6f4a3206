"""One colour and one mark per model, the same in figures, on the page and in MLflow.

Built-in models have theirs in `LOOKS`. Every other model gets one from its name alone, so that it
looks the same in each table, whatever stands beside it; its mark is of none of the built-in ones.
Every colour has a contrast of at least 3 to its ground (WCAG 2.2, section 1.4.11).
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import log2
from typing import Literal


@dataclass(frozen=True)
class Mark:
    """A shape: what matplotlib and Plotly call it."""

    marker: str | tuple[int, Literal[1], int]  # text, or a star: its points, 1, degrees
    symbol: str


@dataclass(frozen=True)
class Look:
    """How a model is drawn."""

    colour: str  # on white
    colour_on_dark: str
    mark: Mark


LOOKS = {
    "crnn": Look("#0072b2", "#56b4e9", Mark("o", "circle")),
    "crnn_nb": Look("#b45309", "#f0a04b", Mark("D", "diamond")),
    "blstm": Look("#00795a", "#3fc79a", Mark("s", "square")),
    "blstm_ensemble": Look("#a6327f", "#e08ac4", Mark("^", "triangle-up")),
    "gru_small": Look("#b3261e", "#ff8a80", Mark("*", "star")),
    "diagonal": Look("#00697a", "#5fd0e0", Mark("<", "triangle-left")),
    "tcn": Look("#3f6f00", "#9ccc4a", Mark("p", "pentagon")),
    "two_paths": Look("#c2255c", "#ff9fc0", Mark(">", "triangle-right")),
    "transformer": Look("#83422b", "#d7a08c", Mark("h", "hexagon")),
    "reservoir": Look("#2f4b8f", "#9fb4ee", Mark((4, 1, 0), "star-diamond")),
    "constant": Look("#6b6b6b", "#aeb5bd", Mark("v", "triangle-down")),
    "linear": Look("#7a6200", "#d6bb3f", Mark("P", "cross")),
    "context": Look("#5b4bb5", "#a99bf5", Mark("X", "x")),
}
COLOURS_OF_OTHERS = (
    ("#c03a2b", "#f28374"),
    ("#00838f", "#4cc3cf"),
    ("#d6336c", "#ff8fb3"),
    ("#4f7d00", "#a8d24b"),
)
MARKS_OF_OTHERS = (
    Mark("d", "diamond-tall"),
    Mark("8", "octagon"),
    Mark((6, 1, 0), "hexagram"),
    Mark((4, 1, 45), "star-square"),
    Mark("H", "hexagon2"),
    Mark((3, 1, 0), "star-triangle-up"),
)
MARKS_OF_PUBLISHED = (  # thin lines, which no model has
    Mark("x", "x-thin-open"),
    Mark("+", "cross-thin-open"),
    Mark("1", "y-down-open"),
    Mark("2", "y-up-open"),
    Mark("3", "y-left-open"),
    Mark("4", "y-right-open"),
)
NO_MODEL = ("#51585f", "#aeb5bd")  # published values of a model that is not here
COLOURS = tuple(look.colour for look in LOOKS.values()) + tuple(c for c, _ in COLOURS_OF_OTHERS)


def look_of(model: str) -> Look:
    """Return how a model is drawn."""
    if model in LOOKS:
        return LOOKS[model]
    number = int.from_bytes(hashlib.sha256(model.encode()).digest()[:4], "big")
    mark, colour = divmod(number, len(COLOURS_OF_OTHERS))
    return Look(*COLOURS_OF_OTHERS[colour], MARKS_OF_OTHERS[mark % len(MARKS_OF_OTHERS)])


def looks_of(models: Iterable[str]) -> dict[str, Look]:
    """Return how models are drawn beside each other.

    Where two would look alike, which is rare, the later one by name gets the next free mark.
    """
    found: dict[str, Look] = {}
    for model in sorted(set(models)):
        look = look_of(model)
        place = MARKS_OF_OTHERS.index(look.mark) if look.mark in MARKS_OF_OTHERS else 0
        free = (
            replace(look, mark=MARKS_OF_OTHERS[(place + step) % len(MARKS_OF_OTHERS)])
            for step in range(1, len(MARKS_OF_OTHERS))
        )
        if look in found.values():
            look = next((other for other in free if other not in found.values()), look)
        found[model] = look
    return found


def mark_size(sequence_length: int | None) -> float:
    """Return how large a mark is, in points: longer sequences have larger ones."""
    if sequence_length is None:
        return 9.5
    return min(13.5, max(5.5, 7 + 1.5 * log2(sequence_length / 10)))


def shade_of(model: str, sequence_length: int | None) -> str:
    """Return a model's colour, paler for shorter sequences: for charts without sizes of marks."""
    colour = look_of(model).colour
    if sequence_length is None:
        return colour
    white = min(0.55, max(0.0, 0.5 - 0.13 * log2(sequence_length / 10)))
    parts = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(part + white * (255 - part)):02x}" for part in parts)
