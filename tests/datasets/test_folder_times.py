"""Ratings over time become annotations of half seconds: spacing, resampling, gaps."""

import numpy as np
import pytest

from datasets.contract import DatasetError
from datasets.folder_inventory import FILES
from datasets.inventory import faults
from tests.datasets.folders import read, songs, write_folder, write_recording, write_table
from tests.sounds import write_tone


def in_time(times, ratings=None, song="a"):
    """Return the rows of a song whose valence is given and whose arousal is 0."""
    ratings = ratings or [0] * len(times)
    return "\n".join(f"{song},{t},{v},0" for t, v in zip(times, ratings, strict=True))


def timed(*rows):
    """Return a table with the rows of song a and one frame of two more songs."""
    others = [in_time([0], song="b"), in_time([0], song="c")]
    return "\n".join(["song,time,valence,arousal", *rows, *others])


def test_a_rating_stands_beside_the_features_of_its_half_second(tmp_path):
    root = write_folder(tmp_path, timed(in_time([1.0, 1.5, 2.0], [0.1, 0.2, 0.3])))
    song = songs(root)["a"]
    assert song.features[:, 0].tolist() == [2, 3, 4]
    assert song.times.tolist() == [1.0, 1.5, 2.0]
    np.testing.assert_allclose(song.annotations[:, 0], [0.1, 0.2, 0.3])


def test_times_within_half_seconds_count_for_these_and_are_noted(tmp_path):
    split = read(write_folder(tmp_path, timed(in_time([0.25, 0.75, 1.25]))))
    (song,) = (song for song in split.songs if song.song_id == "a")
    assert song.times.tolist() == [0, 0.5, 1]
    (note,) = (note for note in split.notes if "not at their start" in note)
    assert note.endswith("1 of 3 songs (a).")


def test_times_written_to_hundredths_need_not_be_exact(tmp_path):
    root = write_folder(tmp_path, timed(in_time([0.99, 1.5, 2.0])))
    assert songs(root)["a"].times.tolist() == [1, 1.5, 2]


@pytest.mark.parametrize(
    ("times", "spacing"),
    [([0, 0.1, 0.2], "0.1"), ([0, 1, 2], "1"), ([0, 0.5, 1.5], "1"),
     ([0.04 * index for index in range(9)], "0.04"),
     ([0.499 * index for index in range(60)], "0.499")],
)  # fmt: skip
def test_times_that_are_not_half_a_second_apart_are_refused(times, spacing, tmp_path):
    root = write_folder(tmp_path, timed(in_time(times)))
    message = f"song a are {spacing} s apart, expected 0.5 s. Give --resample"
    with pytest.raises(DatasetError, match=message):
        read(root)


def test_verifying_finds_times_that_a_run_refuses_and_damage_once(tmp_path):
    root = write_folder(tmp_path, timed(in_time([0, 0.3, 0.6])))
    for name in "abc":
        write_tone(root / f"{name}.wav", 4)
    (root / "b.wav").write_bytes(b"no sound")
    apart, damaged, *others = faults(FILES, root, lambda done, total: None)
    assert "times of song a are 0.3 s apart, expected 0.5 s. Give --resample" in apart
    assert "b.wav cannot be decoded" in damaged
    assert damaged.endswith("mp3, wav, flac and ogg are read.")  # get it again: nothing extracts it
    assert all("was made from other audio" in line for line in others)
    assert len(others) == 2  # of a and c


def test_resampling_averages_the_ratings_of_every_half_second(tmp_path):
    # frame 0: .1 and .3; frame 1: .5; frame 2: halfway from frame 1 to 3; frame 3: one of its two
    rows = [*in_time([0, 0.25, 0.5], [0.1, 0.3, 0.5]).splitlines(), "a,1.0,,0.2", "a,1.5,nan,0",
            "a,1.75,0.7,0"]  # fmt: skip
    split = read(write_folder(tmp_path, timed(*rows)), resample=True)
    (song,) = (song for song in split.songs if song.song_id == "a")
    assert song.times.tolist() == [0, 0.5, 1, 1.5]
    np.testing.assert_allclose(song.annotations[:, 0], [0.2, 0.5, 0.6, 0.7], rtol=1e-6)
    assert half_seconds(5, 1, 0) in split.notes  # with b and c


def half_seconds(averaged, interpolated, left_out):
    """Return the note of a resampled data set."""
    return (
        f"Half seconds: {averaged} with averaged ratings, {interpolated} interpolated between"
        f" ratings at most 5 s apart, {left_out} left out."
    )


def test_sparse_ratings_keep_their_time(tmp_path):
    text = "song,time,valence,arousal\na,0,0,0.4\na,2,0.4,0\na,3.5,1,0.3\nb,0,0,0\nc,0,0,0"
    split = read(write_folder(tmp_path, text), resample=True)
    (song,) = (song for song in split.songs if song.song_id == "a")
    assert song.times.tolist() == [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5]
    assert song.features[:, 0].tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    valence, arousal = song.annotations.T
    np.testing.assert_allclose(valence, [0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1], rtol=1e-6)
    np.testing.assert_allclose(arousal, [0.4, 0.3, 0.2, 0.1, 0, 0.1, 0.2, 0.3], atol=1e-7)
    assert half_seconds(5, 5, 0) in split.notes
    assert not any("no neighbours" in note for note in split.notes)


@pytest.mark.parametrize("blank", [[], ["a,3,,"]])
def test_gaps_of_more_than_five_seconds_stay_and_are_counted(tmp_path, blank):
    rows = ["a,0,0,0", *blank, "a,5.5,1,0", "a,10.5,0,0"]
    root = write_folder(tmp_path, timed(*rows))
    write_recording(root, "a.wav", n_frames=30)
    split = read(root, resample=True)
    (song,) = (song for song in split.songs if song.song_id == "a")
    assert song.times.tolist() == [0, *np.arange(5.5, 11, 0.5)]  # 10 half seconds are left out
    np.testing.assert_allclose(song.annotations[1:, 0], np.linspace(1, 0, 11), atol=1e-6)
    assert half_seconds(5, 9, 10) in split.notes
    (joined,) = (note for note in split.notes if "no neighbours" in note)
    assert joined.endswith("half a second apart: 1 in 1 of 3 songs (a).")


def test_blank_rows_before_and_after_the_ratings_are_left_out(tmp_path):
    rows = ["a,0,,", "a,1,0.5,0", "a,2,0.7,0", "a,3,nan,0"]
    split = read(write_folder(tmp_path, timed(*rows)), resample=True)
    (song,) = (song for song in split.songs if song.song_id == "a")
    np.testing.assert_allclose(song.annotations[:, 0], [0.5, 0.6, 0.7], rtol=1e-6)
    assert song.times.tolist() == [1, 1.5, 2]
    assert half_seconds(4, 1, 4) in split.notes  # 0, 0.5, 2.5 and 3 s are left out


def test_a_song_without_any_rating_is_left_out_of_resampling_too(tmp_path):
    split = read(write_folder(tmp_path, timed("a,0,1,0", "a,1,0,0", "d,0,,", "d,4,,"),
                              "a.wav", "b.wav", "c.wav", "d.wav"), resample=True)  # fmt: skip
    assert half_seconds(4, 1, 0) in split.notes
    assert "Without a rating and left out: 1 of 4 songs (d)." in split.notes


def test_places_where_blank_ratings_join_other_frames_are_counted(tmp_path):
    a = ["a,0,0.1,0", "a,0.5,,0", "a,1,0.3,0", "a,1.5,,", "a,2,,", "a,2.5,0.4,0"]
    b = ["b,0,,0", "b,0.5,0.3,0", "b,1,0.3,0", "b,1.5,0.3,", "b,2,0.1,0", "b,2.5,,0"]
    text = "\n".join(["song,time,valence,arousal", *a, *b, "c,0,0,0"])
    notes = read(write_folder(tmp_path, text)).notes
    (joined,) = (note for note in notes if "no neighbours" in note)
    assert joined == (
        "Places where frames that are no neighbours are joined, which models take for half a"
        " second apart: 3 in 2 of 3 songs (a, b)."
    )


def test_resampling_leaves_ratings_that_are_regular_as_they_are(tmp_path):
    root = write_folder(tmp_path, timed(in_time([0, 0.5, 1], [0.1, 0.2, 0.3])))
    assert read(root, resample=True).digest() == read(root).digest()


@pytest.mark.parametrize("blank", ["", "nan", "NaN", "NA", " "])
def test_frames_without_a_rating_are_left_out_and_counted(blank, tmp_path):
    rows = ["a,0,0.1,0", f"a,0.5,{blank},0", f"a,1,0.3,{blank}", "a,1.5,0.4,0"]
    split = read(write_folder(tmp_path, timed(*rows)))
    (song,) = (song for song in split.songs if song.song_id == "a")
    assert song.times.tolist() == [0, 1.5]
    assert song.features[:, 0].tolist() == [0, 3]
    assert "Without a rating and left out: 2 of 6 frames." in split.notes


def test_a_rating_at_the_very_end_has_no_frame_and_one_later_is_refused(tmp_path):
    root = write_folder(tmp_path, timed(in_time([3, 3.5, 4.0])))  # 4 s of sound
    split = read(root)
    (song,) = (song for song in split.songs if song.song_id == "a")
    assert song.times.tolist() == [3, 3.5]
    assert "Rated at the end of the sound, where no frame is left: 1 of 3 songs (a)." in split.notes
    write_table(root, timed(in_time([3.5, 4.0, 4.5])))
    with pytest.raises(DatasetError, match=r"row 4: song a is rated up to 4.5 s, but .*lasts 4 s"):
        read(root)
