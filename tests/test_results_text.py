"""The numbers in the text are those of the committed tables."""

import re
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


ENDS = r"(\.\d{3} \[\.\d{3}, \.\d{3}\])"


@pytest.mark.parametrize("folder", ["tradeoff-song_means", "tradeoff-synthetic"])
def test_every_interval_of_a_trade_off_in_the_text_is_one_of_its_table(folder):
    table = pd.read_csv(RESULTS / folder / "tables" / "tradeoff.csv")
    written = {
        tuple(
            f"{row[name]:.3f} [{row[f'{name}_low']:.3f}, {row[f'{name}_high']:.3f}]".replace(
                "0.", "."
            )
            for name in ("rmse_average", "rmse_average_per_song")
        )
        for _, row in table[table["group"].notna()].iterrows()
    }
    section = TEXT.partition(f"\n## {folder}\n")[2].partition("\n## ")[0]
    told = set(re.findall(rf"\| {ENDS} \| {ENDS} \|", section))
    assert len(told) >= 6
    assert told <= written


def test_the_convention_is_worth_what_the_text_says():
    table = pd.read_csv(RESULTS / "tradeoff-song_means" / "tables" / "tradeoff.csv")
    rows = table[table["label"].isin(["crnn, L=60", "crnn_nb, L=60", "blstm, L=60"])]
    shares = 1 - rows["rmse_average_per_song"] / rows["rmse_average"]
    assert "worth .03 to .04, an eighth of the number" in TEXT
    assert len(shares) == 3
    assert all(abs(share - 1 / 8) < 0.012 for share in shares)


def test_the_ten_fold_comparison_of_the_text_is_that_of_its_table():
    table = pd.read_csv(RESULTS / "ablations-song_means" / "tables" / "ablations.csv")
    folds = table[(table["judged_on"] == "10-fold development") & table["group"].notna()]
    rows = {row["model"]: row for _, row in folds.iterrows()}
    section = TEXT.partition("\n## ablations-song_means\n")[2].partition("\n## ")[0]
    assert rows["crnn"]["n_cells"] == 2
    assert "CRNN (two repetitions) reaches" in section
    numbers = [score(rows[model], "rmse_average") for model in ("crnn", "constant", "linear")]
    text = " ".join(section.split())
    assert f"reaches {numbers[0]} against {numbers[1]} of a constant" in text
    assert f"ahead of both there: {numbers[2]}" in text
