"""What the command line prints, made safe for where it goes.

A terminal that knows ASCII alone gets escapes for other characters; control characters in texts
that come from records never reach a terminal; a full disk behind stdout is one line.
"""

import os
import sys
import unicodedata
from pathlib import Path


def print_what_can_be_printed() -> None:
    """Let stdout and stderr escape the characters that their encoding lacks."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure") and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def visible(text: str) -> str:
    """Return a text with its control characters as escapes; tabs and line ends stay."""
    if text.isprintable():
        return text
    return "".join(
        character.encode("unicode_escape").decode("ascii")
        if unicodedata.category(character) in ("Cc", "Cs") and character not in "\t\n"
        else character
        for character in text
    )


def as_started(text: str) -> str:
    """Return text whose commands begin as the one that runs did: `mer-benchmark` has a script."""
    is_script = Path(sys.argv[0]).stem == "mer-benchmark"
    return text.replace("python -m benchmark", "mer-benchmark") if is_script else text


def flush_or_fail() -> None:
    """Write out what was printed; raises OSError once, so that Python's end does not repeat it."""
    try:
        sys.stdout.flush()
    except OSError:
        drop_stdout()
        raise


def drop_stdout() -> None:
    """Send what is left for stdout nowhere: it cannot be written."""
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - a device
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
