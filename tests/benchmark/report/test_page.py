"""What the page says, read as text; `test_page_in_browser.py` looks at it."""

import gzip
import json
import os
import re
import time
from base64 import b64decode
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files

import numpy as np
import pytest

from benchmark.record.annotations import keep_annotations
from benchmark.record.places import write_whole
from benchmark.record.store import path_of, write_arrays, write_record
from benchmark.report.answer import answer_from_records, write_answer
from benchmark.report.page.charts import band, row_labels, told_apart
from benchmark.report.page.packed import packed, packed_raters, squeezed_json
from benchmark.report.page.songs import RATERS_LEFT_OUT, packed_bytes, table_songs
from benchmark.report.page.write import write_page
from datasets.contract import Song, Split
from tests.benchmark.report.pages import HOSTILE_ERROR, RATED, plan, write_mine, write_results
from tests.benchmark.report.records import make_record

VOID = {"meta", "link", "img", "input"}


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


def unpacked(text):
    """Return the values that a page carries for its charts."""
    squeezed = re.search(r'id="data">(.*?)</script>', text, re.S)[1]
    return json.loads(gzip.decompress(b64decode(squeezed)))


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


def test_values_in_a_script_cannot_end_it():
    hostile = {"</script><!--": "<b>&"}
    text = squeezed_json(hostile)
    assert not set("<>&") & set(text)
    assert unpacked(f'id="data">{text}</script>') == hostile


def test_the_same_curve_is_packed_alike_at_any_hour(monkeypatch):
    values = np.sin(np.arange(1000) / 30)
    first = packed(values)
    monkeypatch.setattr(time, "time", lambda: 1_000_000_000.0)
    assert packed(values) == first
    assert len(packed(values)) < len(values) * 4 / 2  # half of what float32 takes, base64 included


def test_a_band_ends_where_fewer_than_half_of_the_curves_go_on():
    found = band([[0.5, 0.4, 0.3, 0.2], [0.7, 0.6, 0.5], [0.9]])
    assert found == {"median": [0.7, 0.5, 0.4], "low": [0.5, 0.4, 0.3], "high": [0.9, 0.6, 0.5]}
    assert band([[], []]) == {"median": [], "low": [], "high": []}


def unpacked_raters(text, count):
    """Return (R, T, 2) of what `packed_raters` wrote, by sums of differences modulo 256."""
    steps = np.frombuffer(gzip.decompress(b64decode(text)), np.uint8).reshape(2, count, -1)
    hundredths = np.cumsum(steps.astype(int), axis=2) % 256
    return np.moveaxis(np.where(hundredths > 127, hundredths - 256, hundredths) / 100, 0, 2)


def test_raters_are_packed_to_hundredths_from_one_end_of_the_scale_to_the_other():
    leaps = np.array([[-1, 1, -1, 1], [0.994, -0.996, 0.0, 0.126]])
    curves = np.stack([leaps, -leaps], axis=2)
    np.testing.assert_allclose(unpacked_raters(packed_raters(curves), 2), np.round(curves, 2))


def songs_of_page(path):
    (chart,) = unpacked(path.read_text())
    return chart["songs"]


def test_a_page_carries_the_curves_of_evaluation_songs_raters(tmp_path):
    songs = songs_of_page(write_mine(tmp_path, split=RATED))
    assert songs["ids"] == [song.song_id for song in RATED.evaluation]
    assert songs["raters"]["counts"] == [3, 3, 3]
    assert songs["ratersWhy"] == ""
    for text, song in zip(songs["raters"]["curves"], RATED.evaluation, strict=True):
        expected = np.round(song.raters.curves_RT2, 2)
        np.testing.assert_allclose(unpacked_raters(text, 3), expected, atol=1e-6)


def test_without_raters_or_annotations_a_page_carries_none_and_says_nothing(tmp_path, folder):
    assert songs_of_page(folder / "report" / "mine.html")["raters"] is None
    copied = songs_of_page(write_mine(tmp_path, split=RATED, has_curves=False))
    assert (copied["raters"], copied["ratersWhy"]) == (None, "")


def test_raters_without_room_are_left_out_whole_with_a_sentence(tmp_path):
    write_results(tmp_path, split=RATED)
    table = answer_from_records(tmp_path, "mine").tables[0]
    whole = table_songs(table, tmp_path, 1_000_000)
    size = packed_bytes(whole)
    for room, has_raters in ((size, True), (size - 1, False)):
        songs = table_songs(table, tmp_path, room)
        assert (songs["raters"] is not None) == has_raters
        assert songs["ratersWhy"] == ("" if has_raters else RATERS_LEFT_OUT)
        assert [row["curves"] for row in songs["rows"] if row] == [
            row["curves"] for row in whole["rows"] if row
        ]


def luminance(colour):
    """Relative luminance of #rrggbb (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def contrast(one, other):
    """Contrast of two colours (WCAG 2.2)."""
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("look", [0, 1], ids=["light", "dark"])
def test_text_and_lines_stand_out_from_their_ground(look):
    style = files("benchmark.report.page").joinpath("page.css").read_text()
    blocks = re.findall(r":root[^{]*\{([^}]*)\}", style)
    ink = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", blocks[look]))
    for name in ("text", "quiet", "link"):
        for ground in ("ground", "shade"):
            assert contrast(ink[name], ink[ground]) >= 4.5, f"{name} on {ground}"
    assert contrast(ink["caveat-text"], ink["caveat"]) >= 4.5
    for name in ("focus", "truth", *(f"c{number}" for number in range(8))):
        assert contrast(ink[name], ink["ground"]) >= 3, name


def test_the_full_study_stays_under_5_megabytes(tmp_path):
    # 37 cells in 9 rows, 58 songs of 68 to 1224 frames, 30 networks in each ensemble
    rng = np.random.default_rng(7)
    lengths = np.geomspace(68, 1224, 58).round().astype(int)
    songs = [
        Song(f"s{place}", np.zeros((n, 1), np.float32), walk(rng, n), 15 + 0.5 * np.arange(n))
        for place, n in enumerate(lengths)
    ]
    per_song = {"song_id": [song.song_id for song in songs], "n_frames": lengths.tolist()}
    per_song |= {f"rmse_{one}": [0.2] * 58 for one in ("valence", "arousal")}
    rows = [("crnn", 10), ("crnn", 20), ("crnn", 30), ("crnn", 60), ("crnn_nb", 60)]
    rows += [("blstm", 60), ("blstm_ensemble", None), ("constant", None), ("linear", None)]
    groups = {}
    for model, length in rows:
        curve = {"training_loss": [0.12345] * 100, "validation_rmse": [0.23456] * 100}
        n_networks = 30 if model == "blstm_ensemble" else 1
        curves = {f"network {n}": curve | {"best_epoch": 9} for n in range(n_networks)}
        for repetition in range(1, 2 if model in ("constant", "linear") else 6):
            record = make_record(
                model=model, sequence_length=length, repetition=repetition,
                per_song=per_song, curves=curves,
            )  # fmt: skip
            write_record(tmp_path, record, {})
            groups[record.cell] = record.group
            predicted = {
                song.song_id: (song.annotations + rng.normal(0, 0.03, (song.n_frames, 2)))
                for song in songs
            }
            write_arrays(path_of(tmp_path, "predictions", record, ".npz"), predicted)
    assert len(groups) == 37
    write_whole(tmp_path / "plans" / "full-1.json", plan("full", groups))
    development = Song("d", np.zeros((1, 1), np.float32), np.zeros((1, 2), np.float32), np.zeros(1))
    keep_annotations(tmp_path, "tiny", "d" * 64, Split((development,), tuple(songs)))
    figure = 250_000  # bytes of the drawn trade-off and its base64, which is left out here
    path = write_page(answer_from_records(tmp_path, "full"), tmp_path, {})
    data = unpacked(path.read_text())
    assert all(row["curves"] for row in data[0]["songs"]["rows"])
    assert path.stat().st_size + figure < 5_000_000


def walk(rng, n):
    """Return annotations (n, 2) that move slowly, as raters do."""
    steps = rng.normal(0, 0.02, (n, 2)).cumsum(axis=0)
    return np.clip(steps, -1, 1).astype(np.float32)
