"""VGMIDI's split by game, its labels and its frames; features are tested where they are made."""

import numpy as np
import pytest

from datasets.contract import DatasetError
from datasets.vgmidi import (
    VGMIDIOptions,
    evaluation_games,
    load,
    piece_songs,
    recordings,
    require_root,
)
from datasets.vgmidi_files import FOLDER, read_pieces
from tests.vgmidi_folder import ALL_NAMES, write_copy, write_midi


@pytest.fixture(scope="module")
def labels(vgmidi_songs):
    """Return (game, labels (T, 2)) of every real piece."""
    return [(piece.game, raters.mean()) for piece, raters, _ in vgmidi_songs]


@pytest.fixture
def data(tmp_path):
    """Return a data folder with three made-up pieces."""
    write_copy(tmp_path / FOLDER)
    return tmp_path


def test_evaluation_takes_about_45_pieces_of_at_least_eight_whole_games(labels):
    games = evaluation_games()
    assert len(games) >= 8
    assert games <= {game for game, _ in labels}
    assert 43 <= sum(game in games for game, _ in labels) <= 47


def test_the_list_of_games_counts_their_pieces_right(labels):
    from importlib.resources import files

    lines = files("datasets").joinpath("vgmidi_evaluation_games.csv").read_text().splitlines()
    counts = [line.rpartition(",") for line in lines if line.startswith('"')]
    games = [game for game, _ in labels]
    assert len(counts) == len(evaluation_games())
    for game, _, count in counts:
        assert games.count(game.strip('"')) == int(count)


def test_labels_of_both_sides_are_alike(labels):
    """Means and deviations over frames, over piece means, and within pieces; the scale is 2."""
    sides = [
        [values for game, values in labels if (game in evaluation_games()) == is_evaluation]
        for is_evaluation in (True, False)
    ]
    frames = [np.concatenate(side) for side in sides]
    means = [np.array([values.mean(axis=0) for values in side]) for side in sides]
    within = [np.mean([values.std(axis=0) for values in side], axis=0) for side in sides]
    for one, other in (frames, means):
        assert np.abs(one.mean(axis=0) - other.mean(axis=0)).max() < 0.05
        assert np.abs(one.std(axis=0) - other.std(axis=0)).max() < 0.05
    assert np.abs(within[0] - within[1]).max() < 0.05


def test_skipped_seconds_leave_the_other_frames_as_they_are(data):
    pieces = read_pieces(data)
    whole = list(piece_songs(data, pieces, VGMIDIOptions()))
    rest = list(piece_songs(data, pieces, VGMIDIOptions(skip_seconds=1.5)))
    for (_, all_raters, all_times), (_, raters, times) in zip(whole, rest, strict=True):
        assert all_times.tolist() == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0]  # the files last 3.7 s
        assert times.tolist() == [1.5, 2.0, 2.5, 3.0]
        assert (raters.curves_RT2 == all_raters.curves_RT2[:, 3:]).all()


def test_more_skipped_seconds_than_there_are_name_the_piece(data):
    songs = piece_songs(data, read_pieces(data), VGMIDIOptions(skip_seconds=3.5))
    with pytest.raises(DatasetError, match=r"r1_piece0 lasts 3.7 s; vgmidi.skip_seconds=3.5"):
        list(songs)


@pytest.mark.parametrize("value", [-0.5, 0.3])
def test_skipped_seconds_are_whole_frames(value):
    with pytest.raises(ValueError, match="skip_seconds"):
        VGMIDIOptions(skip_seconds=value)


def test_labels_are_means_of_raters_with_or_without_the_ends(data):
    """Three raters: a fifth of them is none, so `trimmed` is the mean, .2 for valence."""
    pieces = read_pieces(data)
    for name in ("trimmed", "mean"):
        for _, raters, _ in piece_songs(data, pieces, VGMIDIOptions(labels=name)):
            assert raters.mean()[:, 0] == pytest.approx(0.2)
            assert raters.trim == {"trimmed": 0.2, "mean": 0.0}[name]


def test_recordings_are_the_rated_midi_files(data):
    write_midi(data / FOLDER / "midi" / "Other_PC_Game_Unrated.mid", [0.1])
    assert [path.name for path in recordings(data)] == ALL_NAMES


def test_a_data_folder_without_vgmidi_says_how_to_get_it(tmp_path, data):
    with pytest.raises(DatasetError, match="Give --data-root FOLDER or set MER_DATA"):
        require_root(None)
    with pytest.raises(
        DatasetError, match=r"No folder VGMIDI/ .*: python -m benchmark data import"
    ):
        load(VGMIDIOptions(), "logmel", tmp_path / "none")
    with pytest.raises(DatasetError, match=r"no features logmel yet .*extract --dataset vgmidi"):
        load(VGMIDIOptions(), "logmel", data)
