"""The values a page carries for its charts: small, escaped, and the same again when unpacked."""

import gzip
import json
import re
import time
from base64 import b64decode

import numpy as np

from benchmark.record.annotations import keep_annotations
from benchmark.record.store import path_of, write_arrays, write_record
from benchmark.report.answer import answer_from_records
from benchmark.report.page.compression import packed, packed_raters, squeezed_json
from benchmark.report.page.write import write_page
from benchmark.report.views.learning import band
from benchmark.report.views.songs import RATERS_LEFT_OUT, packed_bytes, table_songs
from datasets.contract import Song, Split
from tests.made_up_records import make_record
from tests.made_up_results import RATED, write_groups, write_mine, write_results


def unpacked(text):
    """Return the values that a page carries for its charts."""
    squeezed = re.search(r'id="data">(.*?)</script>', text, re.S)[1]
    return json.loads(gzip.decompress(b64decode(squeezed)))


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
    (table,) = unpacked(path.read_text())
    return table["views"]["songs"]


def test_a_page_carries_the_curves_of_evaluation_songs_raters(tmp_path):
    songs = songs_of_page(write_mine(tmp_path, split=RATED))
    assert songs["ids"] == [song.song_id for song in RATED.evaluation]
    assert songs["raters"]["counts"] == [3, 3, 3]
    assert songs["ratersWhy"] == ""
    for text, song in zip(songs["raters"]["curves"], RATED.evaluation, strict=True):
        expected = np.round(song.raters.curves_RT2, 2)
        np.testing.assert_allclose(unpacked_raters(text, 3), expected, atol=1e-6)


def test_without_raters_or_annotations_a_page_carries_none_and_says_nothing(tmp_path):
    assert songs_of_page(write_mine(tmp_path / "unrated"))["raters"] is None
    copied = songs_of_page(write_mine(tmp_path / "copied", split=RATED, has_curves=False))
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
    write_groups(tmp_path, "full", groups)
    development = Song("d", np.zeros((1, 1), np.float32), np.zeros((1, 2), np.float32), np.zeros(1))
    keep_annotations(tmp_path, "tiny", "d" * 64, Split((development,), tuple(songs)))
    figure = 250_000  # bytes of the drawn trade-off and its base64, which is left out here
    path = write_page(answer_from_records(tmp_path, "full"), tmp_path, {})
    data = unpacked(path.read_text())
    assert all(row["curves"] for row in data[0]["views"]["songs"]["rows"])
    assert path.stat().st_size + figure < 5_000_000


def walk(rng, n):
    """Return annotations (n, 2) that move slowly, as raters do."""
    steps = rng.normal(0, 0.02, (n, 2)).cumsum(axis=0)
    return np.clip(steps, -1, 1).astype(np.float32)
