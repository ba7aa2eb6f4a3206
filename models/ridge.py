"""Ridge regression from second moments alone, its penalty chosen on songs left out.

Fit         the Gram matrix of [1, columns, targets] is summed once per fold, every training set is
            a difference of sums, one eigendecomposition serves all penalties, and the error on the
            fold left out is a quadratic form in its own Gram matrix
Penalty     one for both targets, or one each
Source      Hoerl and Kennard 1970, Technometrics 12 (ridge regression)
Axes        T frames, P columns, A penalties, 2 targets; a map is (1 + P, 2), its intercept first
"""

from collections.abc import Iterable, Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from datasets.contract import TARGETS

Array = NDArray[np.float64]
N_TARGETS = len(TARGETS)
CONSTANT = 1e-10  # a column whose variance is below this says nothing


def gram_of(columns_TP: Array, annotations_T2: NDArray[np.float32]) -> Array:
    """Return the Gram matrix of [1, columns, targets], (1 + P + 2) squared."""
    table = np.column_stack([np.ones(len(columns_TP)), columns_TP, annotations_T2.astype(float)])
    return np.asarray(table.T @ table)


def summed(grams: Iterable[Array]) -> Array:
    """Add Gram matrices one at a time: those of all songs at once would fill the memory."""
    return reduce(np.add, grams)


def best_penalties(
    grams: Sequence[Array], alphas: Sequence[float], *, per_target: bool = False
) -> Array:
    """Return the penalty (2,) of either target with the least error on each fold left out."""
    total = summed(grams)
    errors_A2 = np.sum([_errors(ridges(total - gram, alphas), gram) for gram in grams], axis=0)
    if not per_target:
        errors_A2 = errors_A2.sum(axis=1, keepdims=True)
    best: Array = np.broadcast_to(np.array(alphas)[errors_A2.argmin(axis=0)], N_TARGETS)
    return best


def ridge(gram: Array, penalties_2: Array) -> Array:
    """Return the map of the songs behind a Gram matrix, each target with its own penalty."""
    maps = ridges(gram, penalties_2.tolist())
    return np.stack([weights[:, target] for target, weights in enumerate(maps)], axis=1)


def ridges(gram: Array, alphas: Sequence[float]) -> list[Array]:
    """Return one map per penalty for the songs behind a Gram matrix.

    Every column is standardised by its training mean and deviation before it is penalised.
    """
    n_frames, means = gram[0, 0], gram[0, 1:] / gram[0, 0]
    covariance = gram[1:, 1:] / n_frames - np.outer(means, means)
    columns = slice(0, -N_TARGETS)
    variance = np.diag(covariance)[columns]
    deviation_P = np.sqrt(np.where(variance > CONSTANT, variance, 1.0))
    correlation = covariance[columns, columns] / np.outer(deviation_P, deviation_P)
    with_targets_P2 = covariance[columns, -N_TARGETS:] / deviation_P[:, None]
    values_P, vectors = np.linalg.eigh(correlation)
    projected_P2 = vectors.T @ with_targets_P2
    maps = []
    for alpha in alphas:
        shrunk_P1 = 1 / (np.maximum(values_P, 0) + alpha / n_frames)[:, None]
        weights_P2 = vectors @ (shrunk_P1 * projected_P2) / deviation_P[:, None]
        intercept_2 = means[-N_TARGETS:] - means[columns] @ weights_P2
        maps.append(np.vstack([intercept_2, weights_P2]))
    return maps


def _errors(maps: Sequence[Array], gram: Array) -> Array:
    """Return the squared error of every map and target, (A, 2), from a Gram matrix."""
    residuals = [np.vstack([weights, -np.eye(N_TARGETS)]) for weights in maps]
    return np.array([np.sum(gram @ residual * residual, axis=0) for residual in residuals])
