"""Floor rows on VGMIDI under fixed folds, for comparison with numbers computed elsewhere.

    python -m tools.vgmidi_reference DATA

DATA holds VGMIDI and its extracted features `baseline`; the folds by game are those of
`folds_by_game.csv` beside the annotations, the folds by piece five random ones. Printed: RMSE
pooled / mean per piece, and for `context` what is left within pieces when each piece's true mean is
known, with features where they belong and moved by half a piece.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmark.evaluate.scores import summary_scores
from benchmark.plan.seeds import derive
from datasets.contract import TARGETS
from datasets.splits import song_folds
from datasets.vgmidi import VGMIDIOptions, load
from datasets.vgmidi_files import FOLDER
from models.baselines import Constant, Linear, LinearConfig
from models.context import Context, ContextConfig

N_FOLDS = 5


class Seeds:
    """Stands where the harness lends its trainer: floor rows ask for seeds alone."""

    def seed(self, name):
        """Return the seed of the random choice called `name`."""
        return derive(2017, name)


def floors(n_features):
    """Return the floor rows, unfitted."""
    return {
        "constant": Constant(n_features=n_features),
        "ridge, one frame": Linear(n_features=n_features, config=LinearConfig()),
        "ridge, frame + context": Context(n_features=n_features, config=ContextConfig()),
    }


def folds_of(split, root):
    """Return "by piece" and "by game" -> songs in folds."""
    table = pd.read_csv(root / FOLDER / "folds_by_game.csv")
    fold_of = dict(zip(table["piece"], table["fold"], strict=True))
    alone = [replace(song, family="") for song in split.songs]
    return {
        "by piece": song_folds(alone, N_FOLDS, seed=2017),
        "by game": [
            [song for song in split.songs if fold_of[song.song_id] == fold]
            for fold in sorted(set(fold_of.values()))
        ],
    }


def out_of_fold(folds, n_features):
    """Return name -> predictions of every song by models that never saw its fold."""
    predicted = {name: [] for name in [*floors(n_features), "features moved by half a piece"]}
    for fold in folds:
        rest = [song for other in folds if other is not fold for song in other]
        for name, model in floors(n_features).items():
            model.fit(rest, Seeds())
            predicted[name] += model.predict(fold)
        predicted["features moved by half a piece"] += model.predict([moved(song) for song in fold])
    return predicted


def moved(song):
    """Return the song with its features rotated by half its length."""
    return replace(song, features=np.roll(song.features, song.n_frames // 2, axis=0))


def within(annotations, predicted):
    """Return, per target, the RMSE of the piece mean, of predictions around it, and their r."""
    swings = [np.concatenate([one - one.mean(axis=0) for one in side])
              for side in (annotations, predicted)]  # fmt: skip
    own, ours = swings
    errors = np.sqrt(np.mean((own - ours) ** 2, axis=0))
    r = [np.corrcoef(own[:, k], ours[:, k])[0, 1] for k in range(len(TARGETS))]
    return np.sqrt(np.mean(own**2, axis=0)), errors, r


def main(root):
    """Print both tables."""
    split = load(VGMIDIOptions(), "baseline", root)
    lines = ["| folds | model | arousal | valence | average |", "|---|---|---|---|---|"]
    for kind, folds in folds_of(split, root).items():
        annotations = [song.annotations for fold in folds for song in fold]
        predicted = out_of_fold(folds, split.n_features)
        for name in floors(split.n_features):
            scores = summary_scores(annotations, predicted[name])
            cells = [f"{scores[f'rmse_{target}']:.3f} / {scores[f'rmse_{target}_per_song']:.3f}"
                     for target in ("arousal", "valence", "average")]  # fmt: skip
            lines.append(f"| {kind} | {name} | {' | '.join(cells)} |")
        for name in ("ridge, frame + context", "features moved by half a piece"):
            mean, errors, r = within(annotations, predicted[name])
            for k, target in enumerate(TARGETS):
                lines.append(f"{kind}, {name}, {target} within pieces: piece mean {mean[k]:.3f},"
                             f" with it {errors[k]:.3f}, r {r[k]:.2f}")  # fmt: skip
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
