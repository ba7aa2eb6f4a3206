"""Find a row in any registry by name, or explain what was probably meant."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import TypeVar

from benchmark.errors import ConfigError, UnknownNameError

Entry = TypeVar("Entry")
OF_USERS = ("model", "dataset")  # what a file of a user's may add


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return " Did you mean 'x'?" for the closest known name, or nothing."""
    close = get_close_matches(name, list(known), n=1)
    return f" Did you mean '{close[0]}'?" if close else ""


def check_options(names: Iterable[str], known: Sequence[str], *, where: str) -> None:
    """Refuse the first name that is no option; `where` is what the user was writing."""
    for name in names:
        if name not in known:
            raise ConfigError(
                f"{where} has no option '{name}'.{suggestion(name, known)}"
                f" Known: {', '.join(known)}."
            )


def find(table: Mapping[str, Entry], name: str, *, kind: str) -> Entry:
    """Return the row called `name`; `kind` is the word the user knows the table by."""
    if name in table:
        return table[name]
    plural = kind if kind.endswith("s") else {"study": "studies"}.get(kind, f"{kind}s")
    own = f" A {kind} of your own needs --include FILE.py." if kind in OF_USERS else ""
    if kind == "study":
        own = " One that `search` promoted needs the --results of that search."
    raise UnknownNameError(
        f"No {kind} is called '{name}'.{suggestion(name, table)}{own}"
        f" Known: {', '.join(table)}. See: python -m benchmark list {plural}"
    )
