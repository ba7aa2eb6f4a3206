"""Archives made on the spot, and what became of them."""

import hashlib
import io
import zipfile


def zipped(files: dict[str, bytes]) -> bytes:
    """Return a zip file's bytes, hard to compress so that cuts fall inside."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


NOISE = b"".join(hashlib.sha256(str(n).encode()).digest() for n in range(120_000))  # 3.8 MB
CONTENT = zipped({"annotations/a.csv": NOISE, "annotations/b/c.csv": b"1,2\n"})


def everything_in(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
