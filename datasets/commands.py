"""The `data` commands that texts ask people to run, such that they can be pasted."""

from pathlib import Path
from shlex import quote

ANY_ROOT = Path("DATA")  # where the data folder is not known


def data_command(words: str, data_root: Path = ANY_ROOT) -> str:
    """Return a whole `data` command; `words` are its name, arguments and options."""
    return f"python -m benchmark data {words} --data-root {quote(str(data_root))}"


def extract_command(features: str, data_root: Path = ANY_ROOT, option: str = "") -> str:
    """Return the command that makes features; `option` names the dataset, as in `DataFiles`."""
    return data_command(f"extract{option} --features {features}", data_root)
