"""Fetch an archive: resumed where it was cut, checked, and in place only when it is whole.

Files  `DATA/downloads/<file>.part` while it comes, `DATA/downloads/<file>` when size and checksum
       are right. A part that turns out wrong is removed, so the next try starts afresh.
"""

import errno
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from datasets.archives import OFFICIAL, Archive
from datasets.contract import DatasetError

DOWNLOADS = "downloads"
CHUNK_BYTES = 1 << 16  # what a cut can lose
TIMEOUT_SECONDS = 30
TRIES = 5
HTTP_OK, HTTP_PARTIAL, HTTP_RANGE_REFUSED = 200, 206, 416
MIRROR_ADVICE = "Try again later, or from another copy: --mirror URL, or `data import PATH`."
OnBytes = Callable[[int, int], None]  # bytes so far, bytes in all


def download(archive: Archive, data_root: Path, mirror: str | None, on_bytes: OnBytes) -> Path:
    """Return the checked archive in `DATA/downloads`, fetched if it is not there."""
    import pooch

    pooch.get_logger().setLevel("WARNING")
    folder = data_root / DOWNLOADS
    part = folder / f"{archive.file}.part"
    url = (mirror or OFFICIAL).rstrip("/") + "/" + archive.file
    have = part.stat().st_size if part.is_file() else 0
    require_space(data_root, archive.n_bytes - have, f"to download {archive.file}")
    known_hash = f"sha256:{archive.sha256}" if archive.sha256 else None

    def downloader(url: str, output_file: str, _: object) -> None:
        _resume(url, part, archive, on_bytes)
        part.replace(output_file)

    try:
        folder.mkdir(parents=True, exist_ok=True)
        return Path(
            pooch.retrieve(url, known_hash, archive.file, path=folder, downloader=downloader)
        )
    except DatasetError:
        raise
    except ValueError as error:  # how pooch reports a wrong checksum
        raise DatasetError(
            f"{url} is not the file that was expected: its sha256 is not {archive.sha256}."
            f" Nothing of it is kept. {MIRROR_ADVICE}"
        ) from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            part.unlink(missing_ok=True)
        raise DatasetError(
            f"{folder / archive.file} cannot be written ({error.strerror or error})."
            " Free space or rights, or give another --data-root."
        ) from error
    finally:
        _remove_if_empty(folder)


def remove(path: Path) -> None:
    """Remove an archive that is unpacked, and the folder of downloads with the last one."""
    path.unlink()
    _remove_if_empty(path.parent)


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


def require_space(folder: Path, n_bytes: int, what_for: str) -> None:
    """Refuse to begin what the disk cannot hold."""
    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    if n_bytes > free:
        raise DatasetError(
            f"{megabytes(n_bytes)} are needed {what_for}, {megabytes(free)} are free in {folder}."
            " Free space, or give another --data-root."
        )


def megabytes(n_bytes: float) -> str:
    """Write a size for people."""
    return f"{n_bytes / 1e6:,.1f} MB"


def _resume(url: str, part: Path, archive: Archive, on_bytes: OnBytes) -> None:
    """Fetch what is missing of a file, again from where it was cut, a few times."""
    import requests

    for attempt in range(1, TRIES + 1):
        have = part.stat().st_size if part.is_file() else 0
        try:
            _fetch(url, part, have, archive, on_bytes)
            return
        except (requests.ConnectionError, requests.Timeout, _CutError) as error:
            now = part.stat().st_size if part.is_file() else 0
            if attempt == TRIES or (now == have == 0 and not isinstance(error, _CutError)):
                raise DatasetError(_given_up(url, now, archive, error)) from error
            time.sleep(0.2 * 2**attempt)
        except requests.RequestException as error:
            raise DatasetError(f"{url} cannot be fetched ({error}). {MIRROR_ADVICE}") from error


def _given_up(url: str, n_bytes: int, archive: Archive, error: Exception) -> str:
    reason = str(error) if isinstance(error, _CutError) else type(error).__name__
    if not n_bytes:
        return f"{url} cannot be reached ({reason}). {MIRROR_ADVICE}"
    return (
        f"{url} stopped at {megabytes(n_bytes)} of {megabytes(archive.n_bytes)} ({reason})."
        " Run the same command again to go on from there."
    )


class _CutError(Exception):
    """The connection ended before the file did."""


def _fetch(url: str, part: Path, have: int, archive: Archive, on_bytes: OnBytes) -> None:
    """Append to a part what the server still has of it."""
    import requests

    asked = {"Range": f"bytes={have}-", "Accept-Encoding": "identity"}
    with requests.get(
        url, headers=asked if have else {}, stream=True, timeout=TIMEOUT_SECONDS
    ) as reply:
        if reply.status_code == HTTP_RANGE_REFUSED:  # the part is complete, or not of this file
            if have != archive.n_bytes:
                part.unlink()
                raise _CutError("the server has no such range; starting afresh")
            return
        if reply.status_code not in (HTTP_OK, HTTP_PARTIAL):
            raise DatasetError(f"{url} answers {reply.status_code} {reply.reason}. {MIRROR_ADVICE}")
        if reply.status_code == HTTP_OK:
            have = 0  # the server ignores ranges and sends everything
        length = reply.headers.get("Content-Length")
        total = have + int(length) if length else archive.n_bytes
        if archive.is_exact and total != archive.n_bytes:
            part.unlink(missing_ok=True)
            raise DatasetError(
                f"{url} offers {total:,} bytes where {archive.n_bytes:,} were expected; it is"
                f" another file. {MIRROR_ADVICE}"
            )
        with part.open("ab" if have else "wb") as file:
            try:
                for chunk in reply.iter_content(CHUNK_BYTES):
                    file.write(chunk)
                    have += len(chunk)
                    on_bytes(have, total)
            except requests.exceptions.ChunkedEncodingError as error:
                raise _CutError("connection lost") from error
        if length and have < total:
            raise _CutError("connection closed early")
