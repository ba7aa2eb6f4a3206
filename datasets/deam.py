"""DEAM as a whole: all excerpts to learn from, the 58 full songs of 2015 to be scored on.

Source  A. Aljanaki, Y.-H. Yang, M. Soleymani, "Developing a benchmark for emotional analysis of
        music", PLoS ONE 12(3), 2017
Split   1744 excerpts of 45 s, annotated from second 15; ids 2001-2058 are the evaluation songs of
        MediaEval 2015. `development` and `evaluation` name other ids, for a split of your own.
"""

from dataclasses import field
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator
from pydantic.dataclasses import dataclass

from datasets.contract import DatasetError, Split
from datasets.deam_files import read_dynamic_annotations, require_root
from datasets.mediaeval2015 import EVALUATION_IDS, Families, make_split
from datasets.registry import ADDED_LATER


def _as_tuple(value: object) -> object:
    """Take one song id by itself, as people write it."""
    return (value,) if isinstance(value, str | int) else value


SongIds = Annotated[tuple[int, ...], BeforeValidator(_as_tuple)]


@dataclass(frozen=True)
class DeamOptions:
    """Song ids of both sides, and what keeps songs together (see `mediaeval2015`).

    Without ids: all excerpts, and the evaluation songs of 2015.
    """

    development: SongIds = ()
    evaluation: SongIds = ()
    families: Families = field(default="none", metadata=ADDED_LATER)


def load(options: DeamOptions, features: str, data_root: Path | None) -> Split:
    """Read both sides from the data folder."""
    root = require_root(data_root)
    labels = read_dynamic_annotations(root)
    evaluation = options.evaluation or tuple(EVALUATION_IDS)
    kept_out = {*evaluation, *EVALUATION_IDS}
    development = options.development or tuple(
        song_id for song_id in labels if song_id not in kept_out
    )
    unknown = [song_id for song_id in (*development, *evaluation) if song_id not in labels]
    if unknown:
        raise DatasetError(
            f"DEAM in {root} has no annotations of song {unknown[0]}; give ids of its"
            f" {len(labels):,} songs to deam.development and deam.evaluation."
        )
    return make_split(root, features, labels, development, evaluation, options.families)
