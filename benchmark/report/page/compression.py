"""Curves and code as text that is small inside a page.

Series  thousandths -> differences -> small numbers first (zigzag) -> one plane per byte -> gzip ->
        base64; emotion moves slowly, so most planes hold zeros. `curves.js` reads it back.
Raters  hundredths in one byte -> differences over time, modulo 256 -> gzip -> base64: finer than a
        thin line shows
Others  values as JSON, and code: gzip -> base64, inflated by the browser's DecompressionStream
"""

import gzip
import json
from base64 import b64encode
from typing import Any

import numpy as np
from numpy.typing import NDArray

THOUSANDTHS = 1000  # RMSE is printed with three decimals, curves are drawn with as many


def packed(values: NDArray[np.floating]) -> str:
    """Return a series (N,) as text, rounded to thousandths."""
    whole = np.rint(np.asarray(values, dtype=np.float64) * THOUSANDTHS).astype(np.int64)
    steps = np.diff(whole, prepend=0)
    zigzag = np.where(steps < 0, -2 * steps - 1, 2 * steps).astype("<u4")
    planes = zigzag.view(np.uint8).reshape(-1, 4).T
    return squeezed(planes.tobytes())


def packed_raters(curves_RT2: NDArray[np.floating]) -> str:
    """Return the curves of R raters on [-1, 1] as text: valence of every rater, then arousal."""
    whole_2RT = np.rint(100 * np.moveaxis(curves_RT2, 2, 0)).astype(np.int8).view(np.uint8)
    return squeezed(np.diff(whole_2RT, axis=2, prepend=np.uint8(0)).tobytes())


def squeezed(content: bytes) -> str:
    """Return bytes as base64 of their gzip; the same bytes always give the same text."""
    return b64encode(gzip.compress(content, mtime=0)).decode("ascii")


def squeezed_json(values: Any) -> str:
    """Return values as squeezed JSON: text in which no name can end a script element."""
    return squeezed(json.dumps(values, allow_nan=False, separators=(",", ":")).encode())
