"""Open regular files of bounded size, and nothing else: no pipe is waited for, no device read."""

import errno
import os
import stat
from pathlib import Path

MOST_BYTES = 2**28  # of a JSON file; a record of a hundred networks has under a million


def content_of(path: Path, most: int = MOST_BYTES) -> bytes:
    """Return a file's bytes; whatever is wrong is an OSError, whose `strerror` says what."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    try:
        _check(path, os.fstat(descriptor), most)
        with open(descriptor, "rb", buffering=0, closefd=False) as file:
            return file.readall()
    finally:
        os.close(descriptor)


def check_regular(path: Path, most: int) -> None:
    """Raise OSError where something else than a file is, or a file of absurd size."""
    _check(path, path.stat(), most)


def _check(path: Path, status: os.stat_result, most: int) -> None:
    """Raise OSError where a status is not that of a file that can be."""
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is a pipe or device, no file", str(path))
    if status.st_size > most:
        size = f"it has {status.st_size / 1e6:,.0f} MB, more than {most / 1e6:,.0f}"
        raise OSError(errno.EFBIG, size, str(path))
