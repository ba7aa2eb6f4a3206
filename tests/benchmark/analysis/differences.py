"""The interval of one row's errors less another's, straight from records."""

from benchmark.analysis.intervals import intervals, share_repetitions, subtracted
from benchmark.analysis.resamples import MANY
from benchmark.analysis.samples import samples


def bootstrap_differences(cells, base, stream="", n_resamples=MANY):
    """Return the interval of every error of `cells` less that of `base`, as contrasts have it."""
    is_paired = share_repetitions(cells, base)
    return intervals(
        subtracted(samples(cells), samples(base), is_paired=is_paired), stream, n_resamples
    )
