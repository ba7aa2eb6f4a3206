import numpy as np
import pytest

from datasets.synthetic import (
    CUBIC,
    EMOTION_UNIT,
    N_FEATURES,
    QUADRATIC,
    Mixing,
    SyntheticOptions,
    load,
)


@pytest.fixture(scope="module")
def full():
    return load(SyntheticOptions(size="full"), "baseline")


def song_means(songs):
    return np.array([song.annotations.mean(axis=0) for song in songs])


def unbend(bent):
    """Undo `bend`: solve along + CUBIC * along**3 = q (Cardano), then take the square away."""
    p, q = 1 / CUBIC, bent[:, 0] / CUBIC
    root = np.sqrt((q / 2) ** 2 + (p / 3) ** 3)
    along = np.cbrt(q / 2 + root) + np.cbrt(q / 2 - root)
    across = bent[:, 1] - QUADRATIC * (along**2 - 1)
    return EMOTION_UNIT * np.stack([along + across, along - across], axis=1) / np.sqrt(2)


def test_the_same_options_make_the_same_bytes():
    digests = {load(SyntheticOptions(), "baseline").digest() for _ in range(2)}
    assert len(digests) == 1


def test_another_seed_makes_other_songs():
    one, other = (load(SyntheticOptions(data_seed=seed), "baseline").digest() for seed in (1, 2))
    assert one != other


@pytest.mark.parametrize(("size", "n_songs"), [("small", (96, 16)), ("full", (431, 58))])
@pytest.mark.parametrize(("features", "n_columns"), [("baseline", 260), ("logmel", 64)])
def test_sizes_are_the_documented_ones(size, n_songs, features, n_columns):
    split = load(SyntheticOptions(size=size), features)
    assert (len(split.development), len(split.evaluation)) == n_songs
    assert split.n_features == n_columns


def test_song_lengths_are_those_of_the_real_task(full):
    assert {song.n_frames for song in full.development} == {60}
    lengths = [song.n_frames for song in full.evaluation]
    assert (min(lengths), max(lengths)) == (68, 1224)
    assert full.evaluation[0].times[:2].tolist() == [15.0, 15.5]


def test_song_means_spread_and_correlate_like_the_real_labels(full):
    means = song_means(full.development)
    assert means.std(axis=0, ddof=1) == pytest.approx([0.34, 0.32], abs=0.03)
    assert np.corrcoef(means.T)[0, 1] == pytest.approx(0.63, abs=0.06)
    # 58 uncorrelated songs: the standard error of r is about .13
    assert abs(np.corrcoef(song_means(full.evaluation).T)[0, 1]) < 0.3


def test_songs_move_like_the_real_labels(full):
    within = np.sqrt(np.mean([song.annotations.var(axis=0) for song in full.development], axis=0))
    assert within == pytest.approx([0.09, 0.09], abs=0.005)
    lag_1 = [
        np.corrcoef(song.annotations[:-1, target], song.annotations[1:, target])[0, 1]
        for song in full.development
        for target in (0, 1)
    ]
    assert np.mean(lag_1) == pytest.approx(0.97, abs=0.01)


def test_the_features_hold_the_clean_emotion_exactly(full):
    mixing = Mixing(N_FEATURES["baseline"], np.random.default_rng([2017, 99]))
    for song, clean in zip(full.evaluation, full.references["noise floor"], strict=True):
        columns = (song.features - mixing.shift) / mixing.scale
        assert unbend(columns @ mixing.signal) == pytest.approx(clean, abs=2e-3)


def test_the_noise_floor_is_rater_noise_alone(full):
    noise = np.concatenate(
        [song.annotations - clean
         for song, clean in zip(full.evaluation, full.references["noise floor"], strict=True)]
    )  # fmt: skip
    # offset .10 and walk .03 a song; 58 songs leave the offset's spread uncertain by a tenth
    assert np.sqrt(np.mean(noise**2, axis=0)) == pytest.approx([0.104, 0.104], abs=0.02)
