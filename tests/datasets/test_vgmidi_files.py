"""Every rule by which VGMIDI's ratings become curves, on the real files and by hand."""

import hashlib
import json

import numpy as np
import pytest

from datasets import midi
from datasets.contract import DatasetError
from datasets.raters import N_HALVINGS
from datasets.vgmidi import recordings
from datasets.vgmidi_files import (
    ANNOTATIONS,
    FOLDER,
    MIDI,
    RAW_FILES,
    at_times,
    published_seconds,
    read_pieces,
    read_round,
    seconds_of,
    touched,
)
from datasets.vgmidi_inventory import N_PIECES, PUBLISHED_MIDI
from tests.vgmidi_folder import N_MEASURES, ratings, write_copy, write_ratings

ROUNDED_OFF = 1.0  # seconds: the most that rounding down takes off a `duration`


@pytest.fixture(scope="module")
def raw(real_data):
    """Return both rounds as published."""
    return [json.loads((real_data / ANNOTATIONS / name).read_text()) for name in RAW_FILES]


@pytest.fixture(scope="module")
def pieces(vgmidi_songs):
    """Return all real pieces by id."""
    return {piece.piece_id: piece for piece, _, _ in vgmidi_songs}


def series_of(table):
    """Yield a round's series with their number of measures, None if they are of no piece."""
    for name, series in table["annotations"].items():
        about = table["pieces"].get(name.rpartition("_")[0])
        values = np.stack([series["valence"], series["arousal"]], axis=1)
        yield values, about and about["measures"]


def test_there_are_200_pieces_of_30_games_in_two_rounds(pieces):
    assert len(pieces) == 200
    assert sum(piece_id.startswith("r1_piece") for piece_id in pieces) == 95
    assert sum(piece_id.startswith("r2_piece") for piece_id in pieces) == 105
    assert len({piece.midi for piece in pieces.values()}) == 200
    assert len({piece.game for piece in pieces.values()}) == 30


def test_a_game_is_the_first_three_fields_of_the_files_name(real_data, pieces):
    rows = (real_data / FOLDER / "folds_by_game.csv").read_text().splitlines()[1:]
    assert len(rows) == 200
    for piece in pieces.values():
        assert piece.midi.startswith(f"{piece.game}_")
        assert piece.game.count("_") == 2
    assert pieces["r1_piece0"].game == "Final Fantasy_PS1_Final Fantasy VII"


def test_125_series_of_the_first_round_belong_to_no_piece_and_are_dropped(raw, pieces):
    unknown = [sum(measures is None for _, measures in series_of(table)) for table in raw]
    assert unknown == [125, 0]
    n_series = sum(len(table["annotations"]) for table in raw)
    assert sum(len(piece.by_measure_RM2) for piece in pieces.values()) == n_series - 125


def test_three_series_are_one_value_too_long_and_are_cut(raw, pieces):
    too_long = [
        len(values) - measures
        for table in raw
        for values, measures in series_of(table)
        if measures is not None and len(values) > measures
    ]
    assert too_long == [1, 1, 1]
    for number, table in enumerate(raw, start=1):
        for name, about in table["pieces"].items():
            rows = pieces[f"r{number}_{name}"].by_measure_RM2
            assert rows.shape[1:] == (about["measures"], 2)


def test_1410_cells_were_never_touched_most_of_them_the_last_and_none_is_left(raw, pieces):
    untouched = [
        (values[:measures] == 0).all(axis=1)
        for table in raw
        for values, measures in series_of(table)
        if measures is not None
    ]
    assert sum(map(len, untouched)) == 314_681
    assert sum(cells.sum() for cells in untouched) == 1410
    assert sum(cells[-1] for cells in untouched) == 1014
    for piece in pieces.values():
        assert (piece.by_measure_RM2 != 0).any(axis=2).all()


def test_an_untouched_cell_holds_the_value_before_it_and_the_first_ones_the_first():
    values = np.array([[0, 0], [0, 0], [0.5, 0], [0, 0], [0, -0.1], [0.2, 0.3], [0, 0], [0, 0]])
    held = [[0.5, 0], [0.5, 0], [0.5, 0], [0.5, 0], [0, -0.1], [0.2, 0.3], [0.2, 0.3], [0.2, 0.3]]
    assert touched(values).tolist() == held


def test_the_value_of_a_measure_belongs_to_its_end_and_between_ends_is_linear():
    by_measure = np.array([[[0.0, 0.4], [0.2, 0.4], [0.6, -0.4], [0.6, 0.0]]])  # ends 2, 4, 6, 8 s
    times = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 5.5, 6.0, 8.0])
    valence, arousal = at_times(by_measure, 8.0, times)[0].T
    assert valence == pytest.approx([0, 0, 0, 0.1, 0.2, 0.4, 0.5, 0.6, 0.6])  # before the first end
    assert arousal == pytest.approx([0.4, 0.4, 0.4, 0.4, 0.4, 0.0, -0.2, -0.4, 0.0])


def test_measures_are_fractions_of_the_midi_file_and_not_of_the_duration(
    real_data, raw, pieces, vgmidi_songs
):
    """Round 1's piece 35 lasts 156 s, its `duration` says 149: measure m ends at 2 (m + 1) s."""
    assert raw[0]["pieces"]["piece35"]["duration"] == 149
    piece = pieces["r1_piece35"]
    assert midi.seconds(real_data / MIDI / piece.midi) == pytest.approx(156)
    assert piece.by_measure_RM2.shape[1] == 78
    raters, times = next((raters, times) for one, raters, times in vgmidi_songs if one is piece)
    assert times.tolist() == [0.5 * frame for frame in range(312)]
    ends = raters.curves_RT2[:, 3::4]  # frames that end at 2, 4, ... 156 s
    assert ends == pytest.approx(piece.by_measure_RM2, abs=1e-6)
    halfway = raters.curves_RT2[:, 5::4]  # frames that end at 3, 5, ... 155 s
    means = (piece.by_measure_RM2[:, 1:] + piece.by_measure_RM2[:, :-1]) / 2
    assert halfway == pytest.approx(means, abs=1e-6)


def test_every_half_second_of_the_midi_file_is_a_frame_in_the_five_short_pieces_too(
    real_data, raw, vgmidi_songs
):
    durations = {
        f"r{number}_{name}": about["duration"]
        for number, table in enumerate(raw, start=1)
        for name, about in table["pieces"].items()
    }
    longer = [
        (midi.seconds(real_data / MIDI / piece.midi), durations[piece.piece_id], times)
        for piece, _, times in vgmidi_songs
        if 0.5 * len(times) - durations[piece.piece_id] > ROUNDED_OFF
    ]
    assert len(longer) == 5
    for length, duration, times in longer:
        assert times[-1] + 0.5 <= length < times[-1] + 1.0
        assert 1.9 < length - duration < 13
    assert sum(len(times) for _, _, times in vgmidi_songs) == pytest.approx(45_000, rel=0.005)


def test_reliability_of_two_halves_of_the_raters_is_as_published(vgmidi_songs):
    """Pearson r of halves, all frames pooled, within pieces and between their means."""
    halvings = [raters.halves(piece.piece_id) for piece, raters, _ in vgmidi_songs]
    within, between = [], []
    for index in range(N_HALVINGS):
        one, other = ([pair[index][side] for pair in halvings] for side in (0, 1))
        within.append(
            correlations(*(np.concatenate([c - c.mean(0) for c in s]) for s in (one, other)))
        )
        between.append(correlations(*(np.array([c.mean(0) for c in s]) for s in (one, other))))
    assert spearman_brown(within) == pytest.approx([0.69, 0.73], abs=0.02)
    assert spearman_brown(between) == pytest.approx([0.92, 0.94], abs=0.02)


def correlations(one, other):
    """Return Pearson's r of valence and of arousal."""
    return [np.corrcoef(one[:, target], other[:, target])[0, 1] for target in (0, 1)]


def spearman_brown(halves):
    """Return what correlations of halves say of the whole panel, averaged over halvings."""
    return np.mean([[2 * r / (1 + r) for r in pair] for pair in halves], axis=0)


def test_neighbouring_frames_agree_within_pieces(vgmidi_songs):
    labels = [raters.mean() for _, raters, _ in vgmidi_songs]
    inside = [label - label.mean(axis=0) for label in labels]
    first, second = (np.concatenate([label[at] for label in inside])
                     for at in (slice(None, -1), slice(1, None)))  # fmt: skip
    assert correlations(first, second) == pytest.approx([0.996, 0.996], abs=0.002)


def changed(table, *path, value):
    """Change one entry of a round's table; `KeyError` as value removes it."""
    *outer, last = path
    for key in outer:
        table = table[key]
    if value is KeyError:
        del table[last]
    else:
        table[last] = value


FIRST = ("annotations", "piece0_0")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("pieces",), KeyError, "lacks 'pieces' or 'annotations'"),
        (("pieces",), {}, "lacks 'pieces' or 'annotations'"),
        (("annotations",), [1, 2], "lacks 'pieces' or 'annotations'"),
        (("pieces", "piece0"), "text", "piece0 has no number of measures"),
        (("pieces", "piece0", "measures"), KeyError, "piece0 has no number of measures"),
        (("pieces", "piece0", "measures"), 3.0, "piece0 has no number of measures"),
        (("pieces", "piece0", "measures"), True, "piece0 has no number of measures"),
        (("pieces", "piece0", "measures"), 0, "piece0 has no number of measures"),
        (("pieces", "piece0", "measures"), N_MEASURES + 1, "piece0_0 has 3 values for 4 measures"),
        (("pieces", "piece0", "measures"), N_MEASURES - 2, "piece0_0 has 3 values for 1 measures"),
        (("pieces", "piece0", "midi"), KeyError, "piece0 names no MIDI file"),
        (("pieces", "piece0", "midi"), 7, "piece0 names no MIDI file"),
        (("pieces", "piece0", "midi"), "../A_PC_Game_One.mid", "piece0 names no MIDI file"),
        (("pieces", "piece0", "midi"), "A_PC_Game_One.mp3", "piece0 names no MIDI file"),
        (("pieces", "piece0", "midi"), "No game.mid", "piece0 names no MIDI file"),
        (("pieces", "piece9"), {"measures": 3}, "piece9 has fewer than two raters"),
        (FIRST, None, "piece0_0 lacks numbers"),
        ((*FIRST, "valence"), KeyError, "piece0_0 lacks numbers"),
        ((*FIRST, "valence"), 0.5, "piece0_0 lacks numbers"),
        ((*FIRST, "valence"), "0.5", "piece0_0 lacks numbers"),
        ((*FIRST, "valence"), [0.1, "0.5", 0.1], "piece0_0 lacks numbers"),
        ((*FIRST, "valence"), [0.1, None, 0.1], "piece0_0 lacks numbers"),
        ((*FIRST, "valence"), [0.1, True, 0.1], "piece0_0 lacks numbers"),
        ((*FIRST, "valence"), [0.1, [0.2], 0.1], "piece0_0 lacks numbers"),
        ((*FIRST, "valence"), [0.1, float("nan"), 0.1], "piece0_0 lacks numbers"),
        ((*FIRST, "valence"), [0.1, 1.01, 0.1], r"piece0_0 lacks numbers in \[-1, 1\]"),
        ((*FIRST, "valence"), [0.1, 10**400, 0.1], "piece0_0 lacks numbers"),
        ((*FIRST, "valence"), [0.1, 0.1], "piece0_0 has 2 values for 3 measures"),
        ((*FIRST, "valence"), [0.1] * 4, "piece0_0 has 4 values for 3 measures"),
        (FIRST, {"valence": [0] * 3, "arousal": [0] * 3}, "piece0_0 was never touched"),
    ],
)
def test_what_is_damaged_in_a_rounds_file_is_named(tmp_path, path, value, message):
    table = ratings(1)
    changed(table, *path, value=value)
    file = write_ratings(tmp_path, 1, table)
    with pytest.raises(DatasetError, match=f"vgmidi_raw_1.json is damaged: .*{message}"):
        read_round(file, 1)


@pytest.mark.parametrize("content", [b"", b'{"pieces": {', b"\xff\xfe", b"[1, 2]", b"[" * 100_000])
def test_a_file_that_is_no_json_object_is_named(tmp_path, content):
    (tmp_path / "vgmidi_raw_1.json").write_bytes(content)
    with pytest.raises(DatasetError, match=r"vgmidi_raw_1.json is damaged: .* lucasnfe/vgmidi"):
        read_round(tmp_path / "vgmidi_raw_1.json", 1)


def test_a_missing_round_and_a_midi_file_named_twice_are_told(tmp_path):
    folder = write_copy(tmp_path / FOLDER)
    table = ratings(2)
    table["pieces"]["piece0"]["midi"] = ratings(1)["pieces"]["piece1"]["midi"]
    write_ratings(folder, 2, table)
    with pytest.raises(
        DatasetError, match=r"raw_2.json is damaged: 2 pieces name Alpha_PC_.*Second"
    ):
        read_pieces(tmp_path)
    (folder / "annotations" / "vgmidi_raw_2.json").unlink()
    with pytest.raises(DatasetError, match=r"vgmidi_raw_2.json is missing. .* data import PATH"):
        read_pieces(tmp_path)


def test_the_lengths_that_are_known_are_those_of_the_published_files():
    """Their checksums are the ones that `data verify` knows, all together."""
    known = published_seconds()
    assert len(known) == N_PIECES
    assert hashlib.sha256("".join(known).encode()).hexdigest() == PUBLISHED_MIDI


def test_known_lengths_are_those_of_the_midi_files(real_data):
    for path in recordings(real_data):
        assert seconds_of(path) == midi.seconds(path)


def test_a_published_file_is_not_parsed_and_a_changed_one_is(tmp_path, real_data, monkeypatch):
    parsed, parse = [], midi.seconds
    monkeypatch.setattr(midi, "seconds", lambda path: parsed.append(path) or parse(path))
    source = recordings(real_data)[0]
    assert seconds_of(source) == 63.375
    assert parsed == []
    changed = tmp_path / source.name
    content = source.read_bytes()
    tempo = content.index(b"\xff\x51\x03") + 3  # microseconds per quarter note, three bytes
    slower = (2 * int.from_bytes(content[tempo : tempo + 3])).to_bytes(3)
    changed.write_bytes(content[:tempo] + slower + content[tempo + 3 :])
    assert seconds_of(changed) == pytest.approx(2 * 63.375)
    assert parsed == [changed]
    with pytest.raises(DatasetError, match=r"No MIDI file .*gone.mid"):
        seconds_of(tmp_path / "gone.mid")
