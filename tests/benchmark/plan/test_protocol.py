"""Which songs a model may learn from, and which it is scored on."""

from dataclasses import replace

import pytest

from benchmark.errors import ConfigError
from benchmark.plan.protocol import ProtocolConfig, rounds
from benchmark.plan.studies import read_study
from datasets.contract import DatasetError
from tests.conftest import make_split

SPLIT = make_split(n_development=25)


def of_one_family(split):
    development = tuple(replace(song, family="zelda") for song in split.development)
    evaluation = tuple(replace(song, family=song.song_id) for song in split.evaluation)
    return replace(split, development=development, evaluation=evaluation)


def ids(songs):
    return [song.song_id for song in songs]


def test_by_default_models_learn_from_development_songs_and_are_scored_on_evaluation_songs():
    (only,) = rounds(SPLIT, ProtocolConfig(), seed=1)
    assert (only.learning, only.scored) == (SPLIT.development, SPLIT.evaluation)


def test_in_cross_validation_every_development_song_is_scored_once_and_never_by_its_learner():
    folds = rounds(SPLIT, ProtocolConfig(folds=5), seed=1)
    assert [len(fold.scored) for fold in folds] == [5] * 5
    scored = [song_id for fold in folds for song_id in ids(fold.scored)]
    assert sorted(scored) == sorted(ids(SPLIT.development))
    for fold in folds:
        assert not set(ids(fold.learning)) & set(ids(fold.scored))
        assert len(fold.learning) == 20


def test_cross_validation_never_opens_the_evaluation_songs():
    folds = rounds(SPLIT, ProtocolConfig(folds=5), seed=1)
    used = {song_id for fold in folds for song_id in [*ids(fold.learning), *ids(fold.scored)]}
    assert not used & set(ids(SPLIT.evaluation))


def test_without_evaluation_songs_every_song_is_held_out_once_and_one_round_is_refused():
    alone = replace(SPLIT, evaluation=())
    folds = rounds(alone, ProtocolConfig(folds=5, fold_over="all"), seed=1)
    held_out = [song_id for fold in folds for song_id in ids(fold.scored)]
    assert sorted(held_out) == sorted(ids(SPLIT.development))
    message = "no evaluation songs. Evaluate every song in turn with --set protocol.folds=10"
    with pytest.raises(DatasetError, match=message):
        rounds(alone, ProtocolConfig(), seed=1)


def test_another_seed_makes_other_folds():
    first, second = (rounds(SPLIT, ProtocolConfig(folds=5), seed)[0] for seed in (1, 2))
    assert ids(first.scored) != ids(second.scored)


def test_folds_over_all_songs_hold_out_every_song_of_both_sides_once():
    folds = rounds(SPLIT, ProtocolConfig(folds=4, fold_over="all"), seed=1)
    held_out = [song_id for fold in folds for song_id in ids(fold.scored)]
    assert sorted(held_out) == sorted(ids(SPLIT.songs))
    for fold in folds:
        assert not set(ids(fold.learning)) & set(ids(fold.scored))
        assert len(fold.learning) + len(fold.scored) == len(SPLIT.songs)


def test_folds_over_all_songs_need_a_number_of_folds():
    with pytest.raises(ConfigError, match=r"fold_over=all needs a number of folds; give --set"):
        read_study("smoke", {"set": {"protocol.fold_over": "all"}})


@pytest.mark.parametrize(
    ("split", "folds", "given"),
    [
        (make_split(n_development=1), None, "1 song"),
        (make_split(n_development=2), 2, "1 song"),  # each fold leaves one
        (of_one_family(make_split(n_development=3)), None, "3 songs of one family"),
    ],
)
def test_too_few_songs_to_learn_from_are_refused_before_training(split, folds, given):
    with pytest.raises(DatasetError, match=f"choose settings on: {given} to learn from, and"):
        rounds(split, ProtocolConfig(folds=folds), seed=1)
