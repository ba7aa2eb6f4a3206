"""What the `data` command knows of a dataset: its files, where they lie and how to get them.

A row of `datasets/registry.py` names one; datasets without files of their own name none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from datasets.archives import Archive
from datasets.contract import DatasetError

Check = Callable[[], object]  # raises DatasetError where something is wrong


@dataclass(frozen=True)
class Piece:
    """One component of the data: what it is for, how many files of it are here, how to get it."""

    name: str
    summary: str
    n_files: int
    how_to_get: str
    n_expected: int | None = None  # files; None: not known
    is_program: bool = False  # needed to work with the data, and no part of it

    @property
    def is_complete(self) -> bool:
        """Tell whether all of it is here, as far as is known."""
        return self.n_files >= (self.n_expected or 1)


@dataclass(frozen=True, kw_only=True)
class DataFiles:
    """One dataset's files; every function takes the data folder.

    `place` says where below the data folder a file of someone's copy belongs, given its path in
    that copy, and None of what is not of the dataset. `tidy` gets the folder in which an import
    is staged and the data folder, and removes what is staged for nothing.
    """

    name: str  # "DEAM"
    option: str = ""  # " --dataset vgmidi": what a command needs to mean it
    how_to_get: str  # one line
    recordings: Callable[[Path], list[Path]]  # to extract features from
    kept_in: str = ""  # the folder of its features among all that are extracted
    pieces: Callable[[Path], list[Piece]]
    checks: Callable[[Path], list[Check]]
    place: Callable[[PurePosixPath], Path | None] | None = None  # None: nothing to import
    contents: str = ""  # what an import looks for, in words
    tidy: Callable[[Path, Path], None] = lambda staging, data_root: None
    archives: Mapping[str, Archive] = field(default_factory=dict)  # what can be downloaded
    first_archives: tuple[str, ...] = ()  # downloaded if none is named
    licence: str = ""  # printed before a download

    def present_recordings(self, data_root: Path) -> list[Path]:
        """Return the recordings, or say how to get those that are not there."""
        recordings = self.recordings(data_root)
        missing = [path for path in recordings if not path.is_file()]
        if missing:
            raise DatasetError(
                f"{len(missing):,} of {len(recordings):,} recordings of {self.name} are missing,"
                f" first {missing[0]}. {self.how_to_get}"
            )
        return recordings
