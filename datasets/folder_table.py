"""Read a user's CSV of annotations, and name the row that is wrong.

File     UTF-8, separated by commas; row 1 names the columns, in any order
Columns  `song` (the name of a recording, with or without its suffix), `valence`, `arousal`; where
         they apply `time` (seconds from the start of the recording), `family` and `split`
         (development or evaluation). Others are not used
Blank    an empty cell, `nan` or `NA` is no rating, family or side; a family or side is written in
         one row of a song or in all
Family   written in several ways (case, blanks, encoding of accents) it is one; the first counts
Axes     N rows of one song, 2 targets
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import StringIO
from math import isfinite, nan
from pathlib import Path
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

from datasets import midi
from datasets.audio import SUFFIXES
from datasets.contract import TARGETS, DatasetError
from datasets.splits import family_key

REQUIRED = ("song", *TARGETS)
OPTIONAL = ("time", "family", "split")
COLUMNS = f"{', '.join(REQUIRED)}, and where they apply {', '.join(OPTIONAL)}"
SIDES = ("development", "evaluation")
BLANK = ("", "nan", "na")
LONGEST_SECONDS = 24 * 3600  # no recording lasts longer
RECORDINGS = (*SUFFIXES, *midi.SUFFIXES)


@dataclass(frozen=True, eq=False)
class RatedSong:
    """One song's rows of the file, in their order; its ratings are as given, NaN where blank."""

    name: str  # of the recording, without its suffix
    rows: list[int]  # their numbers in the file, N
    ratings_N2: NDArray[np.float64]
    times: NDArray[np.float64] | None  # (N,), increasing; None: one row, for the whole song
    family: str  # "": none is given
    side: str  # "": the file has no column split


@dataclass(frozen=True)
class Table:
    """A file of annotations: its songs by name, and the columns that are not used."""

    path: Path
    songs: tuple[RatedSong, ...]
    unused: tuple[str, ...]

    @property
    def has_families(self) -> bool:
        """Tell whether any song names a family."""
        return any(song.family for song in self.songs)

    @property
    def has_sides(self) -> bool:
        """Tell whether the file says which songs are evaluation songs."""
        return any(song.side for song in self.songs)


def song_name(text: str) -> str:
    """Return a recording's name without its suffix; "Intro no. 2" has none.

    Letters with accents have two encodings, and file systems differ in which they keep.
    """
    name = normalize("NFC", text.strip())
    suffix = Path(name).suffix
    return name.removesuffix(suffix) if suffix.lower() in RECORDINGS else name


def read_table(path: Path) -> Table:
    """Read a file of annotations; the first thing that is wrong is an error with its row."""
    records = _records(path)
    try:
        _, header = next(records)
    except StopIteration:
        raise DatasetError(f"File {path} is empty. Row 1 names the columns: {COLUMNS}.") from None
    columns = _columns(path, header)
    songs: dict[str, _Rows] = {}
    spellings: dict[str, str] = {}
    for number, cells in records:
        row = _Row(path, number, columns, cells, len(header), spellings)
        songs.setdefault(row.song(), _Rows()).add(row)
    if not songs:
        raise DatasetError(f"File {path} has no rows below its header; write one row per rating.")
    unused = tuple(name for name in header if name and name.lower() not in columns)
    rated = tuple(songs[name].finished(name) for name in sorted(songs))
    without = next((song for song in rated if "split" in columns and not song.side), None)
    if without is not None:
        raise wrong(
            path, without.rows[0], f"no split of song {without.name}; write {' or '.join(SIDES)}."
        )
    return Table(path, rated, unused)


def wrong(path: Path, row: int, what: str) -> DatasetError:
    """Return the error of one row; the header is row 1."""
    return DatasetError(f"File {path}, row {row}: {what}")


def _records(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the cells of every row that is not blank."""
    reader = csv.reader(StringIO(_text(path), newline=""), strict=True)
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                yield reader.line_num, stripped
    except csv.Error as error:
        raise wrong(path, reader.line_num, f"{error}; save it as a CSV file anew.") from error


def _text(path: Path) -> str:
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "is missing"
        raise DatasetError(f"File {path} {what}. Write a CSV file with columns {COLUMNS}.")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DatasetError(f"File {path} cannot be read ({error.strerror}).") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        raise wrong(path, row, "no UTF-8 text; save the table as CSV in UTF-8.") from error
    if "\0" in text:
        raise DatasetError(f"File {path} is no UTF-8 text; save the table as CSV in UTF-8.")
    return text


def _columns(path: Path, header: Sequence[str]) -> dict[str, int]:
    names = [name.lower() for name in header]
    for separator, word in ((";", "semicolons"), ("\t", "tabs")):
        if len(names) == 1 and separator in names[0]:
            raise wrong(
                path, 1, f"columns are separated by {word}; write commas, and points in numbers."
            )
    for name in REQUIRED:
        if name not in names:
            raise wrong(
                path, 1, f"no column '{name}' among {', '.join(header)[:200]}. Columns: {COLUMNS}."
            )
    used = [name for name in names if name in (*REQUIRED, *OPTIONAL)]
    for name in used:
        if used.count(name) > 1:
            raise wrong(path, 1, f"column '{name}' is there twice; remove one.")
    return {name: names.index(name) for name in used}


@dataclass(frozen=True)
class _Row:
    """The cells of one row by column."""

    path: Path
    number: int
    columns: dict[str, int]
    cells: list[str]
    n_columns: int
    spellings: dict[str, str]  # of families: what they have in common -> the first one

    def __post_init__(self) -> None:
        """Refuse a row that is longer or shorter than the header."""
        if len(self.cells) != self.n_columns:
            raise self.wrong(
                f"{len(self.cells)} cells for the {self.n_columns} columns of row 1; write numbers"
                " with points, and quotes around text that holds a comma."
            )

    def wrong(self, what: str) -> DatasetError:
        """Return the error of this row."""
        return wrong(self.path, self.number, what)

    def text(self, column: str) -> str:
        """Return a cell, "" where the file has no such column."""
        return self.cells[self.columns[column]] if column in self.columns else ""

    def song(self) -> str:
        """Return the name of the row's song."""
        name = song_name(self.text("song"))
        if not name:
            raise self.wrong("no song; write the name of its recording.")
        return name

    def number_of(self, column: str) -> float:
        """Return a number, NaN where the cell is blank."""
        text = self.text(column)
        if text.lower() in BLANK:
            return nan
        try:
            number = float(text)
        except ValueError:
            number = nan
        if not isfinite(number):
            raise self.wrong(f"{column} '{text}' is no number such as 0.5.")
        return number

    def time(self) -> float:
        """Return when the rating was made, in seconds."""
        seconds = self.number_of("time")
        if not 0 <= seconds < LONGEST_SECONDS:  # NaN is not
            raise self.wrong(
                f"time '{self.text('time')}'; write seconds from the start of the recording."
            )
        return seconds

    def word(self, column: str) -> str:
        """Return a cell of text, "" where it is blank."""
        text = self.text(column)
        return "" if text.lower() in BLANK else text

    def family(self) -> str:
        """Return the family as it was spelt first, "" where the cell is blank."""
        family = self.word("family")
        return self.spellings.setdefault(family_key(family), family)

    def side(self) -> str:
        """Return the side of the split, "" where the cell is blank."""
        side = self.word("split").lower()
        if side and side not in SIDES:
            raise self.wrong(f"split '{self.text('split')}' is neither {' nor '.join(SIDES)}.")
        return side


@dataclass
class _Rows:
    """The rows of one song, as they are read."""

    numbers: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    ratings: list[tuple[float, ...]] = field(default_factory=list)
    words: dict[str, str] = field(default_factory=dict)  # column -> what a row before wrote

    def add(self, row: _Row) -> None:
        """Add a row; times must increase, and family and split stay the same."""
        if "time" in row.columns:
            self._add_time(row, row.time())
        elif self.numbers:
            raise row.wrong(
                f"song {row.song()} is in row {self.numbers[0]} already; without a column time"
                " a song has one row. Remove one, or add the times."
            )
        self.numbers.append(row.number)
        self.ratings.append(tuple(row.number_of(target) for target in TARGETS))
        for column, word in (("family", row.family()), ("split", row.side())):
            if word and self.words.setdefault(column, word) != word:
                raise row.wrong(
                    f"{column} '{word}' of song {row.song()} is '{self.words[column]}' in a row"
                    " above; write the same in all rows of a song."
                )

    def _add_time(self, row: _Row, seconds: float) -> None:
        """Add a time, which must lie after the one before."""
        if self.times and seconds <= self.times[-1]:
            problem = "is there twice" if seconds == self.times[-1] else "is out of order"
            raise row.wrong(
                f"time {seconds:g} of song {row.song()} {problem} (row {self.numbers[-1]} has"
                f" {self.times[-1]:g}); sort the rows of a song by time, one row a time."
            )
        self.times.append(seconds)

    def finished(self, name: str) -> RatedSong:
        """Return the song."""
        return RatedSong(
            name=name,
            rows=self.numbers,
            ratings_N2=np.array(self.ratings),
            times=np.array(self.times) if self.times else None,
            family=self.words.get("family", ""),
            side=self.words.get("split", ""),
        )
