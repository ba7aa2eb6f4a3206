"""Reading: nothing in a file is believed before it is checked.

Files come from other machines, from a full disk, from a stranger. Only regular files of bounded
size are opened, JSON is held against types, arrays against their shape; whatever is wrong is one
`ResultsError` that names the file, what was found and what to do.
"""

import zlib
from collections.abc import Iterator
from dataclasses import is_dataclass
from functools import cache
from lzma import LZMAError
from pathlib import Path
from typing import Any, TypeVar
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.lib.format import read_array
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from benchmark.errors import ResultsError
from benchmark.files import check_regular, content_of
from datasets.names import flaw_of_characters, flaw_of_name, shown_name

MOST_ARRAY_BYTES = 2**33  # of all arrays of a file, unpacked
Kind = TypeVar("Kind")
AGAIN = "Remove it and run again."
FREE_TEXT = ("error", "reason", "circumstances")  # fields that may hold lines, shown escaped


def read_checked(path: Path, kind: type[Kind], what: str, mend: str = AGAIN) -> Kind:
    """Return a JSON file as a value of this type; `what` is the file's kind, for people."""
    try:
        content = content_of(path)
        value: Kind = adapter_of(kind).validate_json(content)  # type: ignore[arg-type]
    except OSError as error:
        raise ResultsError(f"{what} {path} cannot be read: {error.strerror}. {mend}") from error
    except ValidationError as error:
        raise ResultsError(f"{what} {path} is damaged: {reason_of(error)}. {mend}") from error
    if flaw := hidden_characters(content, value):
        raise ResultsError(f"{what} {path} {flaw}. {mend}")
    return value


def hidden_characters(content: bytes, value: Any) -> str:
    """Return that a name or value holds characters that change what a terminal shows; else "".

    JSON escapes them, so that most files need no second look.
    """
    if b"\\" not in content and content.isascii():
        return ""
    return next(filter(None, map(flaw_of_characters, _texts(value))), "")


def _texts(value: Any) -> Iterator[str]:
    """Yield every text in a value but those of fields that may hold lines."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif is_dataclass(value):
        for key, inner in vars(value).items():
            if key not in FREE_TEXT:
                yield from _texts(inner)


@cache
def adapter_of(kind: Any) -> TypeAdapter[Any]:
    """Return what checks values of a type; made once."""
    return TypeAdapter(kind)


def reason_of(error: ValidationError) -> str:
    """Return the first thing that is wrong, after its place in the file: "scores.x: ..."."""
    first = error.errors(include_url=False, include_context=False)[0]
    place = ".".join(map(str, first["loc"]))[:100]
    given = "" if first["type"] in ("missing", "json_invalid") else f", got {_cut(first['input'])}"
    return f"{f'{place}: ' if place else ''}{first['msg']}{given}"


def _cut(value: Any) -> str:
    """Return a value in a few words: never the whole of it, which may be endless."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    return shown_name(value) if isinstance(value, str) else ascii(value)[:60]


def read_arrays(path: Path) -> dict[str, NDArray[np.float32]]:
    """Read named arrays of finite numbers, none where there is no file; a damaged file is named.

    `np.load` takes "s1.npy" for the file of "s1", so the archive is read by itself.
    """
    try:
        if not path.exists():
            return {}
        check_regular(path, MOST_ARRAY_BYTES)
        with ZipFile(path) as archive:
            return _arrays(archive)
    except (
        OSError,
        ValueError,
        BadZipFile,
        EOFError,
        LZMAError,
        zlib.error,
        IndexError,
        KeyError,
        NotImplementedError,
        RuntimeError,
        SyntaxError,
        TypeError,
        MemoryError,
        OverflowError,
    ) as error:  # fmt: skip - whatever zipfile and numpy raise
        raise ResultsError(f"File {path} is damaged ({_line(error)}). {AGAIN}") from error


def _arrays(archive: ZipFile) -> dict[str, NDArray[np.float32]]:
    """Return the arrays of an open archive; raises ValueError where one is not as it should be."""
    if sum(member.file_size for member in archive.infolist()) > MOST_ARRAY_BYTES:
        raise ValueError(f"more than {MOST_ARRAY_BYTES:,} bytes of arrays")
    arrays: dict[str, NDArray[np.float32]] = {}
    for member in archive.infolist():
        name = member.filename.removesuffix(".npy")
        if flaw := flaw_of_name(name) or ("is there twice" if name in arrays else ""):
            raise ValueError(f"the name {shown_name(name)} {flaw}")
        with archive.open(member) as file:
            arrays[name] = read_array(file, allow_pickle=False)
        check_numbers(name, arrays[name])
    return arrays


def check_numbers(name: str, array: NDArray[Any]) -> None:
    """Refuse an array that holds anything but finite numbers."""
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{shown_name(name)} holds {array.dtype}, no numbers")
    if not np.isfinite(array).all():
        raise ValueError(f"{shown_name(name)} holds NaN or inf")


def _line(error: Exception) -> str:
    """Return an error's first line, or its kind where it says nothing."""
    return next(iter(str(error).splitlines()), "")[:200] or type(error).__name__
