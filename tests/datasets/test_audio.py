"""Any recording becomes 44.1 kHz mono, or one clear error; never a silent wrong feature."""

import random

import numpy as np
import pytest
import soundfile

from datasets.audio import find_audio, n_half_seconds, read_samples
from datasets.contract import DatasetError
from datasets.features.cache import AUDIO, extract_file
from datasets.features.registry import extractor_for
from tests.sounds import RATE, tone, write_tone

REAL_CLIP = "3.mp3"


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".mp3"])
@pytest.mark.parametrize(("rate", "channels"), [(44_100, 1), (48_000, 2), (16_000, 1)])
def test_every_format_rate_and_channel_count_is_the_same_sound(tmp_path, suffix, rate, channels):
    if suffix == ".mp3" and rate == 16_000:
        rate = 22_050
    samples = read_samples(write_tone(tmp_path / f"a{suffix}", 3, 440, rate, channels))
    assert len(samples) == pytest.approx(3 * RATE, abs=0.03 * RATE)
    middle = samples[RATE : 2 * RATE]
    spectrum = np.abs(np.fft.rfft(middle))
    assert spectrum.argmax() == 440
    assert np.abs(middle).max() == pytest.approx(0.3, abs=0.02)


def test_six_channels_at_96_khz_are_averaged(tmp_path):
    loud = np.zeros((96_000, 6), np.float32)
    loud[:, 0] = tone(1, 440, 96_000)
    soundfile.write(tmp_path / "a.wav", loud, 96_000)
    samples = read_samples(tmp_path / "a.wav")
    assert len(samples) == RATE
    assert np.abs(samples[1000:-1000]).max() == pytest.approx(0.3 / 6, rel=0.02)


def test_real_clips_are_forty_five_seconds(real_data):
    for path in sorted((real_data / AUDIO).glob("*.mp3")):
        assert n_half_seconds(read_samples(path)) == 90


def test_decoders_print_nothing(real_data, capfd):
    read_samples(real_data / AUDIO / REAL_CLIP)  # its tags make the MP3 decoder complain
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("seconds", "message"),
    [(0.2, r"holds 0.20 s of sound; at least 0.25 s"), (1 / RATE, r"holds 0.00 s")],
)
def test_too_short_a_sound_is_refused(tmp_path, seconds, message):
    with pytest.raises(DatasetError, match=message):
        read_samples(write_tone(tmp_path / "a.wav", seconds))


def test_what_is_no_sound_is_named(tmp_path):
    for name, content in {"a.mp3": b"", "b.mp3": b"no sound " * 999, "c.wav": b"RIFF"}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DatasetError, match=rf"{name} cannot be decoded .*ffmpeg"):
            read_samples(tmp_path / name)
    with pytest.raises(DatasetError, match=r"No audio file: .*d.wav does not exist.*MIDI"):
        read_samples(tmp_path / "d.wav")
    soundfile.write(tmp_path / "e.wav", np.full(RATE, np.nan), RATE, subtype="FLOAT")
    with pytest.raises(DatasetError, match=r"e.wav holds samples that are NaN, infinite"):
        read_samples(tmp_path / "e.wav")


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3"])
def test_half_a_file_is_refused_and_not_taken_for_a_shorter_one(tmp_path, suffix):
    whole = write_tone(tmp_path / f"a{suffix}", 8).read_bytes()
    (tmp_path / f"b{suffix}").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DatasetError, match=r"is cut or damaged|cannot be decoded"):
        read_samples(tmp_path / f"b{suffix}")


def test_a_real_clip_cut_anywhere_is_refused(real_data, tmp_path):
    whole = (real_data / AUDIO / REAL_CLIP).read_bytes()
    for share in (0.05, 0.3, 0.6, 0.95):
        (tmp_path / "cut.mp3").write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(DatasetError, match=r"is cut or damaged|cannot be decoded"):
            read_samples(tmp_path / "cut.mp3")


def test_wav_written_to_a_pipe_is_read_though_its_header_knows_no_length(tmp_path):
    content = bytearray(write_tone(tmp_path / "a.wav", 2).read_bytes())
    start = content.index(b"data") + 4
    content[start : start + 4] = b"\xff\xff\xff\xff"
    (tmp_path / "a.wav").write_bytes(content)
    assert len(read_samples(tmp_path / "a.wav")) == 2 * RATE


def test_a_song_is_found_in_any_format(tmp_path):
    assert find_audio(tmp_path, 7) is None
    write_tone(tmp_path / "7.ogg", 1)
    assert find_audio(tmp_path, 7) == tmp_path / "7.ogg"
    write_tone(tmp_path / "7.mp3", 1)
    assert find_audio(tmp_path, 7) == tmp_path / "7.mp3"


def mutated(rng: random.Random, sounds: dict[str, bytes]) -> tuple[str, bytes, bool]:
    """Return a suffix, a damaged or odd file, and whether it must be refused."""
    suffix, content = rng.choice(sorted(sounds.items()))
    kind = rng.choice(["cut", "empty", "text", "zeros", "noise", "headless", "as it is"])
    if kind == "cut":
        return suffix, content[: rng.randrange(len(content) * 9 // 10)], suffix != ".ogg"
    if kind == "headless":
        return suffix, content[rng.randrange(len(content) // 2, len(content)) :], False
    made = {
        "empty": b"",
        "text": b"valence,arousal\n0.1,0.2\n" * rng.randrange(1, 500),
        "zeros": bytes(rng.randrange(1, 50_000)),
        "noise": rng.randbytes(rng.randrange(1, 50_000)),
        "as it is": content,
    }
    return suffix, made[kind], kind in ("empty", "text")


def test_two_hundred_damaged_files_give_errors_or_finite_features_and_never_a_traceback(tmp_path):
    """A cut file is always refused (ogg states no length, so what is there counts)."""
    rng = random.Random(4)
    sounds = {
        suffix: write_tone(tmp_path / f"whole{suffix}", 4, channels=2).read_bytes()
        for suffix in (".wav", ".flac", ".ogg", ".mp3")
    }
    extractor = extractor_for("logmel")
    n_read = 0
    for number in range(200):
        suffix, content, must_fail = mutated(rng, sounds)
        path = tmp_path / f"{number}{suffix}"
        path.write_bytes(content)
        try:
            rows = extract_file(path, extractor)
        except DatasetError as error:
            assert path.name in str(error)
            assert len(str(error).splitlines()) == 1
        else:
            assert not must_fail, f"{path.name} was read as {len(rows)} frames"
            assert np.isfinite(rows).all()
            n_read += 1
        path.unlink()
    assert n_read > 20


@pytest.mark.parametrize("features", ["logmel", "logmel32", "baseline"])
def test_silence_and_one_frame_have_finite_features(tmp_path, features):
    extractor = extractor_for(features)
    soundfile.write(tmp_path / "silence.wav", np.zeros(RATE * 3), RATE)
    assert extract_file(tmp_path / "silence.wav", extractor).shape == (6, extractor.n_features)
    shortest = write_tone(tmp_path / "short.wav", 0.26)
    assert extract_file(shortest, extractor).shape == (1, extractor.n_features)
    loud = np.sign(tone(2, 50)) * 1.5  # beyond full scale, as MP3 decoders may return
    soundfile.write(tmp_path / "loud.wav", loud, RATE, subtype="FLOAT")
    assert len(extract_file(tmp_path / "loud.wav", extractor)) == 4
