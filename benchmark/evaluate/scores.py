"""Songs and predictions become scores: every metric, target and convention of the registry."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from benchmark.evaluate.registry import METRICS, Series, metric_of
from datasets.contract import TARGETS

RATERS = "raters' ceiling"  # the reference line of `panel_scores`
Scores = dict[str, float | None]


def per_song_scores(
    annotations: Sequence[Series], predictions: Sequence[Series]
) -> dict[str, list[float | None]]:
    """Score every song (T, 2) on its own: "rmse_valence" -> one value per song, and so on."""
    return {
        f"{name}_{target}": [
            metric.score(annotated[:, column], predicted[:, column])
            for annotated, predicted in zip(annotations, predictions, strict=True)
        ]
        for name, metric in METRICS.items()
        if metric.per_song
        for column, target in enumerate(TARGETS)
    }


def summary_scores(annotations: Sequence[Series], predictions: Sequence[Series]) -> Scores:
    """Score a set of songs (T, 2) under both conventions, as MediaEval reports the one per song."""
    scores: Scores = {}
    series = {
        how: (_pooled(annotations, how), _pooled(predictions, how))
        for how in dict.fromkeys(metric.pooled for metric in METRICS.values() if metric.pooled)
    }
    for name, metric in METRICS.items():
        if metric.pooled:
            annotated, predicted = series[metric.pooled]
            for column, target in enumerate(TARGETS):
                scores[f"{name}_{target}"] = metric.score(
                    annotated[:, column], predicted[:, column]
                )
    for score, values in per_song_scores(annotations, predictions).items():
        scores[f"{score}_per_song"] = _mean(values)
    for name, metric in METRICS.items():
        for suffix in metric.suffixes:
            both = [scores[f"{name}_{target}{suffix}"] for target in TARGETS]
            scores[f"{name}_average{suffix}"] = _mean(both)
    return scores


def _pooled(songs: Sequence[Series], how: Literal["frames", "centred"]) -> Series:
    """Return the frames of all songs (T, 2); centred, each song less its own mean."""
    if how == "centred":
        songs = [song.astype(np.float64) - song.mean(axis=0, dtype=np.float64) for song in songs]
    return np.concatenate(songs)


def panel_scores(halves: Sequence[Sequence[tuple[Series, Series]]]) -> Scores:
    """Return what a second panel of raters, as large as the one that rated, would score.

    `halves` holds, per song, random halvings of its raters as pairs of curves (T, 2). Either half
    is scored against the other and the scores are averaged over halvings. Two halves of n / 2
    raters differ by twice the variance of two panels of n, so errors are divided by the root of 2;
    correlation and CCC are corrected by the formula of Spearman and Brown, which says nothing of
    halves that do not agree at all. Metrics without such a rule have no ceiling.
    """
    scored = [
        summary_scores([half for half, _ in pairs], [other for _, other in pairs])
        for pairs in zip(*halves, strict=True)
    ]
    means = {name: _mean([scores[name] for scores in scored]) for name in scored[0]}
    return {name: _of_whole_panel(name, value) for name, value in means.items()}


def _of_whole_panel(name: str, value: float | None) -> float | None:
    """Correct what half a panel scores against the other half to panels of full size."""
    correct = METRICS[metric_of(name)].of_panel
    return None if value is None or correct is None else correct(value)


def _mean(values: Sequence[float | None]) -> float | None:
    defined = [value for value in values if value is not None]
    return float(np.mean(defined)) if defined else None
