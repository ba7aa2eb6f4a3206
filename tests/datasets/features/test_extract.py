"""What is extracted is kept, kept files are trusted only for the same audio, and all are made."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from benchmark.executors.contract import Means
from benchmark.executors.registry import make_executor
from datasets.audio import n_half_seconds, read_samples
from datasets.contract import DatasetError
from datasets.deam_inventory import recordings
from datasets.features import deam_features, logmel
from datasets.features.cache import (
    AUDIO,
    extract_file,
    folder,
    kept_file,
    made_alike,
    read_extracted,
    write_rows,
)
from datasets.features.extract import _extractor, extract_all, extract_one
from datasets.features.registry import FEATURES, FeatureEntry, extractor_for, open_reader
from tests.sounds import write_tone

EXTRACTOR = extractor_for("logmel")
TIMES = 15 + 0.5 * np.arange(60)


def extracted(root, path, features="logmel"):
    """Extract one recording and return what became of it."""
    return extract_one(root, path, (features,)).status


def test_the_reader_gives_the_annotated_frames_of_what_was_extracted(tmp_path):
    assert extracted(tmp_path, write_tone(tmp_path / AUDIO / "7.wav", 45)) == "extracted"
    bands = open_reader("logmel", tmp_path)(7, TIMES)
    assert bands.shape == (60, 64)
    kept = kept_file(tmp_path, 7, EXTRACTOR)
    assert (bands == read_extracted(kept, EXTRACTOR).rows_NF[30:90]).all()


def test_other_audio_under_the_same_name_is_refused_until_it_is_extracted(tmp_path):
    times = 0.5 * np.arange(4)
    extracted(tmp_path, write_tone(tmp_path / AUDIO / "7.wav", 2, hertz=300))
    before = open_reader("logmel", tmp_path)(7, times)
    other = write_tone(tmp_path / AUDIO / "7.wav", 2, hertz=3000)
    with pytest.raises(DatasetError, match=r"made from other audio than .*7.wav.* data extract"):
        open_reader("logmel", tmp_path)(7, times)
    assert extracted(tmp_path, other) == "extracted"
    assert np.abs(open_reader("logmel", tmp_path)(7, times) - before).max() > 20


def test_audio_that_changes_while_it_is_read_is_left_out(tmp_path, monkeypatch):
    path = write_tone(tmp_path / AUDIO / "7.wav", 2, hertz=300)

    def read_then_replaced(audio):
        samples = read_samples(audio)
        write_tone(audio, 2, hertz=3000)
        return samples

    with monkeypatch.context() as patch:
        patch.setattr("datasets.features.extract.read_samples", read_then_replaced)
        left_out = extract_one(tmp_path, path, ("logmel",))
    assert left_out.status == "damaged"
    assert left_out.error == f"Audio {path} changed while it was read; extract it again."
    assert not kept_file(tmp_path, 7, EXTRACTOR).exists()
    assert extracted(tmp_path, path) == "extracted"


def test_extracted_features_serve_without_the_audio(tmp_path):
    bands = np.arange(90 * 64, dtype=np.float32).reshape(90, 64)
    write_rows(kept_file(tmp_path, 7, EXTRACTOR), bands, "digest", EXTRACTOR)
    assert (open_reader("logmel", tmp_path)(7, np.array([15.0, 44.5])) == bands[[30, 89]]).all()


def test_other_settings_and_other_feature_sets_are_kept_elsewhere(tmp_path):
    places = {folder(tmp_path, extractor_for(name)) for name in ("logmel", "logmel32", "baseline")}
    assert len({*places, folder(tmp_path, logmel.LogMel(bands=32))}) == 4


def test_baseline_comes_from_deam_s_files_or_from_audio_and_never_from_both(tmp_path):
    extracted(tmp_path, write_tone(tmp_path / AUDIO / "7.wav", 3), "baseline")
    assert deam_features.open_reader(tmp_path)(7, 0.5 * np.arange(6)).shape == (6, 260)
    (tmp_path / deam_features.FOLDER).mkdir(parents=True)
    with pytest.raises(DatasetError, match=r"features.7.csv is missing"):
        deam_features.open_reader(tmp_path)(7, 0.5 * np.arange(6))


def test_an_extracted_file_is_opened_once_for_its_features_and_for_what_made_them(
    tmp_path, monkeypatch
):
    bands = np.zeros((4, 64), np.float32)
    for number in (7, 8):
        write_rows(kept_file(tmp_path, number, EXTRACTOR), bands, "digest", EXTRACTOR, "librosa 0")
    opened, load = [], np.load
    monkeypatch.setattr(np, "load", lambda file, **options: opened.append(file) or load(file))
    reader = open_reader("logmel", tmp_path)
    for number in (7, 8, 7):
        reader(number, np.array([0.5]))
    assert reader.made_by() == f"logmel-{EXTRACTOR.digest()} by librosa 0"
    assert len(opened) == 3


def test_what_is_missing_cut_or_damaged_is_named(tmp_path):
    read = open_reader("logmel", tmp_path)
    with pytest.raises(
        DatasetError, match=r"Song 7 has no features logmel yet .* data download audio"
    ):
        read(7, np.array([15.0]))
    extracted(tmp_path, write_tone(tmp_path / AUDIO / "7.wav", 20))
    with pytest.raises(DatasetError, match=r"annotated up to 44.5 s but its audio ends at 20.0 s"):
        read(7, np.array([15.0, 44.5]))
    kept_file(tmp_path, 7, EXTRACTOR).write_text("no archive")
    with pytest.raises(DatasetError, match=r"7.npz is damaged") as error:
        read(7, np.array([15.0]))
    assert "pickle" not in str(error.value)


def test_features_of_different_programs_are_refused_until_all_are_made_again(tmp_path):
    root, times = tmp_path / "my data", np.array([0.0])
    tones = [write_tone(root / AUDIO / f"{number}.wav", 2) for number in (7, 8)]
    for tone in tones:
        extracted(root, tone)
    kept = kept_file(root, 7, EXTRACTOR)
    file = read_extracted(kept, EXTRACTOR)
    write_rows(kept, file.rows_NF, file.audio_sha256, EXTRACTOR, "librosa 0")
    reader = open_reader("logmel", root)
    for number in (7, 8):
        reader(number, times)
    with pytest.raises(DatasetError, match=r"made by different programs") as error:
        reader.made_by()
    text = str(error.value)
    assert f"{kept}: librosa 0; {kept_file(root, 8, EXTRACTOR)}: {EXTRACTOR.made_by()}" in text
    assert text.endswith(f"python -m benchmark data extract --features logmel --data-root '{root}'")
    assert [extracted(root, tone) for tone in tones] == ["extracted", "kept"]
    reader = open_reader("logmel", root)
    reader(7, times)
    assert reader.made_by().endswith(f" by {EXTRACTOR.made_by()}")


def test_renderings_and_other_audio_by_one_library_stand_together():
    library, rendering = "librosa 1", "librosa 1, FluidSynth 2 with a.sf2 00000000"
    makers = {library: Path("a"), rendering: Path("b")}
    assert made_alike(makers, "") == rendering
    other = {"librosa 1, FluidSynth 2 with b.sf2 11111111": Path("c")}
    with pytest.raises(DatasetError, match=r"\(b: librosa 1, .*; c: librosa 1, .* again: do it"):
        made_alike(makers | other, "do it")


@pytest.fixture
def three_songs(tmp_path):
    """Return a data folder with two recordings of sound and one of none."""
    write_tone(tmp_path / AUDIO / "2.mp3", 3)
    write_tone(tmp_path / AUDIO / "10.flac", 4)
    (tmp_path / AUDIO / "9.mp3").write_text("no sound")
    (tmp_path / AUDIO / "notes.mp3").write_text("not a song id")
    return tmp_path


def test_recordings_are_songs_in_the_order_of_their_ids(three_songs):
    assert [path.name for path in recordings(three_songs)] == ["2.mp3", "9.mp3", "10.flac"]
    with pytest.raises(DatasetError, match=r"MEMD_audio is missing. .* data download audio"):
        recordings(three_songs / "nothing")


def test_all_are_extracted_but_the_damaged_one_which_is_named(three_songs):
    audio, told = recordings(three_songs), []
    outcome = extract_all(three_songs, audio, ["logmel", "logmel32"], told.append)
    assert {one.audio.name: one.status for one in outcome} == {
        "2.mp3": "extracted", "9.mp3": "damaged", "10.flac": "extracted",
    }  # fmt: skip
    assert told == outcome
    assert next(one.error for one in outcome if one.error).startswith("Audio ")
    for name, n_frames in ((2, 6), (10, 8)):
        for features in ("logmel", "logmel32"):
            extractor = extractor_for(features)
            file = read_extracted(kept_file(three_songs, name, extractor), extractor)
            assert len(file.rows_NF) == n_frames


def test_a_second_run_makes_only_what_is_missing_or_torn(three_songs):
    audio = three_songs / AUDIO / "2.mp3"
    assert extract_one(three_songs, audio, ("logmel",)).status == "extracted"
    assert extract_one(three_songs, audio, ("logmel",)).status == "kept"
    kept = kept_file(three_songs, 2, EXTRACTOR)
    stamp = kept.stat().st_mtime_ns
    assert extract_one(three_songs, audio, ("logmel", "logmel32")).status == "extracted"
    assert kept.stat().st_mtime_ns == stamp  # only the other set was made
    kept.write_bytes(kept.read_bytes()[:100])
    assert extract_one(three_songs, audio, ("logmel",)).status == "extracted"
    assert len(read_extracted(kept, EXTRACTOR).rows_NF) == 6


def test_parallel_extraction_gives_what_one_process_gives(real_data, tmp_path):
    (tmp_path / AUDIO).mkdir(parents=True)
    for song_id in (3, 4, 5):
        shutil.copy(real_data / AUDIO / f"{song_id}.mp3", tmp_path / AUDIO)
    with make_executor("processes", Means(n_workers=2)) as executor:
        extract_all(tmp_path, recordings(tmp_path), ["logmel"], share=executor.values)
    for audio in recordings(tmp_path):
        found = read_extracted(kept_file(tmp_path, int(audio.stem), EXTRACTOR), EXTRACTOR).rows_NF
        assert found.shape == (90, 64)
        assert (found == extract_file(audio, EXTRACTOR)).all()


@pytest.fixture
def made_up(monkeypatch):
    """Return what registers a function of samples as the feature set `mine`."""

    def register(function):
        entry = FeatureEntry(function=function, n_features=1, summary="mine")
        monkeypatch.setitem(FEATURES, "mine", entry)
        _extractor.cache_clear()

    return register


def test_a_function_that_writes_into_its_samples_changes_no_other_features(tmp_path, made_up):
    def spoil(samples):
        samples *= 0
        return np.zeros((n_half_seconds(samples), 1))

    made_up(spoil)
    path, extractor = tmp_path / "AUDIO" / "7.wav", extractor_for("logmel")
    write_tone(path, seconds=3)
    assert extract_one(tmp_path, path, ("mine", "logmel")).status == "extracted"
    kept = read_extracted(kept_file(tmp_path, "7", extractor), extractor)
    np.testing.assert_array_equal(kept.rows_NF, extractor.extract(read_samples(path)))


def test_a_function_gives_one_row_per_half_second(tmp_path, made_up):
    made_up(lambda samples: np.zeros((2 * n_half_seconds(samples), 1)))
    path = tmp_path / "AUDIO" / "7.wav"
    write_tone(path, seconds=3)
    outcome = extract_one(tmp_path, path, ("mine",))
    assert outcome.status == "damaged"
    assert "gave 12 rows for a recording of 6 half seconds" in outcome.error
