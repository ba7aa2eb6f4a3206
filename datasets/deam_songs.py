"""What DEAM says of whole songs: static ratings and metadata, with their traps mended.

Static    ratings of a whole excerpt on a scale of 1 to 9. The headers carry stray blanks, and for
          ids up to 1000 the columns of valence and arousal are interchanged: song means of the
          dynamic annotations agree with the other column.
Metadata  one file a year: three column orders, tabs inside quotes, genres that run on into
          columns without a name
Artists   names differ in case, "&" (also as HTML), "and" and guests ("feat. ..."); a band called
          "Listen With Sarah" or "Fred and Toody" is itself
"""

import html
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from datasets.contract import TARGETS, DatasetError
from datasets.deam_files import ANNOTATIONS, HOW_TO_GET, read_table
from datasets.splits import family_key

STATIC = ANNOTATIONS.parent / "song_level"
STATIC_FILES = (
    "static_annotations_averaged_songs_1_2000.csv",
    "static_annotations_averaged_songs_2000_2058.csv",
)
LAST_INTERCHANGED_ID = 1000
LOWEST_RATING, HIGHEST_RATING = 1.0, 9.0
METADATA = Path("DEAM", "metadata")
METADATA_FILES = tuple(f"metadata_{year}.csv" for year in (2013, 2014, 2015))
WORDS = ("title", "artist", "album", "genre")
GUESTS = re.compile(r"[(\[]?\b(?:feat|ft|featuring)\b|\sw/")
METADATA_ADVICE = "Get it with `python -m benchmark data download metadata --data-root DATA`."


def read_static_file(path: Path) -> pd.DataFrame:
    """Return valence and arousal per song_id on the scale 1 to 9, columns put right."""
    table = read_table(path, HOW_TO_GET)
    table.columns = [str(name).replace(" ", "") for name in table.columns]
    wanted = ["song_id", *(f"{target}_mean" for target in TARGETS)]
    if not {*wanted} <= {*table.columns}:
        raise DatasetError(
            f"File {path} is damaged: expected columns {', '.join(wanted)},"
            f" got {', '.join(table.columns[:4])}. {HOW_TO_GET}"
        )
    kept = table[wanted].apply(pd.to_numeric, errors="coerce")
    ratings = kept.iloc[:, 1:].to_numpy(np.float64, copy=True)
    in_range = (ratings >= LOWEST_RATING) & (ratings <= HIGHEST_RATING)  # NaN is not
    if not in_range.all() or kept["song_id"].isna().any() or kept["song_id"].duplicated().any():
        raise DatasetError(
            f"File {path} is damaged: ratings outside {LOWEST_RATING:.0f} to"
            f" {HIGHEST_RATING:.0f}, text among the numbers, or a song twice. {HOW_TO_GET}"
        )
    interchanged = kept["song_id"].to_numpy() <= LAST_INTERCHANGED_ID
    ratings[interchanged] = ratings[interchanged, ::-1]
    ids = kept["song_id"].astype(int).rename("song_id")
    return pd.DataFrame(ratings, index=pd.Index(ids), columns=list(TARGETS))


def read_metadata(data_root: Path) -> pd.DataFrame:
    """Return title, artist, album and genre per song_id, whatever the year's column order."""
    parts = [read_metadata_file(data_root / METADATA / name) for name in METADATA_FILES]
    return pd.concat(parts).sort_index()


def read_metadata_file(path: Path) -> pd.DataFrame:
    """Read one year; only columns with a name count, so genres that run on are dropped."""
    table = read_table(path, METADATA_ADVICE, dtype=str)
    table.columns = [str(name).strip().lower() for name in table.columns]
    missing = [name for name in ("song_id", *WORDS) if name not in table.columns]
    ids = pd.to_numeric(table.get("song_id", pd.Series(dtype=str)), errors="coerce")
    if missing or ids.isna().any() or ids.duplicated().any():
        what = f"no column {missing[0]!r}" if missing else "a song without an id, or one twice"
        raise DatasetError(f"File {path} is damaged: {what}. {METADATA_ADVICE}")
    words: pd.DataFrame = (
        table[list(WORDS)].fillna("").apply(lambda column: column.str.split().str.join(" "))
    )
    words.index = pd.Index(ids.astype(int), name="song_id")
    return words


def artist_families(data_root: Path, song_ids: Iterable[int]) -> dict[int, str]:
    """Return the family of every song: its artist, or the song itself where none is named."""
    artists = read_metadata(data_root)["artist"].to_dict()
    return {
        song_id: artist_key(str(artists.get(song_id, ""))) or f"song {song_id}"
        for song_id in song_ids
    }


def artist_key(name: str) -> str:
    """Return what different ways of writing an artist have in common; guests are left out."""
    written = family_key(html.unescape(name)).replace("&", " and ")
    lead = GUESTS.split(written, maxsplit=1)[0]
    return " ".join((lead.strip() or written).split())
