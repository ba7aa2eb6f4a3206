from dataclasses import replace

import numpy as np
import pytest

from datasets.contract import DatasetError
from datasets.splits import family_key, hold_out, song_folds, up_to_folds
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


def with_families(*sizes):
    """Make songs in families of these sizes, the members far apart in the order."""
    members = [(f"f{family}", index) for family, size in enumerate(sizes) for index in range(size)]
    members.sort(key=lambda member: member[1])
    return [replace(make_song(f"{name}-{index}", 3), family=name) for name, index in members]


FAMILIES = with_families(9, 1, 4, 3, 2, 2, 1, 1, 1)


@pytest.mark.parametrize("seed", range(5))
def test_a_family_is_dealt_into_one_fold_and_folds_stay_near_in_size(seed):
    folds = song_folds(FAMILIES, 3, seed)
    homes = [{song.family for song in fold} for fold in folds]
    assert sum(map(len, homes)) == len(set.union(*homes)) == 9
    assert sorted(len(fold) for fold in folds) == [7, 8, 9]  # 24 songs, one family has 9


def test_there_are_no_more_folds_than_families():
    with pytest.raises(DatasetError, match="9 families into 10 folds; give between 2 and 9"):
        song_folds(FAMILIES, 10, seed=1)


@pytest.mark.parametrize("seed", range(8))
def test_families_are_held_out_whole_and_near_the_fraction(seed):
    training, held_out = hold_out(FAMILIES, 0.25, seed)
    assert not {song.family for song in training} & {song.family for song in held_out}
    assert abs(len(held_out) - 6) <= 9 / 2  # never further off than half the largest family
    assert len(training) + len(held_out) == 24


@pytest.mark.parametrize("seed", range(8))
def test_a_family_larger_than_the_whole_hold_out_never_is_it(seed):
    _, held_out = hold_out(with_families(12, 2, 2, 2, 2, 2, 2), 0.25, seed)
    assert len(held_out) == 6
    assert "f0" not in {song.family for song in held_out}


def test_two_families_are_one_on_each_side_and_one_family_is_refused():
    training, held_out = hold_out(with_families(10, 10), 0.1, seed=1)
    assert (len(training), len(held_out)) == (10, 10)
    with pytest.raises(DatasetError, match="20% of 10 songs in one family"):
        hold_out(with_families(10), 0.2, seed=1)


def test_families_of_one_song_are_dealt_as_songs_without_families():
    alone = [replace(song, family=f"of {song.song_id}") for song in SONGS]
    for seed in range(3):
        for n_folds in (2, 7):
            ids = [[song.song_id for song in fold] for fold in song_folds(SONGS, n_folds, seed)]
            assert ids == [[s.song_id for s in fold] for fold in song_folds(alone, n_folds, seed)]
        ids = [[song.song_id for song in side] for side in hold_out(SONGS, 0.2, seed)]
        assert ids == [[song.song_id for song in side] for side in hold_out(alone, 0.2, seed)]


def test_songs_without_families_are_dealt_as_ever():
    """Records made before there were families hold these very folds."""
    order = np.random.default_rng(4).permutation(20)
    folds = [[song.song_id for song in fold] for fold in song_folds(SONGS, 3, seed=4)]
    assert folds == [[f"s{k}" for k in range(20) if order[k] % 3 == fold] for fold in range(3)]
    _, held_out = hold_out(SONGS, 0.2, seed=4)
    assert {song.song_id for song in held_out} == {f"s{k}" for k in order[:4]}


@pytest.mark.parametrize("other", ["BJÖRK  Guð", " bjo\u0308rk guð", "Björk\u00a0Guð"])
def test_a_family_is_known_however_it_is_written(other):
    assert family_key(other) == family_key("Björk Guð") != family_key("Björk")
