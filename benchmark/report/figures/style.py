"""What all figures share: one look, one way to be saved (only door to seaborn)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 150
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
        _save(plt.gcf(), path)
        plt.close()


def _save(figure: "Figure", path: Path) -> None:
    """Place everything and save; placed once, a figure need not be drawn twice."""
    engine = figure.get_layout_engine()
    if engine is not None:
        figure.set_dpi(DPI)  # text is as wide as it will be
        engine.execute(figure)
        figure.set_layout_engine(None)
    figure.savefig(path, dpi=DPI, metadata=UNDATED[path.suffix[1:]])
