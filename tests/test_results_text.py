"""The numbers in the text on VGMIDI are those of its committed tables."""

from pathlib import Path

import pandas as pd
import pytest

RESULTS = Path(__file__).parents[1] / "results"
TEXT = (RESULTS / "README.md").read_text()
MAIN, FOLDS = "tradeoff-vgmidi/tables/vgmidi", "tenfold-vgmidi/tables/vgmidi_tenfold"


def named(row):
    """Return what the text calls a row."""
    if pd.isna(row["label"]):  # references have none
        return row["model"].strip("()")
    return row["label"].replace("L=", "L = ")


def rows_of(stem, features="baseline"):
    """Return the rows and reference lines of a table by name; no components of models."""
    table = pd.read_csv(RESULTS / f"{stem}.csv")
    table = table[(table["features"] == features) & (table["kind"] != "part")]
    return {named(row): row for _, row in table.iterrows()}


def score(row, name):
    """Return ".230"; empty where the row has none."""
    if row is None or pd.isna(row[name]):
        return ""
    return f"{row[name]:.3f}".removeprefix("0")


def score_lines():
    """Return one Markdown line per row of the main split, with the same row's ten-fold scores."""
    folds, lines = rows_of(FOLDS), []
    for name, row in rows_of(MAIN).items():
        parameters = "" if pd.isna(row["parameters"]) else f"{row['parameters']:,.0f}"
        cells = [score(row, f"rmse_{target}") for target in ("valence", "arousal", "average")]
        cells += [score(row, "rmse_average_per_song"), score(row, "pearson_r_average_per_song")]
        other = folds.get(name)
        cells += [score(other, "rmse_average"), score(other, "rmse_average_per_song")]
        lines.append(f"| {name} | {parameters} | {' | '.join(cells)} |")
    return lines


def contrast_lines(stem):
    """Return one Markdown line per contrast of the openSMILE features."""
    table = pd.read_csv(RESULTS / f"{stem}-contrasts.csv")
    lines = []
    for _, row in table[table["features"] == "baseline"].iterrows():
        moves = [
            f"{row[name]:+.3f} [{row[f'{name}_low']:+.3f}, {row[f'{name}_high']:+.3f}]"
            for name in ("rmse_average_per_song", "rmse_average")
        ]
        p = ["< .001" if row[name] < 0.001 else f"{row[name]:.3f}".removeprefix("0")
             for name in ("p_sign_flip", "p_holm")]  # fmt: skip
        sides = f"{row['label']} | {row['against']}".replace("L=", "L = ")
        lines.append(f"| {sides} | {' | '.join([*moves, *p])} |".replace("0.", "."))
    return lines


@pytest.mark.parametrize("line", [*score_lines(), *contrast_lines(MAIN), *contrast_lines(FOLDS)])
def test_every_line_of_the_tables_stands_in_the_text(line):
    assert line in TEXT
