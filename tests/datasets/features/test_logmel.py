"""Log-mel bands: on sounds with a known answer and on real clips."""

import numpy as np
import pytest
import soundfile

from datasets.audio import read_samples
from datasets.features.cache import AUDIO
from datasets.features.logmel import LogMel, extractor, extractor_32
from tests.sounds import RATE, tone

EXTRACTOR = extractor()


@pytest.mark.parametrize("hertz", [200.0, 1000.0, 5000.0])
def test_a_tone_is_loudest_in_the_band_that_holds_it(hertz):
    import librosa

    bands = EXTRACTOR.extract(tone(3, hertz))
    assert bands.shape == (6, 64)
    centres = librosa.mel_frequencies(66, fmin=0, fmax=RATE / 2)[1:-1]
    nearest = np.abs(centres - hertz).argmin()
    assert set(bands.argmax(axis=1)) <= {nearest - 1, nearest, nearest + 1}


def test_a_half_second_holds_what_sounds_in_it():
    """Silence, then a tone from second 1 on: windows 0 and 1 are silent, 2 and 3 are not."""
    sound = tone(2) * (np.arange(2 * RATE) >= RATE)
    loudest = EXTRACTOR.extract(sound).max(axis=1)
    assert loudest[0] == pytest.approx(-80)
    assert loudest[[2, 3]].min() > 0
    assert loudest[1] < loudest[2] - 50  # the tone begins in its last 30 ms


def test_bands_equal_librosa_s_own_over_the_whole_recording():
    """Computed in blocks of 30 s, a recording of 75 s gives what one block would."""
    import librosa

    sound = np.random.default_rng(0).normal(0, 0.1, 75 * RATE).astype(np.float32)
    power = librosa.feature.melspectrogram(
        y=sound, sr=RATE, n_fft=2646, hop_length=441, n_mels=64, pad_mode="constant"
    )
    whole = librosa.power_to_db(power, ref=1.0, amin=1e-8, top_db=None)[:, : 150 * 50]
    halves = whole.reshape(64, 150, 50)
    assert EXTRACTOR.extract(sound) == pytest.approx(halves.mean(axis=2).T, abs=1e-3)
    both = extractor_32().extract(sound)
    assert both.shape == (150, 64)
    power = librosa.feature.melspectrogram(
        y=sound, sr=RATE, n_fft=2646, hop_length=441, n_mels=32, pad_mode="constant"
    )
    halves = librosa.power_to_db(power, ref=1.0, amin=1e-8, top_db=None)[:, : 150 * 50].reshape(
        32, 150, 50
    )
    assert both[:, :32] == pytest.approx(halves.mean(axis=2).T, abs=1e-3)
    assert both[:, 32:] == pytest.approx(halves.std(axis=2).T, abs=1e-3)


@pytest.mark.parametrize(("seconds", "n_frames"), [(0.25, 1), (0.7, 1), (0.8, 2), (45.036, 90)])
def test_a_last_half_second_counts_from_half_its_length(seconds, n_frames):
    assert len(EXTRACTOR.extract(tone(seconds))) == n_frames


def test_real_clips_give_ninety_half_seconds(real_data):
    bands = EXTRACTOR.extract(read_samples(real_data / AUDIO / "3.mp3"))
    assert bands.shape == (90, 64)
    assert np.isfinite(bands).all()
    assert bands[:, :55].std(axis=0).min() > 0.5  # MP3 leaves nothing above 16 kHz


def test_rounding_to_sixteen_bits_is_not_heard(real_data, tmp_path):
    samples = read_samples(real_data / AUDIO / "13.mp3")
    soundfile.write(tmp_path / "13.flac", samples, RATE, subtype="PCM_16")
    again = EXTRACTOR.extract(read_samples(tmp_path / "13.flac"))
    assert np.abs(again - EXTRACTOR.extract(samples)).mean() < 0.01  # decibels


def test_every_setting_changes_the_digest():
    others = [LogMel(bands=32), LogMel(statistics=("mean", "deviation")), LogMel(hop_seconds=0.02)]
    assert len({one.digest() for one in (LogMel(), extractor_32(), *others)}) == 5
