"""A hundred damaged tables: one clear error each, or the very numbers of the whole file."""

import random

import numpy as np
import pytest

from datasets.contract import DatasetError
from datasets.deam_files import read_target
from datasets.features.deam_features import COLUMNS, read_song

TIMES = 15 + 0.5 * np.arange(60)
KINDS = (
    "cut between rows", "cut inside a number", "empty", "text", "binary", "NaN column", "comma",
    "tab", "column gone", "column twice", "rows gone", "row twice", "header gone", "spaces",
    "decimal commas",
)  # fmt: skip


def feature_file(rng: random.Random) -> list[list[str]]:
    """Return a whole feature file: a header and 91 rows of 261 cells."""
    rows = [[f"{0.5 * n:.1f}", *(f"{rng.gauss(0, 1):.6f}" for _ in COLUMNS)] for n in range(91)]
    return [["frameTime", *COLUMNS], *rows]


def annotation_file(rng: random.Random) -> list[list[str]]:
    """Return a whole annotation file: twenty songs of sixty values."""
    header = ["song_id", *(f"sample_{15000 + 500 * n}ms" for n in range(60))]
    return [
        header, *([str(n), *(f"{rng.uniform(-1, 1):.6f}" for _ in range(60))] for n in range(20))
    ]  # fmt: skip


def damaged(cells: list[list[str]], separator: str, kind: str, rng: random.Random) -> bytes:
    """Return the file's bytes after one kind of damage."""
    column = rng.randrange(1, len(cells[0]))
    row = rng.randrange(1, len(cells))
    changed = [list(line) for line in cells]
    if kind == "NaN column":
        for line in changed[1:]:
            line[column] = rng.choice(["nan", "", "inf"])
    elif kind == "column gone":
        changed = [line[:column] + line[column + 1 :] for line in changed]
    elif kind == "column twice":
        changed = [line[: column + 1] + line[column:] for line in changed]
    elif kind == "rows gone":
        del changed[row : row + 5]
    elif kind == "row twice":
        changed.insert(row, changed[row])
    elif kind == "header gone":
        del changed[0]
    elif kind == "spaces":
        changed[0] = [f" {name} " for name in changed[0]]
    elif kind == "decimal commas":
        changed[1:] = [[cell.replace(".", ",") for cell in line] for line in changed[1:]]
    elif kind == "cut between rows":
        changed = changed[:row]
    separator = {"comma": "," if separator == ";" else ";", "tab": "\t"}.get(kind, separator)
    content = ("\n".join(separator.join(line) for line in changed) + "\n").encode()
    if kind == "cut inside a number":
        content = content[: rng.randrange(len(content) // 2, len(content) * 9 // 10)]
    made = {"empty": b"", "text": b"not a table\n" * 50, "binary": rng.randbytes(5000)}
    return made.get(kind, content)


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_feature_file_is_refused_or_read_right(tmp_path, kind):
    rng = random.Random(kind)
    for number in range(4):
        cells = feature_file(rng)
        path = tmp_path / f"{number}.csv"
        path.write_bytes(damaged(cells, ";", kind, rng))
        try:
            found = read_song(path, TIMES)
        except DatasetError as error:
            assert path.name in str(error)
            assert len(str(error)) < 600
        else:
            expected = np.array([line[1:] for line in cells[31:91]], dtype=np.float32)
            assert (found == expected).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_annotation_file_is_refused_or_read_right(tmp_path, kind):
    rng = random.Random(kind)
    for number in range(4):
        cells = annotation_file(rng)
        path = tmp_path / f"{number}.csv"
        path.write_bytes(damaged(cells, ",", kind, rng))
        try:
            found = read_target(path)
        except DatasetError as error:
            assert path.name in str(error)
            assert len(str(error)) < 600
        else:
            whole = {int(line[0]): np.array(line[1:], np.float32) for line in cells[1:]}
            for song_id, series in found.items():
                assert (series.to_numpy() == whole[song_id][: len(series)]).all()
                assert series.index[0] == 15.0
