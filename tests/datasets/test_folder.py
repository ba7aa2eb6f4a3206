"""A user's own recordings and annotations become songs."""

from unicodedata import normalize

import pytest

from benchmark.errors import ConfigError
from benchmark.plan.config import validated
from datasets.contract import DatasetError
from datasets.features.cache import made_by
from datasets.features.registry import extractor_for
from datasets.folder import FolderOptions, load
from datasets.folder_audio import recordings
from tests.datasets.folders import (
    N_FRAMES,
    read,
    songs,
    write_folder,
    write_recording,
    write_table,
)

ONE_VALUE = """
    song,valence,arousal
    a,0.5,-0.5
    b.wav,0,1
    c,-1,0.25
"""


def test_one_value_a_song_holds_for_all_its_frames(tmp_path):
    song = songs(write_folder(tmp_path, ONE_VALUE))["b"]
    assert song.annotations.tolist() == [[0, 1]] * N_FRAMES
    assert song.features[:, 0].tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    assert song.times.tolist() == [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5]


def test_columns_may_be_in_any_order_and_case_and_others_are_noted(tmp_path):
    text = "Arousal,who,SONG,Valence\n0.25,me,a,0.5\n0,me,b,0\n0,you,c,0"
    split = read(write_folder(tmp_path, text))
    (song,) = (song for song in split.songs if song.song_id == "a")
    assert song.annotations[0].tolist() == [0.5, 0.25]
    assert "Columns of annotations.csv that are not used: who." in split.notes


def test_the_scale_given_is_mapped_to_minus_one_and_one(tmp_path):
    root = write_folder(tmp_path, "song,valence,arousal\na,1,9\nb,5,3\nc,7,2")
    values = {
        name: song.annotations[0].tolist() for name, song in songs(root, scale=(1, 9)).items()
    }
    assert values == {"a": [-1, 1], "b": [0, -0.5], "c": [0.5, -0.75]}


def test_a_song_without_any_rating_is_left_out_and_named(tmp_path):
    text = ONE_VALUE + "d,,\n"
    split = read(write_folder(tmp_path, text, "a.wav", "b.wav", "c.wav", "d.wav"))
    assert sorted(song.song_id for song in split.songs) == ["a", "b", "c"]
    assert "Without a rating and left out: 1 of 4 songs (d)." in split.notes


def test_a_fifth_of_the_songs_is_evaluated_on_whatever_the_order_of_rows(tmp_path):
    names = [f"s{index}" for index in range(10)]
    rows = [f"{name},0.{index},0" for index, name in enumerate(names)]
    files = [f"{name}.wav" for name in names]
    split = read(write_folder(tmp_path, "\n".join(["song,valence,arousal", *rows]), *files))
    assert (len(split.development), len(split.evaluation)) == (8, 2)
    chosen = ", ".join(song.song_id for song in split.evaluation)
    expected = (
        f"Evaluation songs, as annotations.csv has no column split: 2 of 10 songs ({chosen})."
    )
    assert split.notes == (expected,)
    write_table(tmp_path, "\n".join(["song,valence,arousal", *reversed(rows)]))
    assert read(tmp_path).digest() == split.digest()
    assert len(read(tmp_path, evaluation_fraction=0.5).evaluation) == 5


def test_the_column_split_decides_the_sides(tmp_path):
    text = "song,valence,arousal,split\na,0,0,evaluation\nb,1,0,Development\nc,0,0,development"
    split = read(write_folder(tmp_path, text))
    assert [song.song_id for song in split.evaluation] == ["a"]
    assert split.notes == ()


def test_a_family_stays_on_one_side_and_a_blank_one_is_the_song(tmp_path):
    names = [f"s{index}" for index in range(6)]
    rows = [f"{name},0,0,{'' if index > 3 else index // 2}" for index, name in enumerate(names)]
    text = "\n".join(["song,valence,arousal,family", *rows])
    split = read(write_folder(tmp_path, text, *(f"{name}.wav" for name in names)))
    families = {song.song_id: song.family for song in split.songs}
    assert families == {"s0": "0", "s1": "0", "s2": "1", "s3": "1", "s4": "s4", "s5": "s5"}
    sides = [{song.family for song in side} for side in (split.development, split.evaluation)]
    assert not sides[0] & sides[1]


def test_a_family_on_both_sides_is_refused(tmp_path):
    text = """
        song,valence,arousal,family,split
        a,0,0,abbey,development
        b,0,0,abbey,evaluation
        c,0,0,,development
    """
    with pytest.raises(DatasetError, match="Family 'abbey' is on both sides"):
        read(write_folder(tmp_path, text))


def test_a_family_spelt_in_several_ways_is_one_by_its_first_spelling(tmp_path):
    spelt = ["  The  Beatles", "THE BEATLES", normalize("NFKD", "Björk"), normalize("NFC", "björk")]
    rows = [f"s{index},0.{index},0,{name}" for index, name in enumerate(spelt)]
    text = "\n".join(["song,valence,arousal,family", *rows])
    split = read(write_folder(tmp_path, text, *(f"s{index}.wav" for index in range(4))))
    families = {song.song_id: song.family for song in split.songs}
    first = ["The  Beatles", normalize("NFKD", "Björk")]
    assert [families[f"s{index}"] for index in range(4)] == [first[0]] * 2 + [first[1]] * 2


def test_a_family_spelt_in_two_ways_cannot_be_on_both_sides(tmp_path):
    text = """
        song,valence,arousal,family,split
        a,0,0,Abbey,development
        b,0,0,abbey,evaluation
        c,0,0,NA,development
    """
    with pytest.raises(DatasetError, match="Family 'Abbey' is on both sides"):
        read(write_folder(tmp_path, text))


def test_one_song_s_family_may_be_spelt_in_two_ways(tmp_path):
    text = "song,time,valence,arousal,family\na,0,0,0,X\na,0.5,0,0,x\nb,0,0,0,\nc,0,0,0,"
    assert songs(write_folder(tmp_path, text))["a"].family == "X"


@pytest.mark.parametrize("blank", ["NA", "nan", "NaN", ""])
def test_blank_families_and_sides_are_none(blank, tmp_path):
    rows = [f"a,0,1,0,{blank},evaluation", f"a,0.5,0,0,{blank},{blank}",
            f"b,0,0,0,{blank},development"]  # fmt: skip
    split = read(
        write_folder(tmp_path, "\n".join(["song,time,valence,arousal,family,split", *rows]))
    )
    assert not split.has_families
    assert [song.song_id for song in split.evaluation] == ["a"]


def test_without_families_songs_have_none(tmp_path):
    text = "song,valence,arousal,family\na,0,0,\nb,0,0,\nc,0,0,"
    assert not read(write_folder(tmp_path, text)).has_families


def test_recordings_without_annotations_are_noted(tmp_path):
    names = ("a.wav", "b.wav", "c.wav", "audio/later.mp3", "._a.wav", "notes.txt")
    notes = read(write_folder(tmp_path, ONE_VALUE, *names)).notes
    assert "Without annotations: 1 of 4 recordings (later)." in notes


def test_recordings_may_lie_in_a_folder_of_their_own_and_have_any_suffix(tmp_path):
    names = ("audio/a.MP3", "audio/b.wav", "c.mid")
    split = read(write_folder(tmp_path, ONE_VALUE, *names))
    assert len(split.songs) == 3


def test_a_name_may_hold_accents_and_points(tmp_path):
    one, other = normalize("NFD", "Während Nr. 2"), normalize("NFC", "Während Nr. 2")
    text = f"song,valence,arousal\n{other},0,0\nb,0,0\nc,0,0"
    root = write_folder(tmp_path, text, f"{one}.wav", "b.wav", "c.wav")
    assert other in songs(root)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            ("a.wav", "b.wav"),
            r"row 4: 1 of 3 songs have no recording in .* or its folder audio/: c",
        ),
        (("A.wav", "b.wav", "c.wav"), r"row 2: 1 of 3 songs have no recording .*: a"),
        (("a.wav", "a.mp3", "b.wav", "c.wav"), r"Song a has 2 recordings: .*a.mp3, .*a.wav"),
        (("a.wav", "audio/a.wav", "b.wav", "c.wav"), "Song a has 2 recordings"),
    ],
)
def test_every_song_needs_one_recording(names, message, tmp_path):
    root = write_folder(tmp_path, ONE_VALUE, *names)
    for function in (read, recordings):
        with pytest.raises(DatasetError, match=message):
            function(root)


def test_a_near_name_is_suggested(tmp_path):
    root = write_folder(tmp_path, "song,valence,arousal\nabbey road,0,0", "abbey_road.wav")
    with pytest.raises(DatasetError, match="Did you mean 'abbey_road'"):
        read(root)


def test_a_name_that_is_a_song_already_is_not_suggested(tmp_path):
    root = write_folder(
        tmp_path, "song,valence,arousal\nsong3,0,0\nsong9,0,0", "song9.wav", "x.wav"
    )
    with pytest.raises(DatasetError, match=r"audio/: song3\. Add the files"):
        read(root)


def test_missing_features_name_the_command_that_makes_them(tmp_path):
    root = write_folder(tmp_path / "my songs", ONE_VALUE)
    command = f"data extract --dataset folder --features baseline --data-root '{root}'"
    with pytest.raises(DatasetError, match=command):
        load(FolderOptions(), "baseline", root)


def test_features_of_another_recording_are_refused(tmp_path):
    root = write_folder(tmp_path, ONE_VALUE)
    (root / "a.wav").write_bytes(b"another sound")
    with pytest.raises(DatasetError, match="song a were made from other audio"):
        read(root)


def test_the_split_names_the_extractor_and_the_libraries(tmp_path):
    root = write_folder(tmp_path, ONE_VALUE)
    write_recording(root, "c.wav", "librosa 0, FluidSynth 9")
    split = read(root)
    assert split.made_by == f"{made_by(extractor_for('logmel'))} by librosa 0, FluidSynth 9"
    write_recording(root, "b.wav", "librosa 1")
    with pytest.raises(DatasetError, match=r"made by different programs \(.*librosa 1.*Make them"):
        read(root)


@pytest.mark.parametrize(("highest", "share"), [(1.008, "0.1 %"), (1, "0 %"), (1.5, None)])
def test_ratings_that_use_little_of_the_scale_are_doubted(highest, share, tmp_path):
    text = f"song,valence,arousal\na,1,1\nb,{highest},1\nc,1,1"
    notes = read(write_folder(tmp_path, text), scale=(1, 9)).notes
    expected = f"Ratings use {share} of the scale 1 to 9: is folder.scale right?"
    assert [note for note in notes if "scale" in note] == ([expected] if share else [])


@pytest.mark.parametrize("name", ["../annotations.csv", "/etc/passwd", "below/a.csv", "a\\b.csv"])
def test_a_table_outside_the_folder_is_refused(name):
    with pytest.raises(ConfigError, match="leads elsewhere; give the name of a file"):
        validated(FolderOptions, {"annotations": name}, where="folder")


def test_settings_are_read_as_people_write_them():
    written = {"scale": ["1", "9"], "resample": "true", "evaluation_fraction": "0.3"}
    options = validated(FolderOptions, written, where="folder")
    assert (options.scale, options.resample, options.evaluation_fraction) == ((1, 9), True, 0.3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": "9"}, "lowest and the highest rating, as in folder.scale=1,9"),
        ({"scale": ["1", "5", "9"]}, "lowest and the highest rating"),
        ({"scale": ["low", "9"]}, "valid number"),
        ({"scale": ["9", "1"]}, "scale=9,1; give the lowest rating, then the highest"),
        ({"scale": ["1", "inf"]}, "give a finite number"),
        ({"evaluation_fraction": 1}, "less than 1"),
    ],
)
def test_impossible_settings_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        validated(FolderOptions, options, where="folder")


def test_another_table_of_the_folder_can_be_named_and_its_songs_are_extracted(tmp_path):
    root = write_folder(tmp_path, "song,valence,arousal\na,0,0", "a.wav", "b.wav", "c.wav", "d.wav")
    write_table(root, "song,valence,arousal\nb,0,0\nc,0.5,0", "second.csv")
    write_table(root, "a table of something else", "other.csv")
    assert set(songs(root, annotations="second.csv")) == {"b", "c"}
    assert [path.name for path in recordings(root)] == ["a.wav", "b.wav", "c.wav"]


@pytest.mark.parametrize("root", [None, "nowhere"])
def test_a_missing_folder_is_one_clear_line(root, tmp_path):
    with pytest.raises(DatasetError, match="--data-root FOLDER"):
        read(root and tmp_path / root)


def test_too_few_songs_are_refused(tmp_path):
    root = write_folder(tmp_path, "song,valence,arousal\na,0,0", "a.wav")
    with pytest.raises(DatasetError, match="Cannot hold out 20% of 1 songs"):
        read(root)
