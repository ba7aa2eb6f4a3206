"""Write the page: facts, tables and charts of an answer into one HTML file."""

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.errors import PluginError
from benchmark.record.places import Place, place, write_whole
from benchmark.report.answer import ALL_STUDIES, Answer, figure_stem, stem_of
from benchmark.report.grid import Column
from benchmark.report.page import about
from benchmark.report.page.charts import row_labels, short_name, table_values
from benchmark.report.page.compression import squeezed, squeezed_json
from benchmark.report.tables import heading
from benchmark.report.views.registry import sections
from benchmark.report.views.view import Section
from benchmark.users_code import users_code

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

PACKAGE = "benchmark.report.page"
STYLE = "page.css"
IMAGES = {".png": "png", ".svg": "svg+xml"}  # the one drawn last is shown
Stills = list[tuple[str, str]]  # what is drawn, and its image as an address
SCRIPTS = ("curves.js", "charts.js")


@dataclass(frozen=True)
class Tracked:
    """A row's run in MLflow."""

    name: str
    address: str  # valid while `ui` runs


def page_path(results: Path, study: str) -> Place:
    """Return where a study's page lies."""
    return place(results, "report", f"{stem_of(study)}.html")


def write_page(answer: Answer, results: Path, tracked: Mapping[str, Tracked]) -> Path:
    """Write the page of an answer whose figures are drawn; `tracked` maps groups to runs."""
    path = page_path(results, answer.study)
    write_whole(path, page_text(answer, results, tracked).encode())
    return path


def page_text(answer: Answer, results: Path, tracked: Mapping[str, Tracked]) -> str:
    """Return the page. Whatever a user named is escaped: by Jinja in text, squeezed in scripts."""
    return str(jinja().get_template("page.html").render(_content(answer, results, tracked)))


def jinja() -> "Environment":
    """Return what fills the templates of this package; everything is escaped but what they say."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader(PACKAGE, ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"runs": column_runs, "unbroken": unbroken}
    return environment


def column_runs(columns: Sequence[Column]) -> list[tuple[str, list[Column]]]:
    """Return neighbouring columns of one side together, in the order of the columns."""
    return [(side, list(run)) for side, run in groupby(columns, key=lambda column: column.side)]


def unbroken(cell: str) -> str:
    """Return a cell whose spread or interval stays in one piece where it needs two lines."""
    return re.sub(r"(?<=±) |(?<=\d,) (?=[-+\d])", "\N{NO-BREAK SPACE}", cell)


def _content(answer: Answer, results: Path, tracked: Mapping[str, Tracked]) -> dict[str, Any]:
    study = None if answer.study == ALL_STUDIES else answer.study
    parts = sections(answer, results)
    tables = [
        table_values(table) | {"views": {name: drawn[place] for name, (_, drawn) in parts.items()}}
        for place, table in enumerate(answer.tables)
    ]
    figures = _figures(answer, results)
    filled = [_filled(name, section, figures) for name, (section, _) in parts.items()]
    return {
        "heading": answer.study.capitalize() if study is None else f"Study {study}",
        "caveats": about.caveats(answer.tables),
        "counts": about.counts(answer.records, answer.asked),
        "days": about.trained_on(answer.records),
        "tables": [
            {"name": short_name(table), "facts": about.facts(table)}
            for table in answer.tables
            if any(row.cells for row in table.rows)
        ],
        "sections": [part[:3] for part in filled],
        "headline": answer.headline,
        "more": answer.besides(answer.headline),
        "choices": [(place, table["name"]) for place, table in enumerate(tables)],
        "carries_annotations": any(table["views"]["songs"]["truth"] for table in tables),
        "problems": about.problems(answer.records, answer.asked, answer.tables),
        "environment": about.environment(answer.records),
        "explained": about.layers_explained(answer.records),
        "commands": about.commands(answer.study, answer.records, answer.asked),
        "results": str(results),
        "tracked": [
            (about.told(label, table, answer.tables), tracked.get(row.group))
            for table in answer.tables
            for row, label in zip(table.rows, row_labels(table), strict=True)
        ],
        "style": _read(STYLE),
        "script": "\n".join(
            [*map(_read, SCRIPTS), *(f"{{\n{script}}}" for *_, script in filled), _read("page.js")]
        ),
        "data": squeezed_json(tables),
        "plotly": squeezed(files("plotly").joinpath("package_data", "plotly.min.js").read_bytes()),
    }


def _filled(name: str, section: Section, figures: Stills) -> tuple[str, str, "Markup", str]:
    from markupsafe import Markup

    with users_code(f"View '{name}', its part of the page", PluginError):
        template = jinja().from_string(section.read(".html"))
        return name, section.title, Markup(template.render(figures=figures)), section.read(".js")


def _figures(answer: Answer, results: Path) -> Stills:
    """Return the drawn trade-offs as text and image, for readers without scripts."""
    found = []
    for table in answer.tables:
        stem = figure_stem(answer.study, table)
        paths = [place(results, "figures", f"{stem}{suffix}") for suffix in IMAGES]
        drawn = [path for path in paths if path.is_file()]
        if drawn:
            newest = max(drawn, key=lambda path: path.stat().st_mtime_ns)
            image = b64encode(newest.read_bytes()).decode("ascii")
            found.append((heading(table), f"data:image/{IMAGES[newest.suffix]};base64,{image}"))
    return found


def _read(name: str) -> str:
    return files(PACKAGE).joinpath(name).read_text(encoding="utf-8")
