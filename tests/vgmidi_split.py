"""Choose VGMIDI's evaluation games: whole games, their labels as like the rest's as can be.

    python -m tests.vgmidi_split DATA

Draws sets of games at random from a fixed seed; of those with 43 to 47 pieces, eight games or more
and no game of more than eleven pieces, it prints the one whose piece means differ least from the
rest's: in mean and deviation of both targets and their correlation, and in the deviation within
pieces and the logarithm of the length.
"""

import sys
from pathlib import Path

import numpy as np

from datasets.vgmidi import VGMIDIOptions, piece_songs
from datasets.vgmidi_files import read_pieces

N_DRAWS = 400_000
N_PIECES = (43, 47)
FEWEST_GAMES, LARGEST_GAME = 8, 11


def statistics(root):
    """Return per piece (game, means and their squares and product, deviation within, length)."""
    rows, games = [], []
    for piece, curves, _ in piece_songs(root, read_pieces(root), VGMIDIOptions()):
        labels = curves.mean()
        valence, arousal = labels.mean(axis=0)
        within = labels.std(axis=0).tolist()
        rows.append([valence, arousal, valence**2, arousal**2, valence * arousal, *within,
                     np.log(len(labels))])  # fmt: skip
        games.append(piece.game)
    return games, np.array(rows)


def imbalance(chosen, others):
    """Return the root mean square of standardised differences between two sets of pieces."""
    means = [side.mean(axis=0) for side in (chosen, others)]
    both = np.concatenate([chosen, others]).std(axis=0)
    return float(np.sqrt(np.mean(((means[0] - means[1]) / both) ** 2)))


def choose(games, rows, n_draws=N_DRAWS):
    """Return the best set of games and its imbalance."""
    names = sorted(set(games))
    sizes = np.array([games.count(name) for name in names])
    index = np.array([names.index(game) for game in games])
    small = np.flatnonzero(sizes <= LARGEST_GAME)
    rng, best, least = np.random.default_rng(2019), (), np.inf
    for _ in range(n_draws):
        count = rng.integers(FEWEST_GAMES, len(small))
        drawn = rng.choice(small, count, replace=False)
        if not N_PIECES[0] <= sizes[drawn].sum() <= N_PIECES[1]:
            continue
        is_chosen = np.isin(index, drawn)
        value = imbalance(rows[is_chosen], rows[~is_chosen])
        if value < least:
            best, least = tuple(sorted(names[k] for k in drawn)), value
    return best, least


if __name__ == "__main__":
    games, rows = statistics(Path(sys.argv[1]))
    best, least = choose(games, rows)
    sys.stdout.write(f"# imbalance {least:.3f}\ngame,pieces\n")
    for name in best:
        sys.stdout.write(f'"{name}",{games.count(name)}\n')
