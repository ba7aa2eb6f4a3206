"""`data --dataset vgmidi` as a user types it, on a small copy and on the real files."""

import json
import re
import shutil

import pytest

from datasets.features.cache import kept_file, read_extracted
from datasets.features.registry import extractor_for
from datasets.vgmidi_files import ANNOTATIONS, FOLDER, MIDI, RAW_FILES
from tests.benchmark.cli.cli import mer_here
from tests.vgmidi_folder import ALL_NAMES, publish, ratings, write_copy, write_ratings

VGMIDI = ("--dataset", "vgmidi")
WITH_FILES = '''
"""A user's own dataset with one recording."""
from datasets.files import DataFiles, Piece
from datasets.registry import DatasetEntry


def load(options, features, data_root):
    raise NotImplementedError


files = DataFiles(
    name="Mine", option=" --dataset mine", how_to_get="Record it.", contents="my.wav",
    kept_in="mine", recordings=lambda root: [root / "my.wav"],
    pieces=lambda root: [Piece("sound", "my own", int((root / "my.wav").is_file()), "record it")],
    checks=lambda root: [], place=lambda path: None,
)
DATASETS = {"mine": DatasetEntry(load=load, summary="mine", feature_sets=("logmel",), files=files)}
'''


@pytest.fixture
def data(tmp_path, monkeypatch):
    """Return a data folder with a small copy of VGMIDI, published as it is."""
    write_copy(tmp_path / "data" / FOLDER)
    publish(monkeypatch, tmp_path / "data")
    return tmp_path / "data"


def mistake(capfd, *arguments):
    """Return the one line that a command says before it ends with exit code 2."""
    done = mer_here(capfd, "data", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    return line


def test_the_list_says_what_is_here_and_how_to_get_the_rest(tmp_path, data, capfd, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    (data / MIDI / ALL_NAMES[0]).unlink()
    done = mer_here(capfd, "data", "list", *VGMIDI, "--data-root", data)
    assert done.returncode == 0
    text = re.sub(" +", " ", done.stdout)
    assert "annotations 2 files ratings of both rounds\nmidi 2 of 3 files" in text
    root = f"--data-root {data}"
    assert f" get it: python -m benchmark data import PATH --dataset vgmidi {root}" in text
    assert "fluidsynth missing renders MIDI to audio\n get it: " in text
    assert "apt-get install fluidsynth fluid-soundfont-gm" in text
    assert "extracted baseline missing feature set baseline" in text
    extract = "python -m benchmark data extract --dataset vgmidi --features baseline"
    assert f" get it: {extract} {root}\n" in text
    other = "another dataset: python -m benchmark data list"
    assert text.endswith(f"{other} {root}\n{other} --dataset folder {root}\n")


def test_the_list_of_deam_says_that_there_is_another_dataset(tmp_path, capfd):
    done = mer_here(capfd, "data", "list", "--data-root", tmp_path)
    assert done.stdout.startswith("annotations")
    root, command = f"--data-root {tmp_path}", "python -m benchmark data"
    get = f"{command} download annotations {root} or {command} import PATH {root}"
    assert get in done.stdout
    assert done.stdout.endswith(f"another dataset: {command} list --dataset vgmidi {root}\n")
    same = mer_here(capfd, "data", "list", "--dataset", "deam", "--data-root", tmp_path)
    assert same.stdout == done.stdout


def test_the_real_files_are_imported_listed_and_right(real_data, tmp_path, capfd):
    root = tmp_path / "data"
    done = mer_here(capfd, "data", "import", real_data / FOLDER, *VGMIDI, "--data-root", root)
    expected = f"2 files of annotations, 200 files of midi in {root}\n"
    assert (done.returncode, done.stdout) == (0, expected), done.stderr
    listed = mer_here(capfd, "data", "list", *VGMIDI, "--data-root", root, "--json")
    counts = {piece["name"]: piece["n_files"] for piece in json.loads(listed.stdout)}
    assert (counts["annotations"], counts["midi"], counts["extracted logmel"]) == (2, 200, 0)
    done = mer_here(capfd, "data", "verify", *VGMIDI, "--data-root", root)
    assert (done.returncode, done.stdout) == (0, "0 wrong; looked at annotations, midi\n")


@pytest.mark.usefixtures("fluidsynth")
def test_pieces_are_rendered_extracted_kept_and_verified(data, capfd):
    extract = ("data", "extract", *VGMIDI, "--data-root", data, "--features")
    done = mer_here(capfd, *extract, "baseline,logmel", "--workers", 1)
    assert done.returncode == 0, done.stderr
    assert "research and other non-commercial use" in done.stderr  # openSMILE's licence
    first, second = done.stdout.splitlines()
    assert first == "songs: 3 extracted, 0 kept, 0 damaged; features: baseline, logmel"
    assert re.fullmatch(r"\d\d s of sound in .* s: .* times real time", second)
    for name in ("baseline", "logmel"):
        extractor = extractor_for(name)
        path = kept_file(data, f"vgmidi/{ALL_NAMES[0].removesuffix('.mid')}", extractor)
        assert len(read_extracted(path, extractor).rows_NF) >= 7  # of 3.7 s, and what rings on
    assert not list(data.rglob("*.wav"))

    (data / MIDI / ALL_NAMES[2]).write_bytes((data / MIDI / ALL_NAMES[1]).read_bytes())
    done = mer_here(capfd, *extract, "logmel", "--workers", 1)
    assert done.stdout.startswith("songs: 1 extracted, 2 kept, 0 damaged; features: logmel\n")
    done = mer_here(capfd, "data", "verify", *VGMIDI, "--data-root", data)
    assert done.returncode == 1
    differ, fault, last = done.stdout.splitlines()
    assert differ.startswith(f"The MIDI files in {data / MIDI} differ from those published")
    assert "baseline-" in fault
    assert f"was made from other audio than {data / MIDI / ALL_NAMES[2]}. Run: " in fault
    assert last == "2 wrong; looked at annotations, midi, extracted baseline, extracted logmel"


@pytest.mark.usefixtures("fluidsynth")
def test_a_damaged_piece_is_named_and_stops_no_other(data, capfd):
    (data / MIDI / ALL_NAMES[1]).write_text("no music")
    done = mer_here(capfd, "data", "extract", *VGMIDI, "--data-root", data, "--workers", 1)
    assert done.returncode == 1
    assert done.stdout.startswith("songs: 2 extracted, 0 kept, 1 damaged; features: logmel\n")
    (line,) = done.stderr.splitlines()
    assert f"{ALL_NAMES[1]} is no MIDI file that can be read" in line
    listed = mer_here(capfd, "data", "list", *VGMIDI, "--data-root", data)
    assert re.search("extracted logmel +2 of 3 files", listed.stdout)


def test_nothing_is_extracted_where_something_is_missing(tmp_path, data, capfd, monkeypatch):
    extract = ("extract", *VGMIDI, "--data-root", data)
    with monkeypatch.context() as patch:
        patch.setenv("MER_SOUNDFONT", "/nowhere/piano.sf2")
        assert "MER_SOUNDFONT names /nowhere/piano.sf2" in mistake(capfd, *extract)
        patch.setenv("MER_SOUNDFONT", str(data / ANNOTATIONS / RAW_FILES[0]))
        assert "is no sound font, or cut" in mistake(capfd, *extract)
        font = tmp_path / "empty.sf2"
        font.write_bytes(b"RIFF" + (4).to_bytes(4, "little") + b"sfbk")
        patch.setenv("MER_SOUNDFONT", str(font))
        patch.setenv("PATH", str(tmp_path))
        assert "apt-get install fluidsynth fluid-soundfont-gm" in mistake(capfd, *extract)
    (data / MIDI / ALL_NAMES[2]).unlink()
    line = mistake(capfd, *extract)
    assert f"1 of 3 recordings of VGMIDI are missing, first {data / MIDI / ALL_NAMES[2]}" in line
    assert "python -m benchmark data import PATH --dataset vgmidi" in line
    (data / ANNOTATIONS / RAW_FILES[1]).unlink()
    assert f"{RAW_FILES[1]} is missing" in mistake(capfd, *extract)
    shutil.rmtree(data)
    assert f"No folder VGMIDI/ in the data folder {data}" in mistake(capfd, *extract)
    assert not data.exists()


def test_mistakes_are_one_line(tmp_path, data, capfd):
    root = ("--data-root", tmp_path / "other")
    (tmp_path / "empty").mkdir()
    for arguments, message in (
        (("download", *VGMIDI, *root), "Nothing of VGMIDI can be downloaded. It is in the folder"),
        (("download", *VGMIDI, *root), "labelled/ of the repository lucasnfe/vgmidi: python -m"),
        (("verify", *VGMIDI, *root), "See: python -m benchmark data list --dataset vgmidi"),
        (("import", tmp_path / "empty", *VGMIDI, *root), "holds nothing of VGMIDI: expected"),
        (("import", data, *VGMIDI, "--data-root", data), "import from a folder outside"),
        (("list", "--dataset", "synthetic", *root), "'synthetic' has no files on disk"),
        (("list", "--dataset", "synthetic", *root), "mediaeval2015, deam, vgmidi"),
        (("verify", "--dataset", "vgmid", *root), "Did you mean 'vgmidi'?"),
        (("list", *VGMIDI, "--include", tmp_path / "none.py", *root), "no such file"),
    ):
        assert message in mistake(capfd, *arguments)


def test_ratings_that_are_damaged_stop_what_needs_them(data, capfd):
    write_ratings(data / FOLDER, 1, ratings(1) | {"annotations": "text"})
    done = mer_here(capfd, "data", "verify", *VGMIDI, "--data-root", data)
    assert done.returncode == 1
    assert done.stdout.count(f"{RAW_FILES[0]} is damaged") == 1
    assert "1 wrong" in done.stdout
    line = mistake(capfd, "extract", *VGMIDI, "--data-root", data)
    assert f"{RAW_FILES[0]} is damaged" in line


def test_a_users_own_dataset_may_say_what_its_files_are(tmp_path, capfd):
    from tests.sounds import write_tone

    (tmp_path / "mine.py").write_text(WITH_FILES)
    mine = ("--dataset", "mine", "--include", tmp_path / "mine.py", "--data-root", tmp_path)
    line = mistake(capfd, "extract", *mine)
    assert line.endswith("1 of 1 recordings of Mine are missing, first "
                         f"{tmp_path / 'my.wav'}. Record it.")  # fmt: skip
    write_tone(tmp_path / "my.wav", 2)
    done = mer_here(capfd, "data", "extract", *mine, "--workers", 1)
    assert done.stdout.startswith("songs: 1 extracted, 0 kept, 0 damaged; features: logmel\n2 s of")
    done = mer_here(capfd, "data", "list", *mine)
    others = [line for line in done.stdout.splitlines() if line.startswith("another dataset: ")]
    options = ["", " --dataset folder", " --dataset vgmidi"]
    assert others == [
        f"another dataset: python -m benchmark data list{option} --data-root {tmp_path}"
        for option in options
    ]
    assert re.search("extracted logmel +here", done.stdout)
    done = mer_here(capfd, "data", "verify", *mine)
    assert (done.returncode, done.stdout) == (0, "0 wrong; looked at sound, extracted logmel\n")
