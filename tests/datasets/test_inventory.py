"""What is here, what is missing, and every wrong file by name."""

import shutil

import pytest

from datasets.deam_files import ANNOTATIONS
from datasets.deam_inventory import FILES
from datasets.deam_songs import METADATA, STATIC, STATIC_FILES
from datasets.features.cache import AUDIO
from datasets.inventory import faults, inventory
from tests.sounds import write_tone


@pytest.fixture
def data(real_data, tmp_path):
    """Copy annotations, metadata and the participants' tables, which a test may damage."""
    for folder in ("DEAM/annotations", "DEAM/metadata", "mediaeval2015"):
        shutil.copytree(real_data / folder, tmp_path / folder)
    return tmp_path


def found(data):
    return list(faults(FILES, data, lambda done, total: None))


def test_pieces_are_counted_and_missing_ones_say_how_to_get_them(data):
    pieces = {piece.name: piece for piece in inventory(FILES, data)}
    assert pieces["annotations"].n_files == 2
    assert pieces["metadata"].n_files == 3
    assert pieces["features"].n_files == pieces["audio"].n_files == 0
    assert pieces["features"].how_to_get.startswith(
        f"python -m benchmark data download features --data-root {data} or "
    )
    extract = f"python -m benchmark data extract --features logmel --data-root {data}"
    assert pieces["extracted logmel"].how_to_get == extract
    assert all(piece.n_files == 0 for piece in inventory(FILES, data / "nothing"))


def test_the_real_files_are_right(data):
    assert found(data) == []


def test_every_wrong_file_is_named_not_only_the_first(data):
    (data / ANNOTATIONS / "arousal.csv").write_text("song_id;sample_15000ms\n1;0.1\n")
    (data / STATIC / STATIC_FILES[1]).unlink()
    (data / METADATA / "metadata_2014.csv").write_text("nothing")
    (data / "mediaeval2015" / "dev_labels_2015.csv").write_text("0.1,0.2\n")
    (data / "mediaeval2015" / "song_level_features.csv").write_text("song_id\n1\n")
    lines = found(data)
    for name in (
        "arousal.csv is damaged", f"{STATIC_FILES[1]} is missing", "metadata_2014.csv is damaged",
        "dev_labels_2015.csv is damaged", "song_level_features.csv is damaged",
    ):  # fmt: skip
        assert [name in line for line in lines].count(True) == 1, name
    assert len(lines) == 5


def test_missing_damaged_and_short_recordings_are_named(data, real_data):
    (data / AUDIO).mkdir()
    shutil.copy(real_data / AUDIO / "2.mp3", data / AUDIO)
    write_tone(data / AUDIO / "3.wav", 30)
    (data / AUDIO / "4.mp3").write_text("no sound")
    missing, short, damaged = found(data)
    assert "lacks 1,799 of 1,802 annotated songs (5, 7, 8, 10, 12, ...)" in missing
    assert "3.wav ends at 30.0 s, its annotations at 45.0 s" in short
    assert "4.mp3 cannot be decoded" in damaged


def test_feature_files_are_read_one_by_one(official_folder, tmp_path):
    for name in ("annotations", "features"):
        (tmp_path / "DEAM").mkdir(exist_ok=True)
        shutil.copytree(official_folder / "DEAM" / name, tmp_path / "DEAM" / name)
    shutil.rmtree(tmp_path / STATIC, ignore_errors=True)
    folder = tmp_path / "DEAM" / "features"
    header, *rows = (folder / "3.csv").read_text().splitlines()
    (folder / "3.csv").write_text("\n".join([header, *rows[:60]]))
    (folder / "4.csv").write_text("\n".join([header.replace(";", ","), *rows]))
    (folder / "2001.csv").write_text("\n".join([header, rows[0].replace("0.0;0.0", "0.0;x")]))
    swapped = header.replace(
        "F0final_sma_stddev;F0final_sma_amean", "F0final_sma_amean;F0final_sma_stddev"
    )
    (folder / "2002.csv").write_text("\n".join([swapped, *rows]))
    lines = [line for line in found(tmp_path) if "static" not in line]
    assert any("lacks 1,313 of 1,802 annotated songs" in line for line in lines)
    assert any("3.csv has no features for 30 of 60" in line for line in lines)
    assert any("4.csv is damaged: expected frameTime and 260 features" in line for line in lines)
    assert any("2001.csv is damaged: blanks or text" in line for line in lines)
    assert any(
        "2002.csv" in line and "'F0final_sma_amean' for 'F0final_sma_stddev'" in line
        for line in lines
    )
    assert len(lines) == 5
