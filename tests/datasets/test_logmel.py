"""Log-mel bands: on sounds with a known answer, on real clips, and what is kept of them."""

import numpy as np
import pytest
import soundfile

from datasets.contract import DatasetError
from datasets.features.logmel import (
    AUDIO,
    LogMelSettings,
    extract,
    folder,
    open_reader,
    read_bands,
    write_bands,
)

SETTINGS = LogMelSettings()
RATE = 44_100


def write(path, seconds, hertz=1000.0, rate=RATE, channels=1):
    time = np.arange(int(seconds * rate)) / rate
    tone = 0.3 * np.sin(2 * np.pi * hertz * time)
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.stack([tone] * channels, axis=1), rate)
    return path


@pytest.mark.parametrize("hertz", [200.0, 1000.0, 5000.0])
def test_a_tone_is_loudest_in_the_band_that_holds_it(tmp_path, hertz):
    import librosa

    bands = extract(write(tmp_path / "a.wav", 3, hertz), SETTINGS)
    assert bands.shape == (6, 64)
    centres = librosa.mel_frequencies(66, fmin=0, fmax=RATE / 2)[1:-1]
    nearest = np.abs(centres - hertz).argmin()
    assert set(bands.argmax(axis=1)) <= {nearest - 1, nearest, nearest + 1}


def test_a_half_second_holds_what_sounds_in_it(tmp_path):
    """Silence, then a tone from second 1 on: windows 0 and 1 are silent, 2 and 3 are not."""
    time = np.arange(2 * RATE) / RATE
    soundfile.write(tmp_path / "a.wav", np.sin(2 * np.pi * 440 * time) * (time >= 1), RATE)
    loudest = extract(tmp_path / "a.wav", SETTINGS).max(axis=1)
    assert loudest[0] < -90
    assert loudest[[2, 3]].min() > 10
    assert loudest[1] < loudest[2] - 50  # its last 30 ms hear the tone begin


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".mp3"])
def test_every_format_stereo_and_other_rates_give_nearly_the_same_bands(tmp_path, suffix):
    expected = extract(write(tmp_path / "a.wav", 2), SETTINGS)
    found = extract(write(tmp_path / f"b{suffix}", 2, rate=48_000, channels=2), SETTINGS)
    assert found.shape == expected.shape
    band = expected[1].argmax()
    assert found[1:3, band] == pytest.approx(expected[1:3, band], abs=0.5)  # decibels


def test_real_clips_give_ninety_half_seconds(real_data, tmp_path):
    bands = extract(real_data / AUDIO / "3.mp3", SETTINGS)
    assert bands.shape == (90, 64)
    assert np.isfinite(bands).all()
    assert bands.std(axis=0).min() > 0.5


def test_the_reader_gives_the_annotated_frames_and_keeps_what_it_extracted(tmp_path):
    write(tmp_path / AUDIO / "7.wav", 45)
    times = 15 + 0.5 * np.arange(60)
    bands = open_reader(tmp_path)(7, times)
    kept = folder(tmp_path, SETTINGS) / "7.npz"
    assert bands.shape == (60, 64)
    assert (bands == read_bands(kept, SETTINGS)[0][30:90]).all()
    stamp = kept.stat().st_mtime_ns
    open_reader(tmp_path)(7, times)
    assert kept.stat().st_mtime_ns == stamp


def test_other_audio_under_the_same_name_is_extracted_again(tmp_path):
    times = 0.5 * np.arange(4)
    write(tmp_path / AUDIO / "7.wav", 2, hertz=300)
    before = open_reader(tmp_path)(7, times)
    write(tmp_path / AUDIO / "7.wav", 2, hertz=3000)
    assert np.abs(open_reader(tmp_path)(7, times) - before).max() > 20


def test_extracted_bands_serve_without_the_audio(tmp_path):
    bands = np.arange(90 * 64, dtype=np.float32).reshape(90, 64)
    write_bands(folder(tmp_path, SETTINGS) / "7.npz", bands, "digest")
    assert (open_reader(tmp_path)(7, np.array([15.0, 44.5])) == bands[[30, 89]]).all()


def test_other_settings_are_kept_elsewhere(tmp_path):
    assert folder(tmp_path, SETTINGS) != folder(tmp_path, LogMelSettings(bands=32))


def test_what_is_missing_cut_or_damaged_is_named(tmp_path):
    read = open_reader(tmp_path)
    with pytest.raises(DatasetError, match=r"Song 7 has neither audio .*7.mp3.* nor"):
        read(7, np.array([15.0]))
    write(tmp_path / AUDIO / "7.wav", 20)
    with pytest.raises(DatasetError, match=r"annotated up to 44.5 s but its audio ends at 20.0 s"):
        read(7, np.array([15.0, 44.5]))
    (folder(tmp_path, SETTINGS) / "7.npz").write_text("no archive")
    with pytest.raises(DatasetError, match=r"7.npz is damaged"):
        read(7, np.array([15.0]))
    (tmp_path / AUDIO / "8.mp3").write_text("no sound")
    with pytest.raises(DatasetError, match=r"8.mp3 cannot be decoded"):
        read(8, np.array([15.0]))
    write(tmp_path / AUDIO / "9.wav", 0.01)
    with pytest.raises(DatasetError, match=r"9.wav holds 0.01 s of sound"):
        read(9, np.array([15.0]))
