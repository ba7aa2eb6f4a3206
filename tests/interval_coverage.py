"""How often a 95 % interval holds the truth: whole studies made up, their truth known.

    python -m tests.interval_coverage 2000

A model's error at a frame is a level of the song (shared by all models), one of model and song, one
of the repetition (shared by all songs) and one of song and repetition, and a swing within the song
whose lag-1 autocorrelation is .97. Songs have 68 to 1224 frames.
"""

import sys
from dataclasses import dataclass, replace

import numpy as np
from scipy.signal import lfilter

from benchmark.report.draws import samples
from benchmark.report.intervals import bootstrap_differences, bootstrap_intervals
from datasets.contract import TARGETS
from tests.benchmark.report.records import make_record

AUTOCORRELATION = 0.97  # of real annotations within a song
NODES, NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(40)
CONVENTIONS = ("", "_per_song")
N_POPULATION = 40_000  # songs whose mean per-song RMSE is taken for the truth


@dataclass(frozen=True)
class World:
    """Standard deviations of the parts of an error, in annotation units."""

    song: float = 0.25
    model_and_song: float = 0.08
    repetition: float = 0.02
    song_and_repetition: float = 0.04
    swing: float = 0.09
    bias: float = 0.05  # of the second model
    n_songs: int = 58
    n_repetitions: int = 5


def lengths(rng, n_songs):
    """Draw frames per song, 68 to 1224, most of them near 400 as in MediaEval 2015."""
    return np.clip(rng.lognormal(np.log(400), 0.5, n_songs), 68, 1224).astype(int)


def swings(rng, n_frames, world):
    """Draw the errors within songs, (S, T), and which frames are real."""
    steps = rng.normal(0, world.swing * np.sqrt(1 - AUTOCORRELATION**2),
                       (len(n_frames), n_frames.max()))  # fmt: skip
    steps[:, 0] = rng.normal(0, world.swing, len(n_frames))
    is_real = np.arange(n_frames.max()) < n_frames[:, None]
    return lfilter([1], [1, -AUTOCORRELATION], steps, axis=1) * is_real, is_real


def study(rng, world):
    """Make two models' records and, for the first target, the first model's frame errors."""
    n_frames = lengths(rng, world.n_songs)
    shape = (world.n_songs, world.n_repetitions)
    per_song = [{}, {}]
    for target in TARGETS:
        within, is_real = swings(rng, n_frames, world)
        means, squares = within.sum(1) / n_frames, (within**2).sum(1) / n_frames
        song = rng.normal(0, world.song, shape[0])
        for model, scores in enumerate(per_song):
            levels = (
                (song + rng.normal(0, world.model_and_song, shape[0]))[:, None]
                + rng.normal(0, world.repetition, shape[1])
                + rng.normal(0, world.song_and_repetition, shape)
                + model * world.bias
            )
            rmse = np.sqrt(levels**2 + 2 * levels * means[:, None] + squares[:, None])
            scores[f"rmse_{target}"] = rmse
            if target == TARGETS[0] and model == 0:
                frames = (levels[:, 0, None] + within)[is_real]
    return [_cells(n_frames, scores) for scores in per_song], frames


def _cells(n_frames, scores):
    """Return one record a repetition."""
    songs = [str(index) for index in range(len(n_frames))]
    n_repetitions = next(iter(scores.values())).shape[1]
    return [
        make_record(
            repetition=r + 1,
            per_song={"song_id": songs, "n_frames": n_frames.tolist()}
            | {name: values[:, r].tolist() for name, values in scores.items()},
        )
        for r in range(n_repetitions)
    ]


def truths(world):
    """Return "" and "_per_song" -> the expected error of both models."""
    variance = sum(
        sd**2 for sd in (world.song, world.model_and_song, world.song_and_repetition, world.swing)
    )
    pooled = [
        float(
            np.sqrt((world.repetition * NODES + model * world.bias) ** 2 + variance)
            @ NODE_WEIGHTS
            / NODE_WEIGHTS.sum()
        )
        for model in (0, 1)
    ]
    rng = np.random.default_rng(0)
    sd = np.sqrt(variance - world.swing**2 + world.repetition**2)
    per_song = np.zeros(2)
    for _ in range(N_POPULATION // 2000):
        n_frames = lengths(rng, 2000)
        within, _ = swings(rng, n_frames, world)
        means, squares = within.sum(1) / n_frames, (within**2).sum(1) / n_frames
        for model in (0, 1):
            levels = rng.normal(0, sd, 2000) + model * world.bias
            per_song[model] += np.sqrt(levels**2 + 2 * levels * means + squares).mean()
    return {"": pooled, "_per_song": (per_song / (N_POPULATION // 2000)).tolist()}


def frame_interval(errors):
    """Return the naive interval: a bootstrap of single frames, in its limit of many draws."""
    rmse = np.sqrt(np.mean(errors**2))
    reach = 1.96 * np.std(errors**2) / np.sqrt(len(errors)) / (2 * rmse)
    return rmse - reach, rmse + reach


def coverage(world, n_studies, seed=1):
    """Return the share of studies whose intervals hold the truth, by kind of interval."""
    rng, truth = np.random.default_rng(seed), truths(world)
    hits = {}
    for _ in range(n_studies):
        (ours, theirs), frames = study(rng, world)
        found = bootstrap_intervals(samples(ours)), bootstrap_differences(theirs, ours)
        held = {"frames as if independent": (frame_interval(frames), truth[""][0])}
        for suffix in CONVENTIONS:
            one, other = truth[suffix]
            name = "per song" if suffix else "pooled"
            held[f"error, {name}"] = found[0][f"rmse_valence{suffix}"], one
            held[f"difference, {name}"] = found[1][f"rmse_valence{suffix}"], other - one
        for name, ((low, high), value) in held.items():
            hits.setdefault(name, []).append(low <= value <= high)
    return {name: float(np.mean(values)) for name, values in hits.items()}


if __name__ == "__main__":
    usual = World()
    worlds = {
        "58 songs, 5 repetitions": usual,
        "repetitions differ much": replace(usual, repetition=0.1),
        "repetitions are alike": replace(usual, repetition=0.0, song_and_repetition=0.0),
        "models much alike": replace(usual, model_and_song=0.02, bias=0.0),
        "2 repetitions": replace(usual, n_repetitions=2),
        "1 repetition, no effect of it": replace(usual, n_repetitions=1, repetition=0.0),
        "20 repetitions": replace(usual, n_repetitions=20),
        "16 songs": replace(usual, n_songs=16),
    }
    for name, world in worlds.items():
        shares = coverage(world, int(sys.argv[1]))
        shown = ", ".join(f"{kind} {100 * share:.1f} %" for kind, share in shares.items())
        sys.stdout.write(f"{name}: {shown}\n")
        sys.stdout.flush()
