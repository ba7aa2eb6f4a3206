"""MIDI becomes sound at the times its notes say; what cannot be rendered is named."""

import tempfile
import time
from pathlib import Path

import mido
import numpy as np
import pytest

from datasets import midi
from datasets.audio import SAMPLING_RATE, read_samples
from datasets.contract import DatasetError
from datasets.vgmidi_files import MIDI
from tests.vgmidi_folder import write_midi

HOP = 441  # samples: 10 ms
WINDOW = 20  # hops before and after a note in which its attack is looked for
FONT = b"RIFF" + (4).to_bytes(4, "little") + b"sfbk"  # the head of a sound font, and no more

CUT_FONT = FONT[:4] + (1000).to_bytes(4, "little") + FONT[8:]  # says that 1,000 bytes follow


def note_onsets(path):
    """Return the seconds at which the notes of a MIDI file begin, in order."""
    now, onsets = 0.0, []
    for message in mido.MidiFile(path, clip=True):
        now += message.time
        if message.type == "note_on" and message.velocity > 0:
            onsets.append(now)
    return onsets


def rise_of_energy(samples):
    """Return by how much the log energy of the samples' differences grows, per 10 ms."""
    steps = np.diff(samples)
    n_hops = len(steps) // HOP
    energy = np.log((steps[: n_hops * HOP].reshape(n_hops, HOP) ** 2).mean(axis=1) + 1e-10)
    return np.diff(energy, prepend=energy[0])


def attack_errors(samples, onsets):
    """Return the seconds from note times to the attacks of notes that stand alone."""
    rise, alone = rise_of_energy(samples), 1.2 * WINDOW * HOP / SAMPLING_RATE
    apart = np.diff(np.unique(np.round(onsets, 3)), prepend=-np.inf, append=np.inf) > alone
    errors = []
    for onset in np.unique(np.round(onsets, 3))[apart[:-1] & apart[1:]]:
        hop = int(onset * SAMPLING_RATE / HOP)
        first = max(0, hop - WINDOW)
        attack = first + int(np.argmax(rise[first : hop + WINDOW + 1]))
        errors.append(attack * HOP / SAMPLING_RATE - onset)
    return np.array(errors)


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Return an empty folder in which temporary files are made."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Return a function that puts a shell script in FluidSynth's place, with a font to match."""

    def write(script):
        path = tmp_path / "bin" / "fluidsynth"
        path.parent.mkdir()
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        (tmp_path / "font.sf2").write_bytes(FONT)
        monkeypatch.setenv("PATH", f"{path.parent}:/usr/bin:/bin")
        monkeypatch.setenv("MER_SOUNDFONT", str(tmp_path / "font.sf2"))

    return write


def test_onsets_and_length_follow_changes_of_tempo(tmp_path):
    file, track = mido.MidiFile(ticks_per_beat=100), mido.MidiTrack()
    file.tracks.append(track)
    track += [
        mido.Message("note_on", note=60, velocity=64, time=100),  # a quarter at 120 per minute
        mido.MetaMessage("set_tempo", tempo=2_000_000, time=100),
        mido.Message("note_on", note=60, velocity=0, time=0),  # ends the note
        mido.Message("note_on", note=62, velocity=64, time=150),  # 1.5 quarters of 2 s each
        mido.Message("note_off", note=62, time=50),
    ]
    file.save(tmp_path / "a.mid")
    assert note_onsets(tmp_path / "a.mid") == pytest.approx([0.5, 0.5 + 0.5 + 3.0])
    assert midi.seconds(tmp_path / "a.mid") == pytest.approx(4.0 + 1.0)


@pytest.mark.usefixtures("fluidsynth")
def test_a_rendering_has_its_notes_where_the_file_says(tmp_path):
    onsets = [0.25, 1.0, 1.75, 2.5, 4.0, 6.1]
    samples = read_samples(write_midi(tmp_path / "a.mid", onsets))
    assert np.abs(attack_errors(samples, onsets)).max() < 0.02
    assert len(attack_errors(samples, onsets)) == 6
    assert np.abs(samples[: int(0.24 * SAMPLING_RATE)]).max() < 0.01 * np.abs(samples).max()


@pytest.mark.usefixtures("fluidsynth")
@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("Super Mario_NES_Super Mario Bros_Underwater.mid", 100),
        ("Xeno_PS1_Xenogears_Lost Broken Shards.mid", 50),
    ],
)
def test_renderings_of_real_pieces_align_with_their_notes_within_a_frame(real_data, name, least):
    path = real_data / MIDI / name
    samples, onsets = read_samples(path), note_onsets(path)
    errors = attack_errors(samples, onsets)
    assert len(errors) >= least
    assert np.abs(errors).max() < 0.05  # a tenth of a frame; by chance they would reach 0.2
    first, last = np.array_split(errors, 3)[::2]
    assert np.median(last) == pytest.approx(np.median(first), abs=0.01)  # no drift
    audible = np.flatnonzero(np.abs(samples) > 0.01 * np.abs(samples).max())
    assert audible[0] / SAMPLING_RATE == pytest.approx(onsets[0], abs=0.05)
    assert midi.seconds(path) < len(samples) / SAMPLING_RATE < midi.seconds(path) + 10


@pytest.mark.usefixtures("fluidsynth")
def test_the_rendering_is_gone_afterwards_and_after_an_error(tmp_path, temporary):
    path = write_midi(tmp_path / "a.mid", [0.1])
    with midi.rendered(path, SAMPLING_RATE) as wav:
        assert wav.is_relative_to(temporary)
        assert wav.stat().st_size > 10_000
    assert list(temporary.iterdir()) == []
    with pytest.raises(ZeroDivisionError), midi.rendered(path, SAMPLING_RATE):
        _ = 1 / 0
    assert list(temporary.iterdir()) == []


@pytest.mark.usefixtures("fluidsynth")
def test_what_renders_is_named_with_its_version_and_sound_font():
    assert midi.rendered_by().startswith("FluidSynth ")
    assert f" with {midi.sound_font().name} " in midi.rendered_by()


def chunk(events: bytes, ticks: int = 96) -> bytes:
    """Return a MIDI file of one track."""
    head = b"MThd" + (6).to_bytes(4, "big") + b"\0\0\0\1" + ticks.to_bytes(2, "big")
    return head + b"MTrk" + len(events).to_bytes(4, "big") + events


NOTE, END = b"\0\x90\x3c\x40", b"\0\xff\x2f\0"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"a.mid is no MIDI file that can be read \(it is cut\)"),
        (b"no music at all", r"a.mid is no MIDI file that can be read \(MThd not found"),
        (chunk(NOTE + END)[:-5], r"a.mid is no MIDI file that can be read \(it is cut\)"),
        (chunk(b"\0\xff\x59\2\x4d\1" + NOTE + END), r"a.mid is no MIDI file .*\(Could not decode"),
        (chunk(NOTE + b"\x10\x80\x3c\0" + END, ticks=0), r"a.mid is no MIDI file .*division"),
        (chunk(b"\x60\xff\x2f\0"), r"a.mid holds no notes"),
        (chunk(NOTE + b"\xff\xff\xff\x7f\x80\x3c\0" + END), r"a.mid is damaged: it lasts 1,398,"),
        (chunk(NOTE + END), r"a.mid is damaged: it lasts 0 s"),
    ],
)
def test_files_that_are_no_music_are_named(tmp_path, temporary, content, message):
    (tmp_path / "a.mid").write_bytes(content)
    with pytest.raises(DatasetError, match=message):
        read_samples(tmp_path / "a.mid")
    assert list(temporary.iterdir()) == []


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DatasetError, match=r"No MIDI file .*none.mid. Get it again."):
        read_samples(tmp_path / "none.mid")


def test_a_missing_program_or_sound_font_says_what_to_install(tmp_path, monkeypatch):
    (tmp_path / "font.sf2").write_bytes(FONT)
    monkeypatch.setenv("MER_SOUNDFONT", str(tmp_path / "font.sf2"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DatasetError, match=r"program fluidsynth. .* apt-get install fluidsynth"):
        midi.prepare()
    monkeypatch.setenv("MER_SOUNDFONT", str(tmp_path / "none.sf2"))
    with pytest.raises(DatasetError, match=r"MER_SOUNDFONT names .*none.sf2, which is no file"):
        midi.prepare()
    monkeypatch.delenv("MER_SOUNDFONT")
    monkeypatch.setattr(midi, "SOUND_FONTS", (Path("/nowhere/FluidR3_GM.sf2"),))
    with pytest.raises(DatasetError, match=r"font /nowhere/.*install.* fluid-soundfont-gm"):
        midi.prepare()


@pytest.mark.parametrize(
    "content", [b"", b"no sound font at all", FONT[:8], FONT[:-1] + b"?", CUT_FONT]
)
def test_a_sound_font_that_is_none_is_refused_as_it_would_render_silence(
    tmp_path, monkeypatch, content
):
    (tmp_path / "font.sf2").write_bytes(content)
    monkeypatch.setenv("MER_SOUNDFONT", str(tmp_path / "font.sf2"))
    with pytest.raises(DatasetError, match=r"font.sf2 is no sound font, or cut"):
        midi.sound_font()


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo 'fluidsynth: error: no such preset' >&2", r"cannot be rendered \(no such preset\)"),
        ("echo 'fluidsynth: error: broken' >&2; exit 1", r"cannot be rendered \(broken\)"),
        ("exit 1", r"cannot be rendered \(.*exit status 1"),
        (
            "echo 'fluidsynth: warning: substituted' >&2",
            r"gives no sound; FluidSynth wrote nothing",
        ),
        ("exec sleep 20", r"cannot be rendered \(.*timed out"),
    ],
)
def test_what_fluidsynth_complains_of_is_an_error_whatever_its_exit_code(
    tmp_path, temporary, monkeypatch, program, script, message
):
    program(script)
    monkeypatch.setattr(midi, "SECONDS_AT_MOST", 0.5 if "sleep" in script else 60)
    before = time.monotonic()
    with pytest.raises(DatasetError, match=message):
        read_samples(write_midi(tmp_path / "a.mid", [0.1]))
    assert time.monotonic() - before < 10
    assert list(temporary.iterdir()) == []
