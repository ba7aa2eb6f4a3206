"""Scores of one target in one song. Every function says its unit, direction and pitfalls.

All take annotations and predictions of one target as arrays (T,) over the frames of a song, or
over the frames of many songs for the pooled convention.
"""

from collections.abc import Sequence
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from datasets.contract import TARGETS

Series = NDArray[np.floating]
RATERS = "raters' ceiling"  # the reference line of `panel_scores`
CONSTANT = 1e-12  # a series whose variance is below this has no shape to correlate with


def rmse(target: Series, predicted: Series) -> float:
    """Root mean squared error.

    Unit    annotation units on [-1, 1], so 0.2 is a tenth of the full range
    Better  lower; 0 is perfect
    Source  Malik et al. 2017, equation 1
    Beware  over the frames of all songs at once (pooled) long songs weigh more, and the number
            is never smaller than the frame-weighted mean of per-song values
    """
    return float(np.sqrt(np.mean(np.square(_error(target, predicted)))))


def mae(target: Series, predicted: Series) -> float:
    """Mean absolute error, in annotation units; lower is better."""
    return float(np.mean(np.abs(_error(target, predicted))))


def pearson_r(target: Series, predicted: Series) -> float | None:
    """Pearson correlation over the frames of one song, in [-1, 1]; higher is better.

    Rule    None where the annotations are constant: there is no shape to follow. 0 where only
            the prediction is constant: it follows nothing.
    """
    if np.var(target, dtype=np.float64) < CONSTANT:
        return None
    if np.var(predicted, dtype=np.float64) < CONSTANT:
        return 0.0
    return float(np.corrcoef(target.astype(float), predicted.astype(float))[0, 1])


def concordance(target: Series, predicted: Series) -> float | None:
    """Concordance correlation coefficient (Lin 1989), in [-1, 1]; higher is better.

    Unlike r it also asks for the right level and spread.
    Rule    as for `pearson_r`: None for constant annotations, 0 for a constant prediction.
    """
    x, y = target.astype(float), predicted.astype(float)
    if np.var(x) < CONSTANT:
        return None
    covariance = np.mean((x - x.mean()) * (y - y.mean()))
    return float(2 * covariance / (x.var() + y.var() + (x.mean() - y.mean()) ** 2))


def _error(target: Series, predicted: Series) -> NDArray[np.float64]:
    """Return the error in double precision; refuse shapes that differ and values not finite."""
    if target.shape != predicted.shape or target.size == 0:
        raise ValueError(f"scores need equal, filled series, got {target.shape}, {predicted.shape}")
    if not np.isfinite(predicted).all():
        raise ValueError("predictions hold NaN or inf; record the cell as 'diverged'")
    return target.astype(np.float64) - predicted.astype(np.float64)


PER_SONG = {"rmse": rmse, "mae": mae, "pearson_r": pearson_r, "ccc": concordance}
POOLED = ("rmse", "ccc")  # over the frames of all songs as well
ERRORS = ("rmse", "mae")  # the others say how well two curves agree


def per_song_scores(
    annotations: Sequence[Series], predictions: Sequence[Series]
) -> dict[str, list[float | None]]:
    """Score every song (T, 2) on its own: "rmse_valence" -> one value per song, and so on."""
    return {
        f"{name}_{target}": [
            score(a[:, column], p[:, column])
            for a, p in zip(annotations, predictions, strict=True)
        ]
        for name, score in PER_SONG.items()
        for column, target in enumerate(TARGETS)
    }  # fmt: skip


def summary_scores(
    annotations: Sequence[Series], predictions: Sequence[Series]
) -> dict[str, float | None]:
    """Score a set of songs under both conventions.

    `rmse_valence` and `ccc_valence` pool all frames; `rmse_valence_per_song` is the mean of
    per-song values, as MediaEval reports it. `..._average` is the mean of valence and arousal.
    """
    scores: dict[str, float | None] = {}
    for column, target in enumerate(TARGETS):
        pooled = [np.concatenate([one[:, column] for one in side])
                  for side in (annotations, predictions)]  # fmt: skip
        for name in POOLED:
            scores[f"{name}_{target}"] = PER_SONG[name](*pooled)
    for name in POOLED:
        scores[f"{name}_average"] = _mean([scores[f"{name}_{target}"] for target in TARGETS])
    per_song = per_song_scores(annotations, predictions)
    for name in PER_SONG:
        for target in TARGETS:
            scores[f"{name}_{target}_per_song"] = _mean(per_song[f"{name}_{target}"])
        both = [scores[f"{name}_{target}_per_song"] for target in TARGETS]
        scores[f"{name}_average_per_song"] = _mean(both)
    return scores


def panel_scores(halves: Sequence[Sequence[tuple[Series, Series]]]) -> dict[str, float | None]:
    """Return what a second panel of raters, as large as the one that rated, would score.

    `halves` holds, per song, random halvings of its raters as pairs of curves (T, 2). Either half
    is scored against the other and the scores are averaged over halvings. Two halves of n / 2
    raters differ by twice the variance of two panels of n, so errors are divided by the root of 2;
    correlation and CCC are corrected by the formula of Spearman and Brown, 2 c / (1 + c), which
    says nothing of halves that do not agree at all: None where c is not above 0.
    """
    scored = [
        summary_scores([half for half, _ in pairs], [other for _, other in pairs])
        for pairs in zip(*halves, strict=True)
    ]
    means = {name: _mean([scores[name] for scores in scored]) for name in scored[0]}
    return {name: _of_whole_panel(name, value) for name, value in means.items()}


def _of_whole_panel(name: str, value: float | None) -> float | None:
    """Correct what half a panel scores against the other half to panels of full size."""
    if value is None or name.startswith(ERRORS):
        return None if value is None else value / sqrt(2)
    return 2 * value / (1 + value) if value > 0 else None


def _mean(values: list[float | None]) -> float | None:
    """Average the values that are defined; None where none is."""
    defined = [value for value in values if value is not None]
    return float(np.mean(defined)) if defined else None
