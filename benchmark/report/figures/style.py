"""What all figures share: one look, one way to be saved (only door to seaborn)."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.record.places import write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 150
CONVENTION_INKS = {"pooled": "0.25", "per song": "0.68"}  # of what is no model's
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
        write_whole(path, _image(plt.gcf(), path.suffix[1:]))
        plt.close()


def _image(figure: "Figure", kind: str) -> bytes:
    """Place everything and draw; placed once, a figure need not be drawn twice."""
    engine = figure.get_layout_engine()
    if engine is not None:
        figure.set_dpi(DPI)  # text is as wide as it will be
        engine.execute(figure)
        figure.set_layout_engine(None)
    image = BytesIO()
    figure.savefig(image, format=kind, dpi=DPI, metadata=UNDATED[kind])
    return image.getvalue()
