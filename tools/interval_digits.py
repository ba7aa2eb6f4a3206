"""By how much the ends of committed intervals would differ with other random numbers.

    python -m tools.interval_digits [results/tradeoff-song_means]

Prints the largest and the median standard deviation, over streams of random numbers, of the ends of
all intervals of a folder's rows and contrasts, and how many ends are printed alike in two streams.
"""

import sys
from pathlib import Path

import numpy as np

from benchmark.analysis.intervals import intervals, share_repetitions, subtracted
from benchmark.report.answer import answer_from_records

N_STREAMS = 10


def ends(found, n_resamples):
    """Return the ends of every interval in every stream: (streams, ends)."""
    return np.array([
        [end for pair in intervals(found, f"stream {n}", n_resamples).values() for end in pair]
        for n in range(N_STREAMS)
    ])  # fmt: skip


def spread(results):
    """Return the ends of all rows, and of all contrasts, (streams, ends) each."""
    answer = answer_from_records(results)
    rows = [row for table in answer.tables for row in table.rows if row.samples]
    of_rows = [ends(row.samples, row.n_resamples) for row in rows]
    pairs = [(one.row, one.base) for _, several in answer.contrasts for one in several]
    of_contrasts = [
        ends(
            subtracted(
                row.samples, base.samples, is_paired=share_repetitions(row.cells, base.cells)
            ),
            row.n_resamples,
        )
        for row, base in pairs
    ]
    return np.hstack(of_rows), np.hstack(of_contrasts)


if __name__ == "__main__":
    default = Path(__file__).parents[1] / "results" / "tradeoff-song_means"
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    for what, found in zip(("rows", "contrasts"), spread(folder), strict=True):
        deviations = found.std(axis=0, ddof=1)
        alike = np.mean(found[0].round(3) == found[1].round(3))
        furthest = np.abs(found[0].round(3) - found[1].round(3)).max()
        sys.stdout.write(
            f"{what}: {found.shape[1]} ends, standard deviation at most {deviations.max():.5f},"
            f" median {np.median(deviations):.5f}; printed alike in two streams"
            f" {100 * alike:.0f} %, else off by {furthest:.3f} at most\n"
        )
