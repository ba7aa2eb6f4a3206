"""On the real files, and on folders in the official format that the tests write."""

import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from datasets.contract import DatasetError
from datasets.deam_files import ANNOTATIONS
from datasets.mediaeval2015 import MediaEval2015Options, development_ids, load
from tests.official_folder import ODD_SONG, annotated_lengths

DEAM = MediaEval2015Options()
PARTICIPANTS = MediaEval2015Options(labels="mediaeval2015")


@pytest.fixture(scope="module")
def real(real_data):
    return load(DEAM, "song_means", real_data)


@pytest.fixture
def copy_of_real(real_data, tmp_path) -> Path:
    """Copy the real tables so that a test may damage them."""
    folder = tmp_path / "data"
    for relative in (ANNOTATIONS, Path("mediaeval2015")):
        shutil.copytree(real_data / relative, folder / relative, copy_function=shutil.copyfile)
    return folder


def test_the_real_task_has_its_songs_and_frames(real):
    assert (len(real.development), len(real.evaluation), real.n_features) == (431, 58, 130)
    assert {song.n_frames for song in real.development} == {60}
    # 25,359 arousal and 25,358 valence values; 7 songs differ by a frame, the longer side is cut
    assert sum(song.n_frames for song in real.evaluation) == 25_355
    assert real.development[0].times[[0, -1]].tolist() == [15.0, 44.5]


def test_valence_comes_before_arousal(real, real_data):
    table = pd.read_csv(real_data / ANNOTATIONS / "arousal.csv", index_col=0)
    song = real.development[7]
    expected = table.loc[int(song.song_id)].dropna().to_numpy()
    assert song.annotations[:, 1] == pytest.approx(expected, abs=1e-6)


def test_the_constant_scores_what_others_measured(real):
    """DEAM labels, mean of 431 songs on the 58: arousal .283 / .272, valence .321 / .271."""
    mean = np.concatenate([song.annotations for song in real.development]).mean(axis=0)
    errors = [song.annotations - mean for song in real.evaluation]
    pooled = np.sqrt(np.mean(np.concatenate(errors) ** 2, axis=0))
    per_song = np.mean([np.sqrt(np.mean(error**2, axis=0)) for error in errors], axis=0)
    assert pooled == pytest.approx([0.321, 0.283], abs=1e-3)
    assert per_song == pytest.approx([0.271, 0.272], abs=1e-3)


def test_participants_labels_are_another_task_with_the_same_evaluation(real, real_data):
    other = load(PARTICIPANTS, "song_means", real_data)
    for deam_song, song in zip(real.evaluation, other.evaluation, strict=True):
        assert (deam_song.annotations == song.annotations).all()
    swings = [
        np.mean([song.annotations.std(axis=0) for song in split.development])
        for split in (other, real)
    ]
    assert swings[0] / swings[1] == pytest.approx(1.65, abs=0.1)
    assert other.digest() != real.digest()


def test_song_means_do_not_move(real):
    assert all((song.features == song.features[0]).all() for song in real.evaluation)


def test_the_official_feature_files_are_read_at_the_annotations_times(official_folder):
    split = load(DEAM, "baseline", official_folder)
    assert split.n_features == 260
    for song in (split.development[0], split.evaluation[6]):
        assert song.features[:, 0] == pytest.approx(song.times)
    n_frames = annotated_lengths()[ODD_SONG]
    assert split.evaluation[6].n_frames == n_frames  # its arousal has one value more


def test_the_official_folder_has_the_real_task_s_size(official_folder):
    split = load(DEAM, "logmel", official_folder)
    assert (len(split.development), len(split.evaluation), split.n_features) == (431, 58, 64)
    n_frames = sum(song.n_frames for song in split.evaluation)
    assert n_frames == pytest.approx(25_355, rel=0.01)


def damage_annotations(folder, change):
    path = folder / ANNOTATIONS / "arousal.csv"
    path.write_text(change(path.read_text()))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text[: len(text) // 2], "songs are only in the other|is damaged"),
        (lambda text: text[:-40], "its last line has no end"),
        (lambda text: text[:-40] + "\n", "song 2058 has"),
        (lambda text: text.replace("-0.109386", "loud", 1), r"arousal.csv is damaged .*loud"),
        (lambda text: text.replace("-0.109386", "", 1), "blanks between its values"),
        (lambda text: text.replace("-0.109386", "-1.09386", 1), r"outside \[-1, 1\]"),
        (lambda text: text.replace(",", ";"), "expected a header song_id"),
        (lambda text: "", "damaged"),
        (lambda text: text + "3,0.1\n", "a song id occurs twice"),
    ],
    ids=["half", "cut", "short", "text", "blank", "scale", "separator", "empty", "twice"],
)
def test_a_damaged_annotation_file_is_named(copy_of_real, change, message):
    damage_annotations(copy_of_real, change)
    with pytest.raises(DatasetError, match=message) as caught:
        load(DEAM, "song_means", copy_of_real)
    assert "arousal.csv" in str(caught.value)


def test_missing_songs_are_counted(copy_of_real):
    for target in ("valence", "arousal"):
        path = copy_of_real / ANNOTATIONS / f"{target}.csv"
        path.write_text("\n".join(path.read_text().splitlines()[:-10]) + "\n")
    with pytest.raises(DatasetError, match=r"lack 10 of the songs .* \(first: 2049\)"):
        load(DEAM, "song_means", copy_of_real)


@pytest.mark.parametrize(
    ("relative", "options", "features"),
    [
        (ANNOTATIONS / "valence.csv", DEAM, "song_means"),
        (Path("mediaeval2015/song_level_features.csv"), DEAM, "song_means"),
        (Path("mediaeval2015/dev_labels_2015.csv"), PARTICIPANTS, "song_means"),
    ],
)
def test_a_missing_file_is_named_with_what_to_do(copy_of_real, relative, options, features):
    (copy_of_real / relative).unlink()
    with pytest.raises(DatasetError, match=f"{relative.name} is missing"):
        load(options, features, copy_of_real)


def test_missing_feature_files_say_where_to_get_them(copy_of_real):
    with pytest.raises(
        DatasetError, match=r"features is missing, and so is audio .* data download"
    ):
        load(DEAM, "baseline", copy_of_real)


def test_a_cut_feature_file_is_named(official_folder, tmp_path):
    folder = tmp_path / "cut"
    shutil.copytree(official_folder, folder, copy_function=os.link)
    path = folder / "DEAM" / "features" / "3.csv"
    lines = path.read_text().splitlines()
    path.unlink()  # a link: the original must stay whole
    path.write_text("\n".join(lines[:50]) + "\n")
    with pytest.raises(DatasetError, match=r"3.csv has no features for 41 of 60 .* 24.5 s"):
        load(DEAM, "baseline", folder)


def test_without_a_data_folder_the_option_is_named():
    with pytest.raises(DatasetError, match="--data-root FOLDER or set MER_DATA"):
        load(DEAM, "song_means", None)


def test_a_folder_without_deam_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="No folder DEAM/"):
        load(DEAM, "song_means", tmp_path)


def test_the_shipped_ids_mark_the_doubtful_rows():
    text = (Path(__file__).parents[2] / "datasets/mediaeval2015_development_ids.csv").read_text()
    doubtful = [line.split(",")[0] for line in text.splitlines() if line.endswith(",0")]
    assert doubtful == ["204", "1376", "1791", "1968"]
    assert len(development_ids()) == len(set(development_ids())) == 431
