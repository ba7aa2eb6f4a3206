"""Put a piece of DEAM in its place: from an archive or a folder, whole or not at all.

Everything is written into a temporary folder of the data folder first and renamed at the end, so
a damaged archive, a full disk or a kill leaves what was there before.
"""

import shutil
import stat
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from datasets.archives import ARCHIVES
from datasets.contract import DatasetError
from datasets.download import require_space

OnFile = Callable[[int, int], None]  # files so far, files in all
LITTER = {"__MACOSX", ".DS_Store", "Thumbs.db"}
SUFFIXES = {".csv", ".mp3", ".wav", ".flac", ".ogg", ".txt", ".pdf", ".md"}
EXTRAS = ("dev_labels_2015.csv", "song_level_features.csv")  # not of the release, of mediaeval2015/


def install_archive(path: Path, data_root: Path, on_file: OnFile) -> Counter[str]:
    """Unpack a zip file's pieces of DEAM; return how many files each piece got."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = _safe_members(path, archive)
            wanted = {
                place: member
                for member in members
                if (place := _place(PurePosixPath(member.filename))) is not None
            }
            _require_some(path, wanted)
            n_bytes = sum(member.file_size for member in wanted.values())
            require_space(data_root, n_bytes, f"to unpack {path.name}")
            with _staging(data_root) as staging:
                for index, (place, member) in enumerate(wanted.items(), start=1):
                    target = staging / place
                    target.parent.mkdir(parents=True, exist_ok=True)
                    with archive.open(member) as source, target.open("wb") as sink:
                        shutil.copyfileobj(source, sink)
                    on_file(index, len(wanted))
                return _move_in(staging, data_root)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise DatasetError(
            f"Archive {path} is damaged or no zip file ({error}). Nothing of it was installed."
            " Get it again."
        ) from error


def install_folder(path: Path, data_root: Path, on_file: OnFile) -> Counter[str]:
    """Copy a folder's pieces of DEAM, wherever in it they lie; zip files in it count too."""
    if data_root.resolve().is_relative_to(path.resolve()):
        raise DatasetError(f"{data_root} lies in {path}; import from a folder outside --data-root.")
    found = {
        place: file
        for file in sorted(path.rglob("*"))
        if file.is_file() and (place := _place(PurePosixPath(file.relative_to(path).as_posix())))
    }
    archives = [file for file in sorted(path.rglob("*.zip")) if zipfile.is_zipfile(file)]
    if not archives:
        _require_some(path, found)
    counts: Counter[str] = Counter()
    for archive in archives:
        counts += install_archive(archive, data_root, on_file)
    n_bytes = sum(file.stat().st_size for file in found.values())
    require_space(data_root, n_bytes, f"to import {path}")
    with _staging(data_root) as staging:
        for index, (place, file) in enumerate(found.items(), start=1):
            (staging / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, staging / place)
            on_file(index, len(found))
        return counts + _move_in(staging, data_root)


def _place(path: PurePosixPath) -> Path | None:
    """Return where a file of the release belongs below the data folder; None: not of it."""
    if LITTER & {*path.parts} or path.name.startswith("._"):
        return None
    if path.name in EXTRAS:
        return Path("mediaeval2015", path.name)
    for archive in ARCHIVES.values():
        if archive.folder in path.parts[:-1] and path.suffix.lower() in SUFFIXES:
            inside = path.parts[path.parts.index(archive.folder) :]
            return Path("DEAM", *inside)
    return None


def _safe_members(path: Path, archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Refuse an archive that would write outside its folder; return its files."""
    for member in archive.infolist():
        inside = PurePosixPath(member.filename.replace("\\", "/"))
        is_link = stat.S_ISLNK(member.external_attr >> 16)
        if inside.is_absolute() or ".." in inside.parts or ":" in inside.parts[0] or is_link:
            raise DatasetError(
                f"Archive {path} holds {member.filename!r}, which would be written outside its"
                " folder: it is not DEAM's. Nothing of it was installed."
            )
        if member.flag_bits & 1:
            raise DatasetError(f"Archive {path} is encrypted; DEAM's are not.")
    return [member for member in archive.infolist() if not member.is_dir()]


def _require_some(path: Path, found: dict[Path, zipfile.ZipInfo] | dict[Path, Path]) -> None:
    """Refuse a source without anything of DEAM."""
    if not found:
        folders = ", ".join(archive.folder for archive in ARCHIVES.values())
        raise DatasetError(
            f"{path} holds nothing of DEAM: expected files in folders called {folders}, or"
            f" {' and '.join(EXTRAS)}."
        )


@contextmanager
def _staging(data_root: Path) -> Iterator[Path]:
    """Make a temporary folder on the data folder's own disk, removed whatever happens."""
    staging = None
    try:
        data_root.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".installing-", dir=data_root))
        yield staging
    except OSError as error:
        raise DatasetError(
            f"{data_root} cannot be written ({error.strerror or error}). Nothing was installed."
            " Free space or rights, or give another --data-root."
        ) from error
    finally:
        if staging is not None:
            shutil.rmtree(staging, ignore_errors=True)


def _move_in(staging: Path, data_root: Path) -> Counter[str]:
    """Rename every staged file into its place and count them by piece."""
    counts: Counter[str] = Counter()
    for file in sorted(one for one in staging.rglob("*") if one.is_file()):
        place = file.relative_to(staging)
        (data_root / place).parent.mkdir(parents=True, exist_ok=True)
        file.replace(data_root / place)
        counts[place.parts[1] if place.parts[0] == "DEAM" else place.parts[0]] += 1
    return counts
