"""DEAM's traps: blanks in headers, interchanged columns, genres that run on."""

import csv

import numpy as np
import pandas as pd
import pytest

from datasets.contract import DatasetError
from datasets.deam import DeamOptions
from datasets.deam import load as load_deam
from datasets.deam_files import read_dynamic_annotations
from datasets.deam_songs import (
    METADATA,
    METADATA_FILES,
    STATIC,
    STATIC_FILES,
    artist_families,
    artist_key,
    read_metadata,
    read_metadata_file,
    read_static_file,
)
from datasets.mediaeval2015 import MediaEval2015Options, development_ids
from datasets.mediaeval2015 import load as load_mediaeval2015


def test_static_ratings_agree_with_the_dynamic_ones_of_the_same_target(real_data):
    static = pd.concat([read_static_file(real_data / STATIC / name) for name in STATIC_FILES])
    dynamic = read_dynamic_annotations(real_data)
    assert list(static.columns) == ["valence", "arousal"]
    assert len(static) == 1802
    means = np.array([dynamic[song_id][1].mean(axis=0) for song_id in static.index])
    for first, last in ((1, 1000), (1001, 2000), (2001, 2058)):
        rows = (static.index >= first) & (static.index <= last)
        ratings = static.to_numpy()[rows]
        for target, other in ((0, 1), (1, 0)):
            own = np.corrcoef(means[rows, target], ratings[:, target])[0, 1]
            crossed = np.corrcoef(means[rows, target], ratings[:, other])[0, 1]
            assert own > 0.9 > 0.7 > crossed


def test_columns_are_interchanged_up_to_id_one_thousand_only(tmp_path):
    path = tmp_path / STATIC_FILES[0]
    path.write_text(
        "song_id, valence_mean, valence_std, arousal_mean\n1000,2,0.1,7\n1001,2,0.1,7\n"
    )
    table = read_static_file(path)
    assert table.loc[1000].to_dict() == {"valence": 7, "arousal": 2}
    assert table.loc[1001].to_dict() == {"valence": 2, "arousal": 7}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("song_id;valence_mean;arousal_mean\n1;2;3\n", "expected columns song_id, valence_mean"),
        ("song_id,valence_mean,arousal_mean\n1,2,12\n", "ratings outside 1 to 9"),
        ("song_id,valence_mean,arousal_mean\n1,2,\n", "text among the numbers"),
        ("song_id,valence_mean,arousal_mean\n1,2,3\n1,2,3\n", "a song twice"),
    ],
)
def test_a_damaged_file_of_ratings_is_named(tmp_path, content, message):
    (tmp_path / "static.csv").write_text(content)
    with pytest.raises(DatasetError, match=rf"static.csv is damaged: .*{message}"):
        read_static_file(tmp_path / "static.csv")


def test_every_song_has_its_title_whatever_the_year_s_columns(real_data):
    metadata = read_metadata(real_data)
    assert len(metadata) == 1802
    assert metadata.loc[3].to_dict() == {
        "title": "DD Groove", "artist": "Kevin MacLeod", "album": "3.mp3", "genre": "Blues",
    }  # fmt: skip
    assert metadata.loc[1001, "artist"] == "The Rope River Blues Band"
    assert metadata.loc[2001, ["title", "artist", "genre"]].tolist() == [
        "Old Tree", "Creepoid", "Rock",
    ]  # fmt: skip
    assert not metadata.map(lambda word: "\t" in word).any(axis=None)


def test_damaged_metadata_is_named(tmp_path):
    path = tmp_path / METADATA / METADATA_FILES[0]
    path.parent.mkdir(parents=True)
    with pytest.raises(DatasetError, match=r"metadata_2013.csv is missing. .*download metadata"):
        read_metadata(tmp_path)
    path.write_text("song_id,title,artist,album\n2,a,b,c\n")
    with pytest.raises(DatasetError, match=r"metadata_2013.csv is damaged: no column 'genre'"):
        read_metadata_file(path)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Dove & The Wolf", "the dove and the  wolf"),
        ("Mike Link &amp; Harvey Taylor", "Mike Link and Harvey Taylor"),
        ("Azoora feat. graciellita", "Azoora"),
        ("Mandy Mozart (Ft. Jiin Ko)", "Mandy Mozart"),
        ("Pine Valley Cosmonauts W/ Puerto Muerto", "Pine Valley Cosmonauts"),
    ],
)
def test_an_artist_is_known_however_the_name_is_written(one, other):
    assert artist_key(one) == artist_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Listen With Sarah", "Listen"),
        ("Fred and Toody", "Fred"),
        ("Featherstone", ""),
        ("feat", ""),
    ],
)
def test_a_name_that_only_looks_like_one_with_guests_is_whole(one, other):
    assert artist_key(one) != artist_key(other)


def artists_by_hand(real_data):
    """Return song id -> artist as the files have it, read with csv alone."""
    artists = {}
    for name in METADATA_FILES:
        with (real_data / METADATA / name).open(encoding="utf-8", newline="") as lines:
            header, *rows = csv.reader(lines)
            column = [title.strip().lower() for title in header].index("artist")
            artists |= {int(row[0]): " ".join(row[column].split()) for row in rows}
    return artists


def test_the_real_artists_are_counted_and_none_is_on_both_sides(real_data):
    """Names differ in 948 ways; one artist of the 1,744 is written with "&" and with "and"."""
    by_hand = artists_by_hand(real_data)
    assert len(by_hand) == 1802
    assert len(set(by_hand.values())) == 948
    families = artist_families(real_data, by_hand)
    assert len(set(families.values())) == 947
    evaluation = {families[song_id] for song_id in range(2001, 2059)}
    assert len(evaluation) == len({by_hand[song_id] for song_id in range(2001, 2059)}) == 49
    everything = [song_id for song_id in by_hand if song_id < 2001]
    for development, n_artists, largest in ((development_ids(), 324, 6), (everything, 898, 23)):
        named = [families[song_id] for song_id in development]
        assert len(set(named)) == n_artists
        assert max(named.count(name) for name in set(named)) == largest
        assert not evaluation & set(named)
    assert len(everything) == 1744


def test_artists_of_the_real_task_are_families_and_the_default_stays_as_it_was(real_data):
    plain = load_mediaeval2015(MediaEval2015Options(), "song_means", real_data)
    split = load_mediaeval2015(MediaEval2015Options(families="artist"), "song_means", real_data)
    assert not plain.has_families
    assert plain.notes == ()
    assert (len(split.development), len(split.evaluation)) == (431, 58)
    assert split.notes == (
        "Families are artists: 324 of 431 development songs, 49 of the evaluation songs. 0 more"
        " songs are left out of development, as their artist has an evaluation song.",
    )
    assert split.digest() != plain.digest()


def write_metadata(folder, artists):
    """Write the three files with the columns that count."""
    (folder / METADATA).mkdir(parents=True, exist_ok=True)
    for name, first, last in zip(METADATA_FILES, (1, 1001, 2001), (1000, 2000, 2058), strict=True):
        rows = [f"{k},t,{artist},a,g" for k, artist in artists.items() if first <= k <= last]
        (folder / METADATA / name).write_text(
            "\n".join(["song_id,title,artist,album,Genre", *rows]) + "\n"
        )


@pytest.fixture
def with_artists(official_folder, tmp_path):
    """Return a data folder whose six chosen songs have artists: ids 1-4 learn, 2001-2002 score."""
    root = tmp_path / "data"
    root.mkdir()
    (root / "DEAM").mkdir()
    for part in ("annotations", "features"):
        (root / "DEAM" / part).symlink_to(official_folder / "DEAM" / part)
    ids = development_ids()[:4]
    artists = ["A & B", "c", "", "", "a AND b feat. D", "e"]
    write_metadata(root, dict(zip([*ids, 2001, 2002], artists, strict=True)))
    return root, ids


def test_development_songs_by_an_artist_of_the_evaluation_songs_are_left_out(with_artists):
    root, ids = with_artists
    options = DeamOptions(development=ids, evaluation=[2001, 2002], families="artist")
    split = load_deam(options, "baseline", root)
    assert [song.song_id for song in split.development] == [str(song_id) for song_id in ids[1:]]
    assert [song.family for song in split.development] == ["c", f"song {ids[2]}", f"song {ids[3]}"]
    assert [song.family for song in split.evaluation] == ["a and b", "e"]
    assert "3 of 3 development songs, 2 of the evaluation songs. 1 more" in split.notes[0]
    assert len(load_deam(DeamOptions(ids, [2001, 2002]), "baseline", root).development) == 4


def test_no_song_to_learn_from_is_one_clear_error(with_artists):
    root, ids = with_artists
    options = DeamOptions(development=ids[:1], evaluation=[2001], families="artist")
    with pytest.raises(DatasetError, match=r"Every artist of the 1 development songs .*none"):
        load_deam(options, "baseline", root)


def test_missing_metadata_is_needed_for_families_alone(with_artists):
    root, ids = with_artists
    for name in METADATA_FILES:
        (root / METADATA / name).unlink()
    chosen = {"development": ids, "evaluation": [2001, 2002]}
    assert not load_deam(DeamOptions(**chosen), "baseline", root).has_families
    with pytest.raises(DatasetError, match=r"metadata_2013.csv is missing.*data download metadata"):
        load_deam(DeamOptions(**chosen, families="artist"), "baseline", root)
