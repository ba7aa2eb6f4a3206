"""Arrays of songs: what may be one, and that nobody writes into them.

Every cell, and every model in it, sees the songs as loaded.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """Return the values over memory that stays as it is: no flag, view or base opens it again.

    NumPy trusts `bytes` never to change. Other libraries need not ask it (`torch.from_numpy` does
    not), so a cell also compares digests.
    """
    if isinstance(array.base, bytes):
        return array
    return np.ndarray(array.shape, array.dtype, array.tobytes())


def not_numbers(array: object) -> str:
    """Return what something is that is no array of real numbers; "" if it is one."""
    if not isinstance(array, np.ndarray):
        return type(array).__name__
    return "" if array.dtype.kind in "fiu" else str(array.dtype)


def flaw_of_numbers(array: NDArray[np.float32], shape: tuple[int, ...]) -> str:
    """Return why something is no array of finite numbers of a shape, as "holds NaN or inf"."""
    if kind := not_numbers(array):
        return f"is {kind}"
    if array.shape != shape:
        return f"has shape {array.shape}"
    return "" if np.isfinite(array).all() else "holds NaN or inf"
