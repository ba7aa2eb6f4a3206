"""VGMIDI's files: what is imported of a copy, what is here, and every wrong file by name."""

import hashlib
import os
import shutil
import zipfile

import numpy as np
import pytest

from datasets import midi
from datasets.contract import DatasetError
from datasets.features.cache import audio_digest, folder, kept_file, write_rows
from datasets.features.registry import extractor_for
from datasets.install import install_archive, install_folder
from datasets.inventory import faults, inventory
from datasets.vgmidi_files import ANNOTATIONS, FOLDER, MIDI, RAW_FILES
from datasets.vgmidi_inventory import FILES
from tests.datasets.zips import everything_in
from tests.vgmidi_folder import (
    ALL_NAMES,
    NAMES,
    publish,
    ratings,
    write_copy,
    write_midi,
    write_ratings,
)

INSTALLED = sorted(
    [*(str(ANNOTATIONS / name) for name in RAW_FILES), *(str(MIDI / name) for name in ALL_NAMES)]
)
LOGMEL = extractor_for("logmel")
EXTRACT = "python -m benchmark data extract --dataset vgmidi --features logmel --data-root {}"


@pytest.fixture
def data(tmp_path, monkeypatch):
    """Return a data folder with a small copy of VGMIDI, published as it is."""
    write_copy(tmp_path / "data" / FOLDER)
    publish(monkeypatch, tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def clone(tmp_path):
    """Return a clone of the repository, which holds more than is rated."""
    root = tmp_path / "clone"
    labelled = write_copy(root / "labelled")
    write_midi(labelled / "midi" / "Alpha_PC_Game One_Without ratings.mid", [0.1])
    write_midi(root / "unlabelled" / "midi" / ALL_NAMES[0], [0.3])
    write_midi(labelled / "phrases" / ALL_NAMES[1], [0.3])
    (labelled / "midi" / "._Alpha_PC_Game One_Second.mid").write_text("litter")
    (root / "README.md").write_text("VGMIDI")
    with zipfile.ZipFile(labelled / "phrases.zip", "w") as archive:
        archive.writestr(f"phrases/{ALL_NAMES[2]}", b"a phrase of a piece")
    return root


def silent(done, total):
    """Move no bar."""


def found(root):
    return list(faults(FILES, root, silent))


def zipped(path, root):
    """Zip a folder's files under its own name, as a download of a repository does."""
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(root.rglob("*")):
            archive.write(file, file.relative_to(root.parent))
    return path


def test_of_a_clone_only_the_ratings_and_the_rated_pieces_are_imported(tmp_path, clone):
    counts = install_folder(clone, tmp_path / "data", FILES, silent)
    assert counts == {"annotations": 2, "midi": 3}
    assert everything_in(tmp_path / "data") == INSTALLED
    for name in ALL_NAMES:  # those of labelled/midi, not their namesakes elsewhere
        source = clone / "labelled" / "midi" / name
        assert (tmp_path / "data" / MIDI / name).read_bytes() == source.read_bytes()


def test_the_labelled_folder_its_copy_and_zips_of_all_are_imported_alike(tmp_path, clone):
    sources = [clone, clone / "labelled", write_copy(tmp_path / FOLDER)]
    for index, source in enumerate(sources):
        archive = zipped(tmp_path / f"{index}.zip", source)
        install_folder(source, tmp_path / f"folder{index}", FILES, silent)
        install_archive(archive, tmp_path / f"zip{index}", FILES, silent)
        assert everything_in(tmp_path / f"folder{index}") == INSTALLED
        assert everything_in(tmp_path / f"zip{index}") == INSTALLED


def test_pieces_come_one_after_the_other(tmp_path, clone):
    shutil.move(clone / "labelled" / "midi", tmp_path / "later" / "midi")
    assert install_folder(clone, tmp_path / "data", FILES, silent) == {"annotations": 2}
    counts = install_folder(tmp_path / "later", tmp_path / "data", FILES, silent)
    assert counts == {"midi": 3}  # the ratings that are here say which
    assert everything_in(tmp_path / "data") == INSTALLED


def test_while_ratings_are_missing_or_damaged_every_file_named_as_published_is_imported(
    tmp_path, clone
):
    (clone / "labelled" / "annotations" / RAW_FILES[0]).unlink()
    write_ratings(clone / "labelled", 2, [])
    write_midi(clone / "labelled" / "midi" / "holiday.mid", [0.1])
    counts = install_folder(clone, tmp_path / "data", FILES, silent)
    assert counts == {"annotations": 1, "midi": 4}
    assert not (tmp_path / "data" / MIDI / "holiday.mid").exists()


def test_what_holds_nothing_of_vgmidi_is_refused(tmp_path, clone):
    message = r"holds nothing of VGMIDI: expected vgmidi_raw_1.json and .* in a folder called midi"
    with pytest.raises(DatasetError, match=message):
        install_folder(clone / "labelled" / "phrases", tmp_path / "data", FILES, silent)
    with pytest.raises(DatasetError, match=message):
        install_archive(clone / "labelled" / "phrases.zip", tmp_path / "data", FILES, silent)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("name", [f"../midi/{ALL_NAMES[0]}", f"/midi/{ALL_NAMES[0]}", "..\\e"])
def test_an_archive_that_climbs_out_of_its_folder_is_refused(tmp_path, clone, name):
    archive = zipped(tmp_path / "a.zip", clone)
    with zipfile.ZipFile(archive, "a") as more:
        more.writestr(name, b"evil")
    with pytest.raises(DatasetError, match=r"outside its folder: it is not VGMIDI's"):
        install_archive(archive, tmp_path / "data", FILES, silent)
    assert not (tmp_path / "data").exists()


def test_a_damaged_archive_installs_nothing(tmp_path, clone):
    archive = zipped(tmp_path / "a.zip", clone)
    content = bytearray(archive.read_bytes())
    content[content.index(b'"measures"')] ^= 1  # stored as it is: a wrong checksum
    archive.write_bytes(bytes(content))
    with pytest.raises(DatasetError, match=r"a.zip is damaged .*CRC"):
        install_archive(archive, tmp_path / "data", FILES, silent)
    assert everything_in(tmp_path / "data") == []


def test_pieces_are_counted_against_the_ratings(tmp_path, data):
    (data / MIDI / ALL_NAMES[1]).unlink()
    write_midi(data / MIDI / "Alpha_PC_Game One_Without ratings.mid", [0.1])
    pieces = {piece.name: piece for piece in inventory(FILES, data)}
    assert (pieces["annotations"].n_files, pieces["annotations"].n_expected) == (2, 2)
    assert (pieces["midi"].n_files, pieces["midi"].n_expected) == (2, 3)
    assert pieces["midi"].how_to_get.startswith(
        f"python -m benchmark data import PATH --dataset vgmidi --data-root {data} ("
    )
    extracted = pieces["extracted logmel"]
    assert extracted.how_to_get == EXTRACT.format(data)
    nothing = {piece.name: piece for piece in inventory(FILES, tmp_path / "nothing")}
    assert all(piece.n_files == 0 for piece in nothing.values() if not piece.is_program)
    assert nothing["midi"].n_expected == 200


def test_a_missing_program_or_sound_font_says_what_to_install(data, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("MER_SOUNDFONT", "/nowhere/piano.sf2")
    pieces = {piece.name: piece for piece in inventory(FILES, data)}
    assert pieces["fluidsynth"].n_files == pieces["sound font"].n_files == 0
    assert "apt-get install fluidsynth fluid-soundfont-gm" in pieces["fluidsynth"].how_to_get
    assert "MER_SOUNDFONT names /nowhere/piano.sf2" in pieces["sound font"].how_to_get


def test_all_real_pieces_are_counted(real_data):
    pieces = {piece.name: piece for piece in inventory(FILES, real_data)}
    assert pieces["annotations"].n_files == 2
    assert (pieces["midi"].n_files, pieces["midi"].n_expected) == (200, 200)


def test_a_whole_copy_has_no_faults_and_none_of_vgmidi_has_none_either(tmp_path, data):
    assert found(data) == []
    assert found(tmp_path / "nothing") == []


def test_every_wrong_file_is_named_once(data):
    (data / ANNOTATIONS / RAW_FILES[0]).write_text('{"pieces": ')
    (data / ANNOTATIONS / RAW_FILES[1]).write_bytes(
        (data / ANNOTATIONS / RAW_FILES[1]).read_bytes() + b"\n"
    )
    (data / MIDI / ALL_NAMES[0]).write_text("no music")
    write_midi(data / MIDI / ALL_NAMES[2], [])
    damaged, differs, unreadable, without_notes = found(data)
    assert f"{RAW_FILES[0]} is damaged: " in damaged
    assert f"{RAW_FILES[1]} can be read but differs from the published one" in differs
    assert f"{ALL_NAMES[0]} is no MIDI file that can be read" in unreadable
    assert f"{ALL_NAMES[2]} is damaged: it lasts 0 s" in without_notes


def test_missing_midi_files_are_named_and_an_absent_folder_is_no_fault(data):
    (data / MIDI / ALL_NAMES[1]).unlink()
    (line,) = found(data)
    assert line.endswith(f"midi lacks 1 of 3 files of rated pieces ({ALL_NAMES[1]}).")
    shutil.rmtree(data / MIDI)
    assert found(data) == []
    (data / ANNOTATIONS / RAW_FILES[1]).unlink()
    (line,) = found(data)
    assert f"{RAW_FILES[1]} is missing. " in line


def test_ratings_of_the_wrong_type_are_named(data):
    table = ratings(2)
    table["annotations"]["piece0_1"]["valence"] = ["0.1", "0.2", "0.3"]
    write_ratings(data / FOLDER, 2, table)
    (line,) = found(data)
    assert f"{RAW_FILES[1]} is damaged: piece0_1 lacks numbers" in line


def keep(data, name, made_by="librosa, FluidSynth 2.3", digest=None):
    """Write extracted features of a made-up piece."""
    path = kept_file(data, f"vgmidi/{name.removesuffix('.mid')}", LOGMEL)
    rows = np.zeros((7, 64), np.float32)
    write_rows(path, rows, digest or audio_digest(data / MIDI / name), LOGMEL, made_by)
    return path


def test_extracted_features_are_whole_and_of_these_files_or_named(data):
    for name in ALL_NAMES:
        keep(data, name)
    assert found(data) == []
    keep(data, ALL_NAMES[0], digest=hashlib.sha256(b"other").hexdigest())
    torn = keep(data, ALL_NAMES[1])
    os.truncate(torn, torn.stat().st_size // 2)
    other, damaged = found(data)
    assert f"was made from other audio than {data / MIDI / ALL_NAMES[0]}. Run: " in other
    assert other.endswith(EXTRACT.format(data))
    assert f"{torn} is damaged" in damaged


def test_features_of_a_file_rendered_by_another_rule_are_named(data, monkeypatch):
    keep(data, ALL_NAMES[0])
    monkeypatch.setattr(midi, "RECIPE", "rendered another way")
    (line,) = found(data)
    assert "was made from other audio" in line


def test_features_made_by_different_programs_are_named(data):
    keep(data, ALL_NAMES[0])
    keep(data, ALL_NAMES[1], made_by="librosa, FluidSynth 9")
    (line,) = found(data)
    assert "made by different programs" in line
    assert f"{ALL_NAMES[1].removesuffix('.mid')}.npz: librosa, FluidSynth 9" in line
    assert line.endswith(f"Make them again: {EXTRACT.format(data)}")


def test_a_rated_file_overwritten_by_another_is_noticed(data):
    (data / MIDI / ALL_NAMES[0]).write_bytes((data / MIDI / ALL_NAMES[1]).read_bytes())
    (line,) = found(data)
    assert f"The MIDI files in {data / MIDI} differ from those published at commit 1e62f0af" in line
    assert line.endswith(f"data import PATH --dataset vgmidi --data-root {data}")


def test_commands_quote_a_data_folder_with_spaces(tmp_path):
    root = tmp_path / "my data"
    write_copy(root / FOLDER)
    (piece, *_) = inventory(FILES, root)
    assert f"--data-root '{root}'" in piece.how_to_get
    (root / ANNOTATIONS / RAW_FILES[1]).unlink()
    assert any(line.endswith(f"--data-root '{root}'") for line in found(root))


def test_an_extracted_file_that_does_not_say_what_made_it_is_damaged(data):
    path = keep(data, ALL_NAMES[0])
    with np.load(path) as arrays:
        np.savez(path, rows=arrays["rows"], audio_sha256=arrays["audio_sha256"])
    (line,) = found(data)
    assert f"{path} is damaged" in line


def test_extracted_features_without_their_recordings_are_still_read(data):
    torn = keep(data, ALL_NAMES[0])
    torn.write_text("no archive")
    shutil.rmtree(data / FOLDER)
    assert folder(data, LOGMEL).is_dir()
    (line,) = found(data)
    assert f"{torn} is damaged" in line


def test_names_of_the_made_up_pieces_are_like_the_published_ones():
    assert [len(names) for names in NAMES.values()] == [2, 1]
    assert all(midi.is_midi(MIDI / name) and name.count("_") == 3 for name in ALL_NAMES)
