"""All metrics, one row each. Scores, means, intervals, tables, CSV, MLflow and page loop over it.

A score is named by metric, target and convention: `rmse_valence` is over the frames of all songs
(pooled), `rmse_valence_per_song` the mean of the songs' own values; `average` is the mean of
valence and arousal.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from pkgutil import resolve_name
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from datasets.contract import TARGETS

Series = NDArray[np.floating]
Metric = Callable[[Series, Series], float | None]  # annotations (T,), predictions (T,)
MEASURES = (*TARGETS, "average")
CONVENTIONS = {"pooled": "", "per song": "_per_song"}  # name for people -> suffix of the score


def spearman_brown(score: float) -> float | None:
    """Return the correlation of whole panels from that of halves, 2 c / (1 + c); None below 0."""
    return 2 * score / (1 + score) if score > 0 else None


def halved_variance(score: float) -> float:
    """Return the error between whole panels from that of halves, whose variance is double."""
    return score / sqrt(2)


@dataclass(frozen=True)
class MetricEntry:
    """One row: how a series of predictions is scored, and what the score means.

    `frames` says how the pooled score follows from the songs' own, weighted with their frames;
    without it a pooled score has no interval.
    """

    function: str | Metric  # "module:function", imported on first use; None: not defined there
    heading: str  # over its columns: "RMSE"
    summary: str
    better: Literal["lower", "higher"]  # "lower": an error, 0 is perfect and nothing below it
    unit: str = ""
    per_song: bool = True  # scored song by song, and averaged over songs
    pooled: Literal["frames", "centred"] | None = None  # centred: each song about its own mean
    frames: Literal["mean", "root mean square"] | None = None
    has_interval: bool = False  # of 95 %, which takes time for every score that has one
    of_panel: Callable[[float], float | None] | None = None  # for the raters' ceiling

    def score(self, annotations: Series, predictions: Series) -> float | None:
        """Score one series (T,); None where it is not defined, or where a user's metric fails.

        A metric that fails costs no cell that was trained for hours: its score is lacking.
        """
        try:
            return self.checked_score(annotations, predictions)
        except Exception:
            if self.is_ours:
                raise
            return None

    def checked_score(self, annotations: Series, predictions: Series) -> float | None:
        """Score one series; raises ValueError where the result cannot be a score."""
        value: Any = self._resolved(_read_only(annotations), _read_only(predictions))
        if value is None:
            return None
        if not isinstance(value, int | float | np.number) or not np.isfinite(value):
            raise ValueError(f"metric '{self.heading}' returned {value!r}, not a finite number")
        if self.better == "lower" and value < 0:
            raise ValueError(f"metric '{self.heading}' returned {value!r}, and 0 is its best value")
        return float(value)

    @property
    def is_ours(self) -> bool:
        """Tell this project's metrics from a user's own."""
        return isinstance(self.function, str) and self.function.startswith("benchmark.")

    @property
    def _resolved(self) -> Metric:
        found: Metric = (
            resolve_name(self.function) if isinstance(self.function, str) else self.function
        )
        return found

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Return the suffixes of the conventions that it is scored under."""
        return (*([""] if self.pooled else []), *(["_per_song"] if self.per_song else []))


def _read_only(series: Series) -> Series:
    """Return a view that a metric cannot write into: the next metric sees the same array."""
    view = series.view()
    view.flags.writeable = False
    return view


METRICS = {
    "rmse": MetricEntry(
        "benchmark.evaluate.metrics:rmse",
        heading="RMSE",
        summary="root mean squared error; tables are about it, and models are ranked by it",
        better="lower",
        unit="annotation units on [-1, 1]",
        pooled="frames",
        frames="root mean square",
        has_interval=True,
        of_panel=halved_variance,
    ),
    "mae": MetricEntry(
        "benchmark.evaluate.metrics:mae",
        heading="MAE",
        summary="mean absolute error",
        better="lower",
        unit="annotation units on [-1, 1]",
        pooled="frames",
        frames="mean",
        of_panel=halved_variance,
    ),
    "pearson_r": MetricEntry(
        "benchmark.evaluate.metrics:pearson_r",
        heading="Pearson r",
        summary="correlation: does the prediction follow the curve?",
        better="higher",
        pooled="frames",
        of_panel=spearman_brown,
    ),
    "ccc": MetricEntry(
        "benchmark.evaluate.metrics:concordance",
        heading="CCC",
        summary="concordance: correlation that asks for the right level and spread, too",
        better="higher",
        pooled="frames",
        has_interval=True,
        of_panel=spearman_brown,
    ),
    "r2": MetricEntry(
        "benchmark.evaluate.metrics:r_squared",
        heading="R2",
        summary="share of the annotations' variance that is explained, over all frames",
        better="higher",
        per_song=False,
        pooled="frames",
    ),
    "within_song_r": MetricEntry(
        "benchmark.evaluate.metrics:pearson_r",
        heading="centred r",
        summary="correlation of all frames, each song about its own mean",
        better="higher",
        per_song=False,
        pooled="centred",
        of_panel=spearman_brown,
    ),
}  # fmt: skip
RANKED_BY = "rmse"


def names_of(metric: str) -> tuple[str, ...]:
    """Return the scores of a metric: "rmse_valence", ..., "rmse_average_per_song"."""
    suffixes = METRICS[metric].suffixes
    return tuple(f"{metric}_{measure}{suffix}" for suffix in suffixes for measure in MEASURES)


def metric_of(score: str) -> str:
    """Return the metric of a score's name."""
    return score.removesuffix("_per_song").rpartition("_")[0]


def all_names() -> tuple[str, ...]:
    """Return the names of all scores, metric by metric."""
    return tuple(name for metric in METRICS for name in names_of(metric))
