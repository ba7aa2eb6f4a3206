"""Scores of one target in one song. Every function says its unit, direction and pitfalls.

All take annotations and predictions of one target as arrays (T,) over the frames of a song, or
over the frames of many songs for the pooled convention.
"""

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.floating]
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


def r_squared(target: Series, predicted: Series) -> float | None:
    """Coefficient of determination, 1 - squared errors / squares about the mean; at most 1.

    Better  higher; 0 is what the mean of these very annotations would score, below it is worse
    Rule    None for constant annotations.
    """
    x = target.astype(float)
    if np.var(x) < CONSTANT:
        return None
    return float(1 - np.mean(np.square(_error(target, predicted))) / x.var())


def _error(target: Series, predicted: Series) -> NDArray[np.float64]:
    """Return the error in double precision; refuse shapes that differ and values not finite."""
    if target.shape != predicted.shape or target.size == 0:
        raise ValueError(f"scores need equal, filled series, got {target.shape}, {predicted.shape}")
    if not np.isfinite(predicted).all():
        raise ValueError("predictions hold NaN or inf; record the cell as 'diverged'")
    return target.astype(np.float64) - predicted.astype(np.float64)
