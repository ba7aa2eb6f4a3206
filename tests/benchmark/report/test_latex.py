"""LaTeX that compiles, and that a paper can take as it is."""

import re
import shutil
import subprocess

import pytest

from benchmark.report.answer import Answer
from benchmark.report.grid import Column, Grid
from benchmark.report.latex import escaped, latex
from tests.made_up_rows import row, size, table

ROWS = (row("crnn", 0.25, **size(35_000)), row("linear", 0.27, n_repetitions=1, **size(500)))
GOOD = Answer("mine", [], [table(*ROWS)])
LACKING = Answer("mine", [], [table(*ROWS, missing=[ROWS[0][0].group])])
NASTY = r"100 % & $5 #1 a_b {c} ~d ^e \f <g> |h| é ± 0.1 -0.2"


def test_special_characters_are_escaped():
    assert escaped("a_b & 5 %") == r"a\_b \& 5 \%"
    assert escaped("\\") == r"\textbackslash{}"


def document(grids):
    return (
        "\\documentclass{article}\n\\usepackage{booktabs,graphicx}\n\\begin{document}\n"
        + latex(grids, "mine")
        + "\\end{document}\n"
    )


def test_latex_tables_have_one_cell_a_column_between_booktabs_rules():
    grids = [*GOOD.grids, *LACKING.grids]
    text = latex(grids, "mine")
    assert text.count(r"\begin{table}") == text.count(r"\end{table}") == len(grids)
    for rule in (r"\toprule", r"\bottomrule"):
        assert text.count(rule) == len(grids)
    (main,) = (grid for grid in grids[:1])
    lines = [line for line in latex([main], "mine").splitlines() if line.endswith(r"\\")]
    plain = [line for line in lines if r"\multicolumn" not in line]
    assert {len(line.replace(r"\&", "").split("&")) for line in plain} == {len(main.columns)}
    assert r"crnn & 60 & 3 & 35,000 & " in text


def test_latex_compiles(tmp_path):
    nasty = Grid(
        title=NASTY,
        columns=(Column(NASTY, is_text=True), Column("x", NASTY)),
        lines=((NASTY, "-0.5"), ("[b] of a row", "[1]")),
        notes=(NASTY,),
    )
    text = document([nasty, *GOOD.grids, *LACKING.grids])
    assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")
    if shutil.which("pdflatex") is None:
        pytest.skip("no pdflatex here: structure is all that was checked")
    (tmp_path / "answer.tex").write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "answer.tex"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overfull \\hbox" not in done.stdout


def test_every_table_has_a_label_of_its_own_made_of_study_and_title():
    text = latex([*GOOD.grids, GOOD.mains[0]], "my_study")
    labels = re.findall(r"\\label{(.*)}", text)
    assert labels[0] == "tab:my-study-rmse"
    assert labels[-1] == "tab:my-study-rmse-2"
    assert len(set(labels)) == len(labels) == text.count(r"\begin{table}")
    assert text.count(r"\caption") == len(labels)


def test_captions_have_no_digest_and_no_underscore_a_comment_has_both():
    crnn = row("crnn", 0.25, features="song_means", **size(9))
    text = Answer("mine", [], [table(crnn, row("linear", 0.3, 1, features="song_means"))]).latex()
    captions = re.findall(r"\\caption{(.*)}", text)
    assert captions
    assert not any("digest" in one or "_" in one for one in captions)
    assert "% Digest of the songs: dddddddddddd." in text.splitlines()
    assert any(line.startswith("% RMSE, dataset tiny (song_means") for line in text.splitlines())
    assert "dddd" not in re.sub(r"(?m)^%.*$", "", text)


def graded(*lines, **options):
    columns = (
        Column("model", is_text=True), Column("n"), Column("RMSE", better="lower"),
        Column("CCC", better="higher"),
    )  # fmt: skip
    return latex([Grid("title", columns, lines, **options)], "mine")


def test_the_best_of_a_column_is_bold_low_errors_and_high_agreement():
    text = graded(("a", "5", "0.250 ± 0.010", "-0.100"), ("b", "5", "0.260 ± 0.001", "0.200 ± 0.1"))
    assert r"a & 5 & \textbf{0.250} $\pm$ 0.010 & $-$0.100 \\" in text
    assert r"b & 5 & 0.260 $\pm$ 0.001 & \textbf{0.200} $\pm$ 0.1 \\" in text
    assert "Bold: the best of its column, as printed." in text


def test_equal_values_share_the_bold_and_one_alone_is_not_the_best_of_anything():
    text = graded(("a", "5", "0.250", "0.1"), ("b", "5", "0.250", ""), ("c", "5", "0.300", ""))
    assert text.count(r"\textbf{0.250}") == 2
    assert text.count(r"\textbf") == 2


def test_references_and_rows_chosen_on_evaluation_songs_are_never_the_best():
    lines = (("a", "5", "0.250", ""), ("b", "5", "0.260", ""), ("(oracle)", "", "0.100", ""))
    text = graded(*lines, unranked=frozenset([2]))
    assert r"\textbf{0.250}" in text
    assert r"\textbf{0.100}" not in text
    selected = row("blstm", 0.2, settings={"selection": "evaluation"}, **size(7))
    main = Answer("mine", [], [table(*ROWS, selected)]).mains[0]
    places = {line[0]: number for number, line in enumerate(main.lines)}
    assert main.unranked == {
        places["blstm (selection=evaluation)"],
        places["(oracle of song means)"],
    }


def test_intervals_of_contrasts_are_not_bold():
    (grid,) = (one for one in GOOD.grids if one.title.startswith("Model against model"))
    assert r"\textbf" not in latex([grid], "mine")
