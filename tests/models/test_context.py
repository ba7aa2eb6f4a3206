"""Ridge with running means: its columns, closed form and penalty, each against another way."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from datasets.contract import FRAME_SECONDS, Song, Split
from datasets.splits import song_folds, up_to_folds
from datasets.synthetic import SyntheticOptions, load
from models.context import Context, ContextConfig, with_context


class Seeds:
    """Stands where the harness lends its trainer: the folds' seed is all that is asked for."""

    def seed(self, name):
        return 5


def make_songs(n_songs=12, n_features=4, families=0, seed=0):
    """Make songs whose annotations follow the running mean of the first column."""
    rng = np.random.default_rng(seed)
    songs = []
    for index in range(n_songs):
        n_frames = int(rng.integers(20, 50))
        features = rng.normal(0, 1, (n_frames, n_features)) * [1, 100, 0.01, 1][:n_features]
        mean = with_context(features.astype(np.float32), np.array([5.0]))[:, n_features]
        annotations = np.stack([mean, -0.5 * mean], axis=1) + rng.normal(0, 0.05, (n_frames, 2))
        songs.append(
            Song(f"s{index}", features.astype(np.float32),
                 np.clip(annotations, -1, 1).astype(np.float32),
                 FRAME_SECONDS * np.arange(n_frames), f"f{index % families}" if families else "")
        )  # fmt: skip
    return songs


def fitted(songs, **settings):
    model = Context(n_features=songs[0].features.shape[1], config=ContextConfig(**settings))
    model.fit(songs, Seeds())
    return model


def test_a_running_mean_forgets_by_its_time_constant_and_knows_no_future():
    features = np.array([[1.0], [1.0], [0.0]], dtype=np.float32)
    decay = np.exp(-0.5 / 2)
    mean = (decay + decay**2) / (1 + decay + decay**2)
    columns = with_context(features, np.array([2.0]))
    assert columns.tolist() == [[1, 1], [1, 1], [0, pytest.approx(mean)]]
    later = with_context(np.vstack([features, [[9.0]]]).astype(np.float32), np.array([2.0]))
    assert (later[:3] == columns).all()


def stacked(songs, time_constants):
    columns = np.concatenate([with_context(song.features, time_constants) for song in songs])
    return columns, np.concatenate([song.annotations for song in songs]).astype(float)


def by_scikit_learn(training, alpha, time_constants):
    """Return a function that predicts with scikit-learn's ridge on standardised columns."""
    columns, annotations = stacked(training, time_constants)
    mean, deviation = columns.mean(axis=0), columns.std(axis=0)
    ridge = Ridge(alpha=alpha).fit((columns - mean) / deviation, annotations)
    return lambda songs: ridge.predict((stacked(songs, time_constants)[0] - mean) / deviation)


@pytest.mark.parametrize("alpha", [0.1, 30.0, 1e4])
def test_the_closed_form_is_scikit_learns_ridge(alpha):
    songs = make_songs()
    ours = np.concatenate(fitted(songs, alphas=(alpha,), time_constants=(5.0, 20.0)).predict(songs))
    theirs = by_scikit_learn(songs, alpha, np.array([5.0, 20.0]))(songs)
    assert ours == pytest.approx(theirs, abs=1e-5)


def test_the_penalty_is_the_one_that_is_best_on_songs_left_out():
    songs, alphas, constants = make_songs(seed=3), (1e-2, 1.0, 1e2, 1e4), np.array([5.0, 20.0])
    errors = np.zeros(len(alphas))
    for fold in song_folds(songs, 4, Seeds().seed("folds")):
        rest = [song for song in songs if song not in fold]
        for index, alpha in enumerate(alphas):
            predicted = by_scikit_learn(rest, alpha, constants)(fold)
            errors[index] += np.square(predicted - stacked(fold, constants)[1]).sum()
    expected = by_scikit_learn(songs, alphas[int(errors.argmin())], constants)(songs)
    ours = np.concatenate(fitted(songs, alphas=alphas, inner_folds=4).predict(songs))
    assert ours == pytest.approx(expected, abs=1e-5)


def test_families_are_left_out_whole_when_the_penalty_is_chosen(monkeypatch):
    import models.context

    seen = []
    monkeypatch.setattr(
        models.context, "up_to_folds", lambda *options: seen.extend(up_to_folds(*options)) or seen
    )
    fitted(make_songs(families=6), inner_folds=3)
    families = [{song.family for song in fold} for fold in seen]
    assert len(families) == 3
    assert sum(map(len, families)) == 6


def test_a_column_that_never_changes_changes_nothing():
    songs = make_songs()
    dead = [
        Song(song.song_id, np.column_stack([song.features, np.full(song.n_frames, 7e6)]).astype(
            np.float32), song.annotations, song.times)
        for song in songs
    ]  # fmt: skip
    ours, plain = (np.concatenate(fitted(some).predict(some)) for some in (dead, songs))
    assert ours == pytest.approx(plain, abs=1e-6)


def test_parameters_are_one_weight_per_column_and_target_and_the_intercepts():
    model = fitted(make_songs())
    assert model.other_parameters() == {"ridge": 2 * 4 * 3 + 2}


def within_song_error(model, songs):
    """Return the RMSE of predictions that are given every song's true mean."""
    errors = []
    for song, predicted in zip(songs, model.predict(songs), strict=True):
        followed = predicted - predicted.mean(axis=0) + song.annotations.mean(axis=0)
        errors.append(np.square(followed - song.annotations))
    return float(np.sqrt(np.concatenate(errors).mean()))


def rotated(song):
    """Return the song with its features moved by half its length, so that time tells nothing."""
    moved = np.roll(song.features, song.n_frames // 2, axis=0)
    return Song(song.song_id, moved, song.annotations, song.times)


def test_the_right_time_helps_and_the_wrong_time_is_worse_than_each_songs_own_mean():
    split: Split = load(SyntheticOptions(), "baseline")
    model = fitted(list(split.development))
    songs = list(split.evaluation)
    own_mean = float(
        np.sqrt(np.concatenate([np.square(song.annotations - song.annotations.mean(axis=0))
                                for song in songs]).mean())
    )  # fmt: skip
    assert within_song_error(model, songs) < own_mean
    assert within_song_error(model, [rotated(song) for song in songs]) > own_mean
