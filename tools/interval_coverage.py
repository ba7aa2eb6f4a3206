"""How often a 95 % interval holds the truth: whole studies made up, their truth known.

    python -m tools.interval_coverage 2000 ["part of a world's name"]

A model's error at a frame is a level of the song (shared by all models), one of model and song, one
of the repetition (shared by all songs) and one of song and repetition, and a swing within the song
whose lag-1 autocorrelation is .97. Songs have 68 to 1224 frames. In worlds with families, the songs
of a family share a level, and one for each model; how many songs a family has is drawn from the
sizes given. There the intervals that take songs for independent are shown beside. In worlds with
heavy tails a song's level is Student's t with three degrees of freedom, lengths are Pareto's, and
long songs err more; `clip` bounds the level of an error, as ratings on [-1, 1] bound it.
"""

import sys
from dataclasses import dataclass, replace

import numpy as np
from scipy.signal import lfilter

from benchmark.analysis.intervals import bootstrap_intervals
from benchmark.analysis.permutation import sign_flip
from benchmark.analysis.resamples import FEWEST
from benchmark.analysis.samples import errors_by_song, samples
from benchmark.analysis.units import unit_sums
from datasets.contract import TARGETS
from tests.benchmark.analysis.differences import bootstrap_differences
from tests.made_up_records import make_record

AUTOCORRELATION = 0.97  # of real annotations within a song
NODES, NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(40)
CONVENTIONS = ("", "_per_song")
ALONE = ", songs as if independent"
N_POPULATION = 40_000  # songs whose mean per-song RMSE is taken for the truth
EVALUATION_GAMES = (10, 9, 7, 7, 4, 3, 3, 1, 1)  # pieces of VGMIDI's evaluation games
ALL_GAMES = (
    40, 21, 11, 10, 9, 9, 9, 9, 8, 7, 7, 7, 7, 7, 6, 5, 5, 4, 3, 3, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1,
)  # fmt: skip


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
    family: float = 0.0
    model_and_family: float = 0.0
    sizes: tuple[int, ...] = ()  # of families; as many families as sizes. (): no families
    has_heavy_tails: bool = False  # songs' levels and lengths
    by_length: float = 0.0  # a song's level grows with so high a power of its length
    clip: float = np.inf


def lengths(rng, n_songs, world):
    """Draw frames per song, 68 to 1224, most of them near 400 as in MediaEval 2015."""
    if world.has_heavy_tails:
        return np.minimum(68 * (1 + rng.pareto(1, n_songs)), 1224).astype(int)
    return np.clip(rng.lognormal(np.log(400), 0.5, n_songs), 68, 1224).astype(int)


def song_levels(rng, n_frames, world):
    """Draw the level that a song has for all models: (S,)."""
    n_songs = len(n_frames)
    if world.has_heavy_tails:  # the variance of Student's t with 3 degrees of freedom is 3
        levels = world.song * rng.standard_t(3, n_songs) / np.sqrt(3)
    else:
        levels = rng.normal(0, world.song, n_songs)
    return levels * (n_frames / 400) ** world.by_length


def families(rng, world):
    """Return the family of every song: each family's size is drawn from the world's sizes."""
    sizes = rng.choice(world.sizes, len(world.sizes))
    return np.repeat(np.arange(len(sizes)), sizes)


def shared(rng, sd, family_S):
    """Draw one level a family, and give it to all its songs: (S,)."""
    return rng.normal(0, sd, family_S.max() + 1)[family_S]


def swings(rng, n_frames, world):
    """Draw the errors within songs, (S, T), and which frames are real."""
    steps = rng.normal(0, world.swing * np.sqrt(1 - AUTOCORRELATION**2),
                       (len(n_frames), n_frames.max()))  # fmt: skip
    steps[:, 0] = rng.normal(0, world.swing, len(n_frames))
    is_real = np.arange(n_frames.max()) < n_frames[:, None]
    return lfilter([1], [1, -AUTOCORRELATION], steps, axis=1) * is_real, is_real


def study(rng, world):
    """Make two models' records and, for the first target, the first model's frame errors."""
    family_S = families(rng, world) if world.sizes else None
    n_frames = lengths(rng, world.n_songs if family_S is None else len(family_S), world)
    shape = (len(n_frames), world.n_repetitions)
    per_song = [{}, {}]
    for target in TARGETS:
        within, is_real = swings(rng, n_frames, world)
        means, squares = within.sum(1) / n_frames, (within**2).sum(1) / n_frames
        song = song_levels(rng, n_frames, world)
        if family_S is not None:
            song += shared(rng, world.family, family_S)
        for model, scores in enumerate(per_song):
            own = song + rng.normal(0, world.model_and_song, shape[0])
            if family_S is not None:
                own += shared(rng, world.model_and_family, family_S)
            levels = (
                own[:, None]
                + rng.normal(0, world.repetition, shape[1])
                + rng.normal(0, world.song_and_repetition, shape)
                + model * world.bias
            ).clip(-world.clip, world.clip)
            rmse = np.sqrt(levels**2 + 2 * levels * means[:, None] + squares[:, None])
            scores[f"rmse_{target}"] = rmse
            if target == TARGETS[0] and model == 0:
                frames = (levels[:, 0, None] + within)[is_real]
    return [_cells(n_frames, scores, family_S) for scores in per_song], frames


def _cells(n_frames, scores, family_S):
    """Return one record a repetition."""
    songs = [str(index) for index in range(len(n_frames))]
    family = {} if family_S is None else {"family": [f"family {one}" for one in family_S]}
    n_repetitions = next(iter(scores.values())).shape[1]
    return [
        make_record(
            repetition=r + 1,
            per_song={"song_id": songs, "n_frames": n_frames.tolist(), **family}
            | {name: values[:, r].tolist() for name, values in scores.items()},
        )
        for r in range(n_repetitions)
    ]


def truths(world):
    """Return "" and "_per_song" -> the expected error of both models."""
    rng, n = np.random.default_rng(0), 200_000
    n_frames, per_song = lengths(rng, n, world), np.zeros(2)
    others = (
        world.model_and_song, world.song_and_repetition, world.family, world.model_and_family,
    )  # fmt: skip
    own = song_levels(rng, n_frames, world) + rng.normal(0, np.sqrt(np.square(others).sum()), n)
    own_squares = world.song**2 * (n_frames / 400) ** (2 * world.by_length)
    own_squares = own_squares + np.square(others).sum()

    def pooled(level):
        """Return the root of the mean square over frames of a repetition that is so far off."""
        if world.clip == np.inf:
            squares = own_squares + level**2
        else:
            squares = np.clip(own + level, -world.clip, world.clip) ** 2
        return np.sqrt((n_frames * squares).sum() / n_frames.sum() + world.swing**2)

    roots = [
        sum(w * pooled(world.repetition * node + model * world.bias)
            for node, w in zip(NODES, NODE_WEIGHTS, strict=True)) / NODE_WEIGHTS.sum()
        for model in (0, 1)
    ]  # fmt: skip
    for _ in range(N_POPULATION // 2000):
        n_frames = lengths(rng, 2000, world)
        within, _ = swings(rng, n_frames, world)
        means, squares = within.sum(1) / n_frames, (within**2).sum(1) / n_frames
        sd = np.sqrt(np.square(others).sum() + world.repetition**2)
        for model in (0, 1):
            levels = song_levels(rng, n_frames, world) + rng.normal(0, sd, 2000)
            levels = (levels + model * world.bias).clip(-world.clip, world.clip)
            per_song[model] += np.sqrt(levels**2 + 2 * levels * means + squares).mean()
    return {"": roots, "_per_song": (per_song / (N_POPULATION // 2000)).tolist()}


def frame_interval(errors):
    """Return the naive interval: a bootstrap of single frames, in its limit of many draws."""
    rmse = np.sqrt(np.mean(errors**2))
    reach = 1.96 * np.std(errors**2) / np.sqrt(len(errors)) / (2 * rmse)
    return rmse - reach, rmse + reach


def without_families(cells):
    """Return the records as if their songs had no families."""
    return [
        replace(cell, per_song={k: v for k, v in cell.per_song.items() if k != "family"})
        for cell in cells
    ]


def both_intervals(ours, theirs, truth, stream, beside=""):
    """Return kind of interval -> its ends and the true value, of an error and a difference."""
    error = bootstrap_intervals(samples(ours), stream, FEWEST)
    difference = bootstrap_differences(theirs, ours, stream, FEWEST)
    found = {}
    for suffix in CONVENTIONS:
        one, other = truth[suffix]
        name = ("per song" if suffix else "pooled") + beside
        found[f"error, {name}"] = error[f"rmse_valence{suffix}"], one
        found[f"difference, {name}"] = difference[f"rmse_valence{suffix}"], other - one
    return found


def p_value(ours, theirs):
    """Return the sign-flip test of the average RMSE, as contrasts have it."""
    both = [
        np.mean([errors_by_song(cells, target).mean(axis=0) for target in TARGETS], axis=0)
        for cells in (ours, theirs)
    ]
    return sign_flip(unit_sums(ours[0], (both[0] - both[1])[None])[0])


def coverage(world, n_studies, seed=1):
    """Return the share of studies whose intervals hold the truth, by kind of interval.

    In a world of equal models also the share whose p is below .05.
    """
    rng, truth = np.random.default_rng(seed), truths(world)
    hits = {}
    for number in range(n_studies):
        (ours, theirs), frames = study(rng, world)
        held = both_intervals(ours, theirs, truth, str(number))
        sides = {"": (ours, theirs)}
        if world.sizes:
            sides[ALONE] = without_families(ours), without_families(theirs)
            held |= both_intervals(*sides[ALONE], truth, str(number), ALONE)
        held["frames as if independent"] = frame_interval(frames), truth[""][0]
        for name, ((low, high), value) in held.items():
            hits.setdefault(name, []).append(low <= value <= high)
        if world.bias == 0:
            for beside, pair in sides.items():
                hits.setdefault(f"p < .05{beside}", []).append(p_value(*pair) < 0.05)
    return {name: float(np.mean(values)) for name, values in hits.items()}


if __name__ == "__main__":
    usual = World()
    games = replace(  # families explain a sixth of the variance, as VGMIDI's games do of its labels
        usual, song=0.23, family=0.1, model_and_song=0.074, model_and_family=0.03,
        sizes=EVALUATION_GAMES,
    )  # fmt: skip
    heavy = replace(usual, has_heavy_tails=True, by_length=0.2)
    half = replace(games, song=0.177, family=0.177, model_and_song=0.057, model_and_family=0.057)
    worlds = {
        "58 songs, 5 repetitions": usual,
        "repetitions differ much": replace(usual, repetition=0.1),
        "repetitions are alike": replace(usual, repetition=0.0, song_and_repetition=0.0),
        "models much alike": replace(usual, model_and_song=0.02, bias=0.0),
        "2 repetitions": replace(usual, n_repetitions=2),
        "1 repetition, no effect of it": replace(usual, n_repetitions=1, repetition=0.0),
        "20 repetitions": replace(usual, n_repetitions=20),
        "16 songs": replace(usual, n_songs=16),
        "heavy tails": heavy,
        "heavy tails, errors at most .8": replace(heavy, clip=0.8),
        "9 games, 45 songs": games,
        "9 games, equal models": replace(games, bias=0.0),
        "9 games, half of the variance": half,
        "9 games, half of the variance, equal models": replace(half, bias=0.0),
        "9 games that share nothing": replace(usual, sizes=EVALUATION_GAMES),
        "30 games, 200 songs": replace(games, sizes=ALL_GAMES),
        "30 games, equal models": replace(games, sizes=ALL_GAMES, bias=0.0),
        "30 games, half of the variance": replace(half, sizes=ALL_GAMES),
        "30 games, half of the variance, equal models": replace(half, sizes=ALL_GAMES, bias=0.0),
    }
    for name, world in worlds.items():
        if len(sys.argv) > 2 and sys.argv[2] not in name:
            continue
        shares = coverage(world, int(sys.argv[1]))
        shown = ", ".join(f"{kind} {100 * share:.1f} %" for kind, share in shares.items())
        sys.stdout.write(f"{name}: {shown}\n")
        sys.stdout.flush()
