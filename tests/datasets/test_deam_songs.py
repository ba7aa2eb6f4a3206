"""DEAM's traps: blanks in headers, interchanged columns, genres that run on."""

import numpy as np
import pytest

from datasets.contract import DatasetError
from datasets.deam_files import read_dynamic_annotations
from datasets.deam_songs import (
    METADATA,
    METADATA_FILES,
    STATIC_FILES,
    read_metadata,
    read_metadata_file,
    read_static_annotations,
    read_static_file,
)


def test_static_ratings_agree_with_the_dynamic_ones_of_the_same_target(real_data):
    static = read_static_annotations(real_data)
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
