"""Ridge with running means: its columns, closed form and penalty, each against another way."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from datasets.contract import FRAME_SECONDS, Song, Split
from datasets.splits import song_folds, up_to_folds
from datasets.synthetic import SyntheticOptions, load
from models.context import Context, ContextConfig, so_far, with_context
from models.registry import MODELS


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


def test_mean_and_deviation_so_far_are_those_of_the_frames_from_the_first():
    features = (1e4 + np.random.default_rng(1).normal(0, 1, (30, 3))).astype(np.float32)
    mean, deviation = so_far(features, "both")
    for t in range(30):
        begun = features[: t + 1].astype(float)
        assert mean[t] == pytest.approx(begun.mean(axis=0))
        assert deviation[t] == pytest.approx(begun.std(axis=0), abs=1e-6)
    (alone,) = so_far(features, "deviation")
    assert (alone == deviation).all()
    assert so_far(features, "none") == []


@pytest.mark.parametrize(
    ("which", "n_blocks", "parameters"),
    [("none", 3, 1_562), ("mean", 4, 2_082), ("both", 5, 2_602)],
)
def test_what_is_so_far_adds_one_column_per_feature_and_statistic(which, n_blocks, parameters):
    songs = make_songs()
    model = fitted(songs, so_far=which)
    assert model.other_parameters() == {"ridge": 2 * 4 * n_blocks + 2}
    assert 2 * 260 * n_blocks + 2 == parameters
    assert model.other_flops() == 2 * 4 * n_blocks + 4 * (n_blocks - 1)
    if which == "none":
        assert all((a == b).all() for a, b in zip(
            model.predict(songs), fitted(songs).predict(songs), strict=True))  # fmt: skip


def test_the_registry_prints_the_counts_of_its_forms():
    row = MODELS["context"]
    counts = {name: form.parameters for name, form in row.variants.items()}
    assert (row.parameters, counts) == (1_562, {"so_far": 2_602, "smooth": 1_564})
    assert fitted(make_songs(), smoothing=(0.0, 2.0)).other_parameters() == {
        "ridge": 2 * 4 * 3 + 2, "smoother": 2,
    }  # fmt: skip


def test_each_target_has_the_penalty_that_is_best_for_it():
    rng, alphas, constants = np.random.default_rng(2), (1e-2, 1e5), np.array([5.0, 20.0])
    songs = [
        Song(song.song_id, song.features,
             np.stack([song.annotations[:, 0], rng.uniform(-1, 1, song.n_frames)], axis=1).astype(
                 np.float32), song.times)
        for song in make_songs()
    ]  # fmt: skip
    ours = np.concatenate(
        fitted(songs, alphas=alphas, penalty_per_target=True).predict(songs)
    )  # the first follows its features, the second nothing
    for target, alpha in enumerate(alphas):
        expected = by_scikit_learn(songs, alpha, constants)(songs)[:, target]
        assert ours[:, target] == pytest.approx(expected, abs=1e-5)


def running_mean(values, seconds):
    """Return the mean of the values up to each, each weighing less the older it is."""
    if not seconds:
        return values
    weights = [np.exp(-0.5 / seconds) ** np.arange(t, -1, -1.0) for t in range(len(values))]
    return np.stack([w @ values[: len(w)] / w.sum() for w in weights])


@pytest.mark.parametrize(
    ("both_ways", "candidates"), [(False, (0.0, 1.0, 8.0)), (True, (0.5, 2.0, 8.0))]
)
def test_predictions_are_smoothed_by_what_is_best_on_songs_left_out(both_ways, candidates):
    songs, alpha, constants = make_songs(seed=4), 10.0, np.array([0.5])

    def smooth(values, seconds):
        forwards = running_mean(values, seconds)
        backwards = running_mean(values[::-1], seconds)[::-1]
        return (forwards + backwards) / 2 if both_ways else forwards

    errors = np.zeros((3, 2))
    for fold in song_folds(songs, 4, Seeds().seed("folds")):
        predict = by_scikit_learn([song for song in songs if song not in fold], alpha, constants)
        for song in fold:
            for index, seconds in enumerate(candidates):
                error = smooth(predict([song]), seconds) - song.annotations
                errors[index] += np.square(error).sum(axis=0)
    best = [candidates[index] for index in errors.argmin(axis=0)]
    model = fitted(
        songs, alphas=(alpha,), time_constants=(0.5,), inner_folds=4, smoothing=candidates,
        smooths_both_ways=both_ways,
    )  # fmt: skip
    assert model.smoothing_2.tolist() == best
    assert all(best)
    plain = by_scikit_learn(songs, alpha, constants)
    for song, predicted in zip(songs, model.predict(songs), strict=True):
        raw = plain([song])
        expected = np.stack([smooth(raw[:, i], seconds) for i, seconds in enumerate(best)], axis=1)
        assert predicted == pytest.approx(expected, abs=1e-5)
    again = Context(n_features=4, config=model.config)
    again.restore(model.state(), None)
    assert all((a == b).all() for a, b in zip(
        again.predict(songs), model.predict(songs), strict=True))  # fmt: skip


@pytest.mark.parametrize("settings", [{}, {"so_far": "both", "smoothing": (2.0,)}])
def test_later_frames_change_no_bit_of_a_prediction(settings):
    songs = make_songs()
    model, song = fitted(songs, **settings), songs[0]
    features = song.features.copy()
    features[10:] += 3
    later = Song(song.song_id, features, song.annotations, song.times)
    (before,), (after,) = model.predict([song]), model.predict([later])
    assert (before[:10] == after[:10]).all()
    assert (before[10:] != after[10:]).any()


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
