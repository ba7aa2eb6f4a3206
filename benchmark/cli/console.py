"""Where text meets rich: a user's own, brackets and all, is printed as it is, never as markup."""

from rich.console import Console
from rich.progress import TextColumn


def console(*, stderr: bool = False, width: int | None = None) -> Console:
    """Return a console without markup, emoji names and colours of its own."""
    return Console(stderr=stderr, width=width, markup=False, emoji=False, highlight=False)


def text_column(text_format: str) -> TextColumn:
    """Return a column of a progress bar that shows text as it is."""
    return TextColumn(text_format, markup=False)
