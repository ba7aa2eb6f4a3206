"""Put a piece of a dataset in its place: from an archive or a folder, whole or not at all.

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

from datasets.contract import DatasetError
from datasets.download import require_space
from datasets.files import DataFiles

OnFile = Callable[[int, int], None]  # files so far, files in all
LITTER = {"__MACOSX", ".DS_Store", "Thumbs.db"}


def install_archive(path: Path, data_root: Path, files: DataFiles, on_file: OnFile) -> Counter[str]:
    """Unpack a zip file's pieces of a dataset; return how many files each piece got."""
    return _some(path, files, _unpack(path, data_root, files, on_file))


def install_folder(path: Path, data_root: Path, files: DataFiles, on_file: OnFile) -> Counter[str]:
    """Copy a folder's pieces of a dataset, wherever in it they lie; zip files in it count too."""
    if data_root.resolve().is_relative_to(path.resolve()):
        raise DatasetError(f"{data_root} lies in {path}; import from a folder outside --data-root.")
    counts: Counter[str] = Counter()
    for archive in sorted(path.rglob("*.zip")):
        if zipfile.is_zipfile(archive):
            counts += _unpack(archive, data_root, files, on_file)
    return _some(path, files, counts + _copy(path, data_root, files, on_file))


def _unpack(path: Path, data_root: Path, files: DataFiles, on_file: OnFile) -> Counter[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            wanted = {
                place: member
                for member in _safe_members(path, archive, files.name)
                if (place := _place(PurePosixPath(member.filename), files)) is not None
            }
            if not wanted:
                return Counter()
            n_bytes = sum(member.file_size for member in wanted.values())
            require_space(data_root, n_bytes, f"to unpack {path.name}")
            with _staging(data_root) as staging:
                for index, (place, member) in enumerate(wanted.items(), start=1):
                    target = staging / place
                    target.parent.mkdir(parents=True, exist_ok=True)
                    with archive.open(member) as source, target.open("wb") as sink:
                        shutil.copyfileobj(source, sink)
                    on_file(index, len(wanted))
                return _move_in(staging, data_root, files)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise DatasetError(
            f"Archive {path} is damaged or no zip file ({error}). Nothing of it was installed."
            " Get it again."
        ) from error


def _copy(path: Path, data_root: Path, files: DataFiles, on_file: OnFile) -> Counter[str]:
    wanted = {
        place: file
        for file in sorted(path.rglob("*"))
        if file.is_file()
        and (place := _place(PurePosixPath(file.relative_to(path).as_posix()), files))
    }
    if not wanted:
        return Counter()
    n_bytes = sum(file.stat().st_size for file in wanted.values())
    require_space(data_root, n_bytes, f"to import {path}")
    with _staging(data_root) as staging:
        for index, (place, file) in enumerate(wanted.items(), start=1):
            (staging / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, staging / place)
            on_file(index, len(wanted))
        return _move_in(staging, data_root, files)


def _place(path: PurePosixPath, files: DataFiles) -> Path | None:
    is_litter = LITTER & {*path.parts} or path.name.startswith("._")
    return None if is_litter or files.place is None else files.place(path)


def _some(path: Path, files: DataFiles, counts: Counter[str]) -> Counter[str]:
    """Refuse a source without anything of the dataset."""
    if not counts:
        raise DatasetError(f"{path} holds nothing of {files.name}: expected {files.contents}.")
    return counts


def _safe_members(path: Path, archive: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    """Refuse an archive that would write outside its folder; return its files."""
    for member in archive.infolist():
        inside = PurePosixPath(member.filename.replace("\\", "/"))
        is_link = stat.S_ISLNK(member.external_attr >> 16)
        if inside.is_absolute() or ".." in inside.parts or ":" in inside.parts[0] or is_link:
            raise DatasetError(
                f"Archive {path} holds {member.filename!r}, which would be written outside its"
                f" folder: it is not {name}'s. Nothing of it was installed."
            )
        if member.flag_bits & 1:
            raise DatasetError(f"Archive {path} is encrypted; give one that is not.")
    return [member for member in archive.infolist() if not member.is_dir()]


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


def _move_in(staging: Path, data_root: Path, files: DataFiles) -> Counter[str]:
    """Rename every staged file into its place and count them by piece."""
    files.tidy(staging, data_root)
    counts: Counter[str] = Counter()
    for file in sorted(path for path in staging.rglob("*") if path.is_file()):
        place = file.relative_to(staging)
        (data_root / place).parent.mkdir(parents=True, exist_ok=True)
        file.replace(data_root / place)
        counts[place.parts[min(1, len(place.parts) - 2)]] += 1  # a folder's name
    return counts
