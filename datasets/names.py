"""Which texts may be names: of songs, and of whatever becomes part of a file's name."""

import unicodedata
from typing import Any

LONGEST = 200  # bytes of UTF-8
LONGEST_FILE_NAME = 255  # as file systems have it
UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}  # control characters, halves of characters, line ends


def flaw_of_name(name: Any, longest: int = LONGEST) -> str:
    """Return why something cannot be a name, as "is empty"; "" if it can; `longest` in bytes."""
    if not isinstance(name, str):
        return f"is no text but {type(name).__name__}"
    if not name.strip():
        return "is empty"
    if len(name) > longest or len(name.encode(errors="replace")) > longest:
        return f"is longer than {longest} bytes"
    return flaw_of_characters(name)


def flaw_of_characters(text: str) -> str:
    """Return that a text holds what changes lines or a terminal, and no one can see; else ""."""
    if not text.isascii() or not text.isprintable():
        for character in text:
            if unicodedata.category(character) in UNPRINTABLE:
                return f"holds the control character U+{ord(character):04X}"
    return ""


def flaw_of_file_name(name: Any) -> str:
    """Return why something cannot be one part of a path, as "holds '/'"; "" if it can."""
    if flaw := flaw_of_name(name, LONGEST_FILE_NAME):
        return flaw
    if name in (".", ".."):
        return "is a folder of the system's own"
    return next((f"holds {mark!r}" for mark in "/\\" if mark in name), "")


def shown_name(name: Any) -> str:
    """Return a name for a message: quoted, escaped and cut."""
    text = name if isinstance(name, str) else f"{type(name).__name__}"
    return ascii(text) if len(text) <= 60 else f"{text[:60]!a}..."
