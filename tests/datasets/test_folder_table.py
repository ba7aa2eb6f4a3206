"""A table of annotations that is wrong names its file, the row and what to do."""

import pytest

from datasets.contract import DatasetError
from datasets.folder import FolderOptions, load
from datasets.folder_inventory import FILES
from datasets.folder_table import read_table
from datasets.inventory import faults, inventory
from tests.datasets.folders import write_folder, write_recording, write_table
from tests.sounds import write_tone

HEAD = "song,time,valence,arousal\n"
WRONG = {
    "empty": ("", "annotations.csv is empty. Row 1 names the columns: song, valence, arousal"),
    "no rows": (HEAD, "has no rows below its header"),
    "semicolons": ("song;valence;arousal\na;0,5;0", "row 1: columns are separated by semicolons"),
    "tabs": ("song\tvalence\tarousal\na\t0\t0", "row 1: columns are separated by tabs"),
    "no header": ("a,0,0\nb,0,0", "row 1: no column 'song' among a, 0, 0"),
    "misspelt column": (
        "song,valance,arousal\na,0,0", "row 1: no column 'valence' among song, valance, arousal",
    ),
    "column twice": ("song,valence,arousal,Song\na,0,0,b", "row 1: column 'song' is there twice"),
    "decimal commas": (HEAD + "a,0,0,5,0,5", "row 2: 6 cells for the 4 columns of row 1"),
    "cut": (HEAD + "a,0,0,0\n\nb,0,0", "row 4: 3 cells for the 4 columns"),
    "open quote": (HEAD + 'a,0,0,"0', "row 2: unexpected end of data"),
    "no song": (HEAD + "a,0,0,0\n,0,0,0", "row 3: no song"),
    "text for a number": (HEAD + "a,0,happy,0", "row 2: valence 'happy' is no number such as 0.5"),
    "infinite": (HEAD + "a,0,0,inf", "row 2: arousal 'inf' is no number"),
    "off the scale": (HEAD + "a,0,0,0\na,0.5,0,3", "row 3: arousal 3 is off the scale -1 to 1"),
    "blank time": (HEAD + "a,,0,0", "row 2: time ''; write seconds from the start"),
    "negative time": (HEAD + "a,-0.5,0,0", "row 2: time '-0.5'; write seconds"),
    "impossible time": (HEAD + "a,1e300,0,0", "row 2: time '1e300'; write seconds"),
    "out of order": (
        HEAD + "a,1,0,0\nb,0,0,0\na,0.5,0,0",
        r"row 4: time 0.5 of song a is out of order \(row 2 has 1\); sort",
    ),
    "time twice": (HEAD + "a,1,0,0\na,1,0,0", r"row 3: time 1 of song a is there twice"),
    "song twice": (
        "song,valence,arousal\na,0,0\nb,0,0\na.wav,0,1", "row 4: song a is in row 2 already",
    ),
    "two families": (
        "song,time,valence,arousal,family\na,0,0,0,x\na,0.5,0,0,y",
        "row 3: family 'y' of song a is 'x' in a row above",
    ),
    "unknown side": ("song,valence,arousal,split\na,0,0,test", "row 2: split 'test' is neither"),
    "no side": (
        "song,valence,arousal,split\na,0,0,evaluation\nb,0,0,", "row 3: no split of song b",
    ),
    "sides of NA": (
        "song,valence,arousal,split\na,0,0,evaluation\nb,0,0,NA", "row 3: no split of song b",
    ),
    "one side": (
        "song,valence,arousal,split\na,0,0,development\nb,0,0,development",
        "has no evaluation song; write evaluation in column split",
    ),
    "no rating": (HEAD + "a,0,,0\nb,0,nan,nan", "no rating of both valence and arousal"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_table_is_one_clear_line(case, tmp_path):
    text, message = WRONG[case]
    root = write_folder(tmp_path, text, "a.wav", "b.wav")
    if not text:
        (root / "annotations.csv").write_text("")
    with pytest.raises(DatasetError, match=message) as error:
        load(FolderOptions(), "logmel", root)
    assert "annotations.csv" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-16-le"])
def test_other_encodings_are_refused(encoding, tmp_path):
    path = tmp_path / "annotations.csv"
    path.write_bytes("song,valence,arousal\nWährend,0,0\n".encode(encoding))
    with pytest.raises(DatasetError, match="no UTF-8 text; save the table as CSV in UTF-8"):
        read_table(path)


def test_a_spreadsheets_mark_line_ends_and_blank_rows_do_no_harm(tmp_path):
    path = tmp_path / "annotations.csv"
    path.write_bytes("\ufeffsong,valence,arousal\r\n\r\na,0,0.5\r\n,,\r\n".encode())
    (song,) = read_table(path).songs
    assert (song.name, song.rows, song.ratings_N2.tolist()) == ("a", [3], [[0, 0.5]])


def test_a_missing_table_says_what_to_write(tmp_path):
    with pytest.raises(DatasetError, match=r"is missing. Write a CSV file with columns song,"):
        read_table(tmp_path / "annotations.csv")


def found(root):
    return list(faults(FILES, root, lambda done, total: None))


def test_the_data_command_counts_table_recordings_and_features(tmp_path):
    root = write_folder(tmp_path, "song,valence,arousal\na,0,0\nb,0,0", "a.wav", "c.wav")
    pieces = {piece.name: piece for piece in inventory(FILES, root)}
    assert (pieces["recordings"].n_files, pieces["recordings"].n_expected) == (1, 2)
    assert pieces["annotations.csv"].is_complete
    assert pieces["extracted logmel"].n_files == 2
    command = "python -m benchmark data extract --dataset folder --features baseline"
    assert pieces["extracted baseline"].how_to_get == f"{command} --data-root {root}"
    assert not any(piece.n_files for piece in inventory(FILES, tmp_path / "nothing"))


def test_every_wrong_recording_is_named(tmp_path):
    rows = "a,0,0,0\nb,0,0,0\nc,1.0,0,0"
    write_table(tmp_path, HEAD + rows)
    for name in ("a.wav", "b.wav", "c.wav"):
        write_tone(tmp_path / name, seconds=1)
    assert found(tmp_path) == []  # a rating at the very end is no mistake
    write_table(tmp_path, HEAD + rows.replace("1.0", "1.5"))
    (tmp_path / "b.wav").write_bytes(b"no sound")
    damaged, short = found(tmp_path)
    assert f"Audio {tmp_path / 'b.wav'} cannot be decoded" in damaged
    assert "row 4: song c is rated up to 1.5 s, but" in short


def test_no_table_or_a_folder_of_that_name_is_a_fault_where_recordings_are(tmp_path):
    assert found(tmp_path) == []
    write_tone(tmp_path / "a.wav", seconds=1)
    (line,) = found(tmp_path)
    assert "annotations.csv is missing. Write a CSV file" in line
    (tmp_path / "annotations.csv").mkdir()
    (line,) = found(tmp_path)
    assert "annotations.csv is a folder. Write a CSV file" in line


def test_a_wrong_table_is_a_fault_and_other_audio_too(tmp_path):
    write_table(tmp_path, HEAD + "a,0,0,x")
    assert ["row 2: arousal 'x'" in line for line in found(tmp_path)] == [True]
    write_table(tmp_path, HEAD + "a,0,0,0")
    write_recording(tmp_path, "a.wav")
    write_tone(tmp_path / "a.wav", seconds=1)  # another sound than the features were made from
    (line,) = found(tmp_path)
    assert "was made from other audio than" in line
