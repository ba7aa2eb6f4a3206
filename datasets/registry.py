"""All datasets, one row each. Targets are text, so listing them reads no data."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from datasets.contract import Split
from datasets.features.registry import from_audio
from datasets.files import DataFiles

# Metadata of an option that came when there were records already: those made with its default do
# not name it, and stay as they were. All other options are recorded whatever their value.
ADDED_LATER = {"is_recorded_at_default": False}


@dataclass(frozen=True, kw_only=True)
class DatasetEntry:
    """One row: how to load a dataset, and what to say about it.

    `load`, `options` and `files` are "module:name" or the objects themselves. The loader is called
    as load(options, features, data_root) and returns a `Split`; `options` is a frozen dataclass;
    `files` is what the `data` command knows of the dataset.
    """

    load: str | Callable[[Any, str, Path | None], Split]
    options: str | type | None = None
    summary: str
    feature_sets: tuple[str, ...]  # the first one is the default
    files: str | DataFiles | None = None  # None: nothing on disk
    has_audio: bool = False  # of every song: any feature set that is made from audio will do
    needs_data_root: bool = False
    caveat: str = ""  # printed beside every number, where the numbers need one

    @property
    def every_feature_set(self) -> tuple[str, ...]:
        """Return its feature sets, those of a user's own included where it has audio."""
        others = [name for name in from_audio() if name not in self.feature_sets]
        return (*self.feature_sets, *(others if self.has_audio else []))

    def resolve(self, what: object) -> Any:
        """Import what a "module:name" text names; anything else is returned as it is."""
        return resolve_name(what) if isinstance(what, str) else what


DATASETS: dict[str, DatasetEntry] = {
    "synthetic": DatasetEntry(
        load="datasets.synthetic:load",
        options="datasets.synthetic:SyntheticOptions",
        summary="songs with a known answer, made in seconds; size=small (96+16) or full (431+58)",
        feature_sets=("baseline", "logmel"),
        caveat="numbers say nothing about music",
    ),
    "mediaeval2015": DatasetEntry(
        load="datasets.mediaeval2015:load",
        options="datasets.mediaeval2015:MediaEval2015Options",
        summary="the paper's task: 431 excerpts, 58 full songs; labels=deam or mediaeval2015",
        feature_sets=("baseline", "logmel", "logmel32", "song_means"),
        files="datasets.deam_inventory:FILES",
        has_audio=True,
        needs_data_root=True,
    ),
    "deam": DatasetEntry(
        load="datasets.deam:load",
        options="datasets.deam:DeamOptions",
        summary="all 1744 excerpts against the same 58 songs, or a split of your own by ids",
        feature_sets=("baseline", "logmel", "logmel32", "song_means"),
        files="datasets.deam_inventory:FILES",
        has_audio=True,
        needs_data_root=True,
    ),
    "vgmidi": DatasetEntry(
        load="datasets.vgmidi:load",
        options="datasets.vgmidi:VGMIDIOptions",
        summary="200 rendered piano pieces of 30 games, rated by 30 people each, split by game",
        feature_sets=("baseline", "logmel", "logmel32"),
        files="datasets.vgmidi_inventory:FILES",
        has_audio=True,
        needs_data_root=True,
        caveat="rendered piano of video games",
    ),
    "folder": DatasetEntry(
        load="datasets.folder:load",
        options="datasets.folder:FolderOptions",
        summary="your own recordings and annotations.csv: song, valence, arousal, perhaps time",
        feature_sets=("logmel", "baseline", "logmel32"),
        files="datasets.folder_inventory:FILES",
        has_audio=True,
        needs_data_root=True,
    ),
}
