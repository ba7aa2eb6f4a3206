"""Our packages have common names: tell whether another distribution's hides one of them."""

from importlib.util import find_spec
from pathlib import Path

OURS = ("datasets", "models", "studies")


def hidden_by(name: str) -> str | None:
    """Return where a package of this name comes from if it is not ours, else None."""
    found = find_spec(name)
    if found is None or found.origin is None:
        return "nothing: it is missing"
    is_ours = Path(found.origin).parents[1] == Path(__file__).parents[1]
    return None if is_ours else found.origin
