"""Long numbers in names: a learning rate of 0.0009669101742415781 is shown as 0.000967."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

FEWEST_DIGITS, MOST_DIGITS = 3, 17  # significant; 17 tell any two numbers apart


def short_texts(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return setting -> text of the numbers of each row, in as few digits as tell them apart."""
    values: dict[str, set[float]] = defaultdict(set)
    for settings in rows:
        for key, value in settings.items():
            if isinstance(value, float):
                values[key].add(value)
    texts = {key: _texts(several) for key, several in values.items()}
    return [
        {key: texts[key][value] for key, value in settings.items() if isinstance(value, float)}
        for settings in rows
    ]


def _texts(values: set[float]) -> dict[float, str]:
    for digits in range(FEWEST_DIGITS, MOST_DIGITS):
        texts = {value: f"{value:.{digits}g}" for value in values}
        if len(set(texts.values())) == len(values):
            return texts
    return {value: repr(value) for value in values}
