"""Rows of records whose songs differ, to compare and to rank."""

from dataclasses import replace

import numpy as np

from benchmark.analysis.rows import aggregate
from tests.made_up_records import make_record

N_SONGS = 15
FRAMES = [60 + 7 * index for index in range(N_SONGS)]


def row(model, level, n_repetitions=3, spread=0.05, seed=0, **changes):
    """Return the records of one row; every error lies near `level`."""
    rng = np.random.default_rng([seed, *model.encode()])
    length = changes.pop("sequence_length", None if model in ("linear", "constant") else 60)
    records = []
    for repetition in range(1, n_repetitions + 1):
        errors = {
            f"rmse_{target}": (level + rng.uniform(-spread, spread, N_SONGS)).tolist()
            for target in ("valence", "arousal")
        }
        per_song = {"song_id": [f"e{n}" for n in range(N_SONGS)], "n_frames": FRAMES, **errors}
        scores = summary(errors)
        records.append(
            make_record(
                model=model, repetition=repetition, sequence_length=length, per_song=per_song,
                scores=scores, **changes,
            )
        )  # fmt: skip
    return records


def summary(errors):
    """Return the scores of one repetition under both conventions."""
    frames = np.array(FRAMES)
    scores = {}
    for target in ("valence", "arousal"):
        values = np.array(errors[f"rmse_{target}"])
        scores[f"rmse_{target}"] = float(np.sqrt((frames * values**2).sum() / frames.sum()))
        scores[f"rmse_{target}_per_song"] = float(values.mean())
    for suffix in ("", "_per_song"):
        both = [scores[f"rmse_{target}{suffix}"] for target in ("valence", "arousal")]
        scores[f"rmse_average{suffix}"] = sum(both) / 2
    return scores


def table(*rows, missing=()):
    """Return one table of the rows; `missing` lists groups that lack a cell."""
    records = [record for one in rows for record in one]
    asked = {record.cell: record.group for record in records}
    asked |= {f"missing-{group}": group for group in missing}
    (found,) = aggregate(records, asked, "mine")
    return found


def make_table(*records, missing=0):
    """Return the one table of these records, with cells missing from the first row."""
    asked = {record.cell: record.group for record in records}
    asked |= {f"missing{n}": records[0].group for n in range(missing)}
    (table,) = aggregate(records, asked, "mine")
    return table


def size(n):
    """Return what makes a row that large."""
    return {"parameters": {"networks": n}}


def in_families(records, sizes):
    """Return the records with their songs in families of these sizes, one after the other."""
    families = [f"game {place}" for place, size in enumerate(sizes) for _ in range(size)]
    return [replace(one, per_song=one.per_song | {"family": families}) for one in records]
