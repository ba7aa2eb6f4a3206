"""What all figures share: one look, one way to be saved (only door to seaborn)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MARKERS = "oDsP^vX*<>hd"
UNDATED = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}  # the same bytes again


@contextmanager
def drawing(path: Path) -> Iterator[tuple[Any, Any]]:
    """Lend pyplot and seaborn, styled alike for all figures; save what was drawn and close it."""
    import matplotlib as mpl
    import seaborn as sns

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    salted = mpl.rc_context({"svg.hashsalt": "mer-benchmark"})
    with sns.axes_style("whitegrid"), sns.plotting_context("notebook"), salted:
        yield plt, sns
        path.parent.mkdir(parents=True, exist_ok=True)
        plt.gcf().savefig(path, dpi=150, metadata=UNDATED[path.suffix[1:]])
        plt.close()
