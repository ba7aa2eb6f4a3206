"""What the page says, read as text; `test_page_in_browser.py` looks at it."""

import os
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from benchmark.report.answer import answer_from_records
from benchmark.report.page.charts import row_labels, told_apart
from benchmark.report.page.write import write_page
from benchmark.report.write import write_answer
from tests.made_up_results import HOSTILE_ERROR, write_mine, write_results

VOID = {"meta", "link", "img", "input", "wbr"}


class Reader(HTMLParser):
    """Reads every element with its attributes and texts; refuses one that is not closed in turn."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.elements, self.texts = [], [], Counter()
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes another element in line {self.getpos()}"

    def handle_data(self, text):
        if self.open:
            self.texts[self.open[-1], text.strip()] += 1

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("mine")


@pytest.fixture(scope="module")
def text(folder):
    return write_mine(folder).read_text()


@pytest.fixture(scope="module")
def page(text):
    return Reader(text)


def test_every_element_is_closed_and_the_page_says_its_language_title_and_one_heading(page, text):
    assert text.lstrip().startswith("<!doctype html>")
    assert page.all("html") == [{"lang": "en"}]
    assert page.texts["title", "Study mine: report of mer-benchmark"] == 1
    assert page.texts["h1", "Study mine"] == 1
    assert len(page.all("h1")) == 1


def test_ids_are_unique_and_every_reference_leads_to_one(page):
    ids = Counter(one["id"] for _, one in page.elements if "id" in one)
    assert max(ids.values()) == 1
    asked = [
        one[key] for _, one in page.elements for key in ("for", "aria-labelledby") if key in one
    ]
    asked += [one["href"][1:] for one in page.all("a") if one["href"].startswith("#")]
    assert set(asked) <= ids.keys()


def test_readers_of_the_screen_are_told_everything(page):
    assert all(one["alt"] for one in page.all("img"))
    assert {one.get("scope") for one in page.all("th")} == {"row", "col", "colgroup"}
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(one.get("type") == "button" for one in page.all("button"))
    assert len(page.all("select")) + len(page.all("input")) == len(page.all("label"))
    assert all("aria-labelledby" in one for _, one in page.elements if one.get("role") == "img")


def test_nothing_in_the_page_points_to_the_network(page, text):
    sources = [one.get(key, "data:") for _, one in page.elements for key in ("src", "data")]
    assert all(one.startswith("data:") for one in sources)
    links = {one["href"] for one in (*page.all("a"), *page.all("link"))}
    assert {one.split(":")[0] for one in links if not one.startswith("#")} == {"data", "http"}
    assert all(one.startswith("http://127.0.0.1:5000/") for one in links if one.startswith("http"))
    assert "default-src 'none'" in text


def test_every_grid_of_the_answer_is_a_table_with_its_notes(page, folder):
    for grid in answer_from_records(folder, "mine").grids:
        assert page.texts["span", grid.title] == 1
        assert all(page.texts["li", note] for note in grid.notes)


def test_what_went_wrong_is_told_with_its_reason(page):
    assert page.texts["td", HOSTILE_ERROR] == 1
    assert page.texts["td", "loss inf in epoch 3"] == 1
    assert page.texts["td", "1 cell asked for and never recorded: stopped, or still running"]
    assert page.texts["td", "missing"] == 1


def test_runs_in_mlflow_are_linked_where_they_are_known(page):
    assert {"href": "http://127.0.0.1:5000/#/x"} in page.all("a")
    assert page.texts["a", "crnn-L60"] == 1


def test_readers_without_scripts_see_the_figure_whatever_kind_was_drawn(tmp_path):
    write_results(tmp_path)
    answer = answer_from_records(tmp_path, "mine")
    write_answer(answer, tmp_path, ("svg",))
    text = write_page(answer, tmp_path, {}).read_text()
    assert 'src="data:image/svg+xml;base64,' in text


@pytest.mark.parametrize(("earlier", "last"), [("png", "svg"), ("svg", "png")])
def test_the_figure_drawn_last_is_shown_not_the_other_kind_of_an_earlier_run(
    tmp_path, earlier, last
):
    write_results(tmp_path)
    answer = answer_from_records(tmp_path, "mine")
    write_answer(answer, tmp_path, (earlier,))
    for path in (tmp_path / "figures").iterdir():
        os.utime(path, (1_700_000_000, 1_700_000_000))
    write_answer(answer, tmp_path, (last,))
    text = write_page(answer, tmp_path, {}).read_text()
    kinds = {"png": "png", "svg": "svg+xml"}
    assert f'src="data:image/{kinds[last]};base64,' in text
    assert f'src="data:image/{kinds[earlier]};base64,' not in text


def test_rows_of_one_name_are_numbered_apart(tmp_path):
    write_results(tmp_path)
    table = answer_from_records(tmp_path, "mine").tables[0]
    row = next(one for one in table.rows if one.sequence_length == 60)
    twice = replace(table, rows=(row, replace(row, group="another"), *table.rows))
    labels = row_labels(twice)
    assert labels[:3] == ["crnn, L=60", "crnn, L=60 (2)", "crnn, L=60 (3)"]
    assert len(set(labels)) == len(labels)
    assert told_apart(["a", "a", "a (2)"]) == ["a", "a (2)", "a (2) (2)"]
