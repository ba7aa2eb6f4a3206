"""What a results folder is to take from others: decided as a whole, then written.

Of whatever several folders hold they must agree in everything but circumstances. Where they do
not, nothing is written until the user says whose to keep.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from benchmark.errors import ResultsError
from benchmark.files import content_of
from benchmark.record.places import Place, place, remove, write_whole
from benchmark.record.weights import MOST_BYTES

Prefer = Literal["newest", "left"]
State = tuple[int, int, int] | None  # of a file: when it was written, its size, which it is
MOST_NAMED = 3  # conflicts in one message, and differences in one conflict


@dataclass(frozen=True)
class Version:
    """What one folder holds of something that several may hold."""

    folder: Path
    path: Path
    content: Mapping[str, Any]  # what must agree
    rank: float  # `newest` takes the highest
    summary: str = ""  # of the content, for people


@dataclass(frozen=True)
class NewFile:
    """A file that the target is to take, after others are removed."""

    place: Place
    source: Path | bytes
    replaces: tuple[Place, ...]


@dataclass
class Merge:
    """What a folder is to take from others."""

    into: Path
    folders: Sequence[Path]  # in the order of the command line; the target is one if it exists
    prefer: Prefer | None = None
    files: list[NewFile] = field(default_factory=list)  # in the order of writing
    conflicts: list[str] = field(default_factory=list)
    n_decided: int = 0  # conflicts that `prefer` ended
    seen: dict[Path, State] = field(default_factory=dict)  # how files were before they were read

    @property
    def counts(self) -> Counter[str]:
        """Return how many files are to be written, by the first part of their path."""
        return Counter(file.place.relative_to(self.into).parts[0] for file in self.files)

    def look(self, path: Path) -> None:
        """Remember how a file is before it is read, or that there is none."""
        self.seen.setdefault(path, _state(path))

    def look_again(self, path: Path) -> None:
        """Remember how a file is after this process changed it."""
        self.seen[path] = _state(path)

    def agreed(self, versions: Sequence[Version]) -> list[Version]:
        """Return the versions that agree with the one to keep, the target's own first."""
        kept = versions[0]
        other = next((version for version in versions if version.content != kept.content), None)
        if other and self.prefer is None:
            self.conflicts.append(_conflict(kept, other))
        elif other:
            self.n_decided += 1
            kept = kept if self.prefer == "left" else max(versions, key=lambda each: each.rank)
        same = [version for version in versions if version.content == kept.content]
        return sorted(same, key=lambda version: version.folder != self.into)

    def take(self, source: Path | bytes, target: Place, replaces: tuple[Place, ...] = ()) -> None:
        """Plan to write a file."""
        self.look(target)
        self.files.append(NewFile(target, source, replaces))

    def take_named(self, versions: Iterable[Version]) -> None:
        """Take files that have one name in every folder that holds them."""
        by_name: dict[tuple[str, ...], list[Version]] = {}
        for version in versions:
            by_name.setdefault(version.path.relative_to(version.folder).parts, []).append(version)
        for name, of_name in by_name.items():
            kept = self.agreed(of_name)[0]
            if kept.folder != self.into:
                self.take(kept.path, place(self.into, *name))

    def refuse_conflicts(self) -> None:
        """Raise `ResultsError` where the folders do not agree."""
        if self.conflicts:
            raise ResultsError(
                f"The folders disagree, and nothing is written: {_first(self.conflicts, '; ')}. Say"
                " which to keep with --prefer newest or --prefer left, or remove the wrong one."
            )

    def write(self) -> None:
        """Write the files, each of them whole; what changed since it was read is refused."""
        for file in self.files:
            content = file.source
            if isinstance(content, Path):
                self.check_unchanged(content)
                content = _content(content)
            self.check_unchanged(file.place)
            for path in file.replaces:
                remove(path)
                self.look_again(path)
            write_whole(file.place, content)

    def check_unchanged(self, path: Path) -> None:
        """Refuse a file that another process has written or removed since it was read."""
        if _state(path) != self.seen[path]:
            raise ResultsError(
                f"{path} changed while it was merged. What is merged stays: run the same command"
                " again."
            )


def _state(path: Path) -> State:
    """Return what tells a file from one written later in its place."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _content(path: Path) -> bytes:
    try:
        return content_of(path, MOST_BYTES)
    except OSError as error:
        raise ResultsError(f"{path} cannot be read: {error.strerror}.") from error


def _conflict(first: Version, other: Version) -> str:
    """Name what two folders hold differently, and in what it differs."""
    keys = first.content.keys() | other.content.keys()
    differing = sorted(str(k) for k in keys if first.content.get(k) != other.content.get(k))
    both = f" ({first.summary}; {other.summary})" if first.summary else ""
    return f"{first.path} and {other.path} differ in {_first(differing, ', ')}{both}"


def _first(texts: Sequence[str], separator: str) -> str:
    """Return some texts as one, and how many more there are."""
    n_more = len(texts) - MOST_NAMED
    more = [f"and {n_more} more"] if n_more > 0 else []
    return separator.join([*texts[:MOST_NAMED], *more])
