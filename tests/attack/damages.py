"""What can be wrong with a file: each function does it to a path and says what it did."""

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any
from zipfile import ZIP_STORED, ZipFile

import numpy as np

from tests.attack.hostile import UP, damaged, json_value, plain_text, text


def raw(path: Path, random: Random) -> str:
    """Damage the bytes."""
    content, what = damaged(path.read_bytes(), random)
    path.write_bytes(content)
    return what


def replaced(path: Path, random: Random) -> str:
    """Put something else in the file's place."""
    kinds = ("folder", "link to itself", "FIFO", "dangling link", "link outside")
    kind = random.choice((*kinds, "link to a new file outside"))
    path.unlink()
    match kind:
        case "folder":
            path.mkdir()
        case "link to itself":
            path.symlink_to(path.name)
        case "dangling link":
            path.symlink_to("nothing-here")
        case "link outside":
            path.symlink_to(Path(*path.parts[: path.parts.index("work") + 1], "notes.txt"))
        case "link to a new file outside":
            path.symlink_to(Path(*path.parts[: path.parts.index("work") + 1], "new"))
        case _:
            os.mkfifo(path)
    return f"a {kind}"


def renamed(path: Path, random: Random) -> str:
    """Give the file, or a copy of it, another name."""
    other = path.with_name(random.choice((f"renamed-{path.name}", f"renamed-x{path.suffix}")))
    other.write_bytes(path.read_bytes())
    if random.random() < 0.7:
        path.unlink()
    return f"renamed to {other.name}"


def field(path: Path, random: Random) -> str:
    """Change one or two fields of a JSON file."""
    values = json.loads(path.read_bytes())
    what = [_change(values, random) for _ in range(random.choice((1, 1, 1, 2)))]
    path.write_bytes(json.dumps(values).encode(errors="surrogatepass"))
    return "; ".join(what)


def identity(path: Path, random: Random) -> str:
    """Change what a record's or a plan's paths are made of."""
    values = json.loads(path.read_bytes())
    key = random.choice(("cell", "group", "name", "dataset", "features", "model", "study"))
    texts = (UP, f"{UP}OUT", "..", "a/b", "", "a" * 300, "a\nb", "x", "\x1b[31m")
    values[key] = value = random.choice((*texts, 1, None))
    path.write_text(json.dumps(values))
    return f"{key} = {value!r:.60}"


def _change(values: Any, random: Random, where: str = "") -> str:
    """Change something somewhere below a value, and say what."""
    keys = list(values) if isinstance(values, dict) else list(range(len(values)))
    if not keys or random.random() < 0.08:
        if isinstance(values, dict):
            values[plain_text(random)] = json_value(random)
        else:
            values.append(json_value(random))
        return f"{where}: something added"
    key = random.choice(keys)
    place = f"{where}.{key}"[-80:]
    if isinstance(values[key], dict | list) and random.random() < 0.6:
        return _change(values[key], random, place)
    if random.random() < 0.2:
        del values[key]
        return f"{place} removed"
    values[key] = json_value(random)
    return f"{place} = {values[key]!r:.60}"


def header(path: Path, random: Random) -> str:
    """Change what the header of a file of weights says, the arrays' places or the metadata."""
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    values = json.loads(content[8 : 8 + size])
    metadata = values["__metadata__"]
    if random.random() < 0.7:
        model = json.loads(metadata["model"])
        what = _change(model, random, "model")
        metadata["model"] = json.dumps(model)
    else:
        what = _change(values, random, "header")
    written = json.dumps(values).encode(errors="surrogatepass")
    path.write_bytes(len(written).to_bytes(8, "little") + written + content[8 + size :])
    return what


def other_arrays(path: Path, random: Random) -> str:
    """Write arrays of other names, shapes, kinds or values."""
    with np.load(path) as stored:
        arrays = dict(stored)
    name = random.choice(list(arrays))
    one = np.atleast_1d(arrays[name])
    odd = {
        "NaN": np.full(one.shape, np.nan), "empty": np.zeros((0, 2), np.float32),
        "text": np.array("x"), "shorter": one[:1],
        "three columns": np.ones((len(one), 3), np.float32),
        "integers": np.ones(one.shape, np.int64), "complex": np.ones(one.shape, np.complex64),
        "no axis": np.float32(1), "huge": np.full(one.shape, 3e38, np.float32),
    }  # fmt: skip
    what = random.choice((*odd, "removed", "renamed", "pickle"))
    if what in ("removed", "renamed"):
        taken = arrays.pop(name)
        arrays |= {text(random).replace("\0", ""): taken} if what == "renamed" else {}
    elif what == "pickle":
        arrays[name] = np.array([{}], object)
    else:
        arrays[name] = odd[what]
    with ZipFile(path, "w", ZIP_STORED) as archive:
        for key, value in arrays.items():
            with archive.open(f"{key}.npy".encode(errors="replace").decode(), "w") as file:
                np.lib.format.write_array(file, value)
    return f"{name}: {what}"


def tables(path: Path, random: Random) -> str:
    """Drop or empty a table of a SQLite database, or make it another version's."""
    with closing(sqlite3.connect(path)) as base, base:
        found = base.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        names = sorted(name for (name,) in found if not name.startswith("sqlite"))
        name = random.choice(names)
        match random.choice(("dropped", "emptied", "of another version")):
            case "dropped":
                base.execute(f'DROP TABLE "{name}"')
                return f"table {name} dropped"
            case "emptied":
                base.execute(f'DELETE FROM "{name}"')
                return f"table {name} emptied"
        base.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")
        return "of another version"


def addresses(path: Path, random: Random) -> str:
    """Make a MLflow database say that files lie elsewhere."""
    work = Path(*path.parts[: path.parts.index("work") + 1])
    place = random.choice(
        (work / "project", work.parent / "mlartifacts" / "x", work / "new")
    ).as_uri()
    column = random.choice(("experiments.artifact_location", "runs.artifact_uri"))
    table, _, name = column.partition(".")
    with closing(sqlite3.connect(path)) as base, base:
        base.execute(f"UPDATE {table} SET {name} = ?", (place,))
    return f"{column} = {place[-40:]}"


def cells(path: Path, random: Random) -> str:
    """Change cells, rows or columns of a CSV."""
    rows = [line.split(",") for line in path.read_text().splitlines()]
    row = random.randrange(len(rows))
    what = random.choice(("cell", "row", "column", "doubled", "header"))
    match what:
        case "cell":
            rows[row][random.randrange(len(rows[row]))] = plain_text(random)
        case "row":
            rows[row] = rows[row][: random.randrange(4)]
        case "column":
            at = random.randrange(4)
            rows = [line[:at] + line[at + 1 :] for line in rows]
        case "doubled":
            rows.insert(row, rows[row])
        case _:
            names = ("song", "time", "family", "split", "x", "")
            rows[0][random.randrange(4)] = random.choice(names)
    path.write_text("\n".join(",".join(line) for line in rows) + "\n")
    return f"{what} in row {row}"
