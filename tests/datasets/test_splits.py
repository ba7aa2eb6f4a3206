import pytest

from datasets.contract import DatasetError
from datasets.splits import hold_out, song_folds, up_to_folds
from tests.conftest import make_song

SONGS = [make_song(f"s{index}", 3) for index in range(20)]


@pytest.mark.parametrize("n_folds", [2, 3, 6, 20])
def test_folds_hold_every_song_once_and_are_equally_large(n_folds):
    folds = song_folds(SONGS, n_folds, seed=1)
    assert sorted(song.song_id for fold in folds for song in fold) == sorted(
        song.song_id for song in SONGS
    )
    assert max(map(len, folds)) - min(map(len, folds)) <= 1


@pytest.mark.parametrize("n_folds", [0, 1, 21])
def test_an_impossible_number_of_folds_is_refused(n_folds):
    with pytest.raises(DatasetError, match=f"20 songs into {n_folds} folds"):
        song_folds(SONGS, n_folds, seed=1)


@pytest.mark.parametrize(("n_songs", "n_folds"), [(20, 5), (5, 5), (4, 4), (2, 2)])
def test_few_songs_make_fewer_folds_where_this_is_allowed(n_songs, n_folds):
    assert len(up_to_folds(SONGS[:n_songs], 5, seed=1)) == n_folds


def test_a_song_alone_makes_no_folds():
    with pytest.raises(DatasetError, match="1 songs into 2 folds; give more songs"):
        up_to_folds(SONGS[:1], 5, seed=1)


def test_held_out_songs_are_not_trained_on():
    training, held_out = hold_out(SONGS, 0.2, seed=1)
    assert (len(training), len(held_out)) == (16, 4)
    assert not {song.song_id for song in training} & {song.song_id for song in held_out}


def test_another_seed_holds_out_other_songs():
    chosen = {tuple(song.song_id for song in hold_out(SONGS, 0.2, seed)[1]) for seed in range(5)}
    assert len(chosen) == 5


def test_holding_out_everything_is_refused():
    with pytest.raises(DatasetError, match="and still train"):
        hold_out(SONGS[:1], 0.5, seed=1)
