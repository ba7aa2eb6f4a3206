"""A MIDI file becomes sound through FluidSynth (only door to FluidSynth and mido).

Source  FluidSynth, https://www.fluidsynth.org, called as a command with its defaults; the General
        MIDI sound font FluidR3 (Debian packages `fluidsynth` and `fluid-soundfont-gm`), or the file
        that the environment variable MER_SOUNDFONT names
Units   seconds; the rendering begins where the MIDI file begins and ends after its last sound
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from datasets.contract import DatasetError

RECIPE = "rendered 1"  # raise the number when the same file would be rendered otherwise
SUFFIXES = (".mid", ".midi")
SOUND_FONTS = (
    Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"),
    Path("/usr/share/soundfonts/FluidR3_GM.sf2"),
)
SECONDS_AT_MOST = 600  # for one file; five minutes of piano take two seconds
INSTALL = "On Debian and Ubuntu: apt-get install fluidsynth fluid-soundfont-gm"


def is_midi(path: Path) -> bool:
    """Tell by its name whether a file is MIDI."""
    return path.suffix.lower() in SUFFIXES


def prepare() -> None:
    """See that FluidSynth and its sound font are there, or say what to install."""
    sound_font()
    _command()


def sound_font() -> Path:
    """Return the sound font to render with."""
    named = os.environ.get("MER_SOUNDFONT")
    if named and not Path(named).is_file():
        raise DatasetError(f"MER_SOUNDFONT names {named}, which is no file; give a .sf2 file.")
    found = [path for path in ([Path(named)] if named else SOUND_FONTS) if path.is_file()]
    if not found:
        raise DatasetError(
            f"Rendering MIDI needs the sound font {SOUND_FONTS[0]}. {INSTALL}. Another sound font:"
            " set MER_SOUNDFONT to its file."
        )
    return found[0]


def rendered_by() -> str:
    """Name FluidSynth's version and the sound font, by its first eight digits of sha256."""
    return _rendered_by(_command(), sound_font())


@lru_cache
def _rendered_by(command: str, font: Path) -> str:
    """Ask the program for its version and digest the sound font, once per process."""
    said = subprocess.run([command, "--version"], capture_output=True, text=True, check=False)
    version = next(
        (line for line in said.stdout.splitlines() if "version" in line), "of no version"
    )
    with font.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()[:8]
    return f"FluidSynth {version.split()[-1]} with {font.name} {digest}"


def _command() -> str:
    """Return where FluidSynth is installed."""
    command = shutil.which("fluidsynth")
    if command is None:
        raise DatasetError(f"Rendering MIDI needs the program fluidsynth. {INSTALL}")
    return command


@contextmanager
def rendered(path: Path, sampling_rate: int) -> Iterator[Path]:
    """Render a MIDI file to a temporary WAV file, which is gone afterwards."""
    seconds(path)  # names a file that is missing or no MIDI
    with tempfile.TemporaryDirectory(prefix="mer-rendering-") as folder:
        wav = Path(folder, "rendered.wav")
        options = ["-ni", "-q", "-r", str(sampling_rate), "-F", str(wav)]
        try:
            subprocess.run(
                [_command(), *options, str(sound_font()), str(path)],
                capture_output=True,
                check=True,
                timeout=SECONDS_AT_MOST,
                stdin=subprocess.DEVNULL,
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            reason = (error.stderr or b"").decode(errors="replace").strip().splitlines()
            raise DatasetError(
                f"MIDI file {path} cannot be rendered ({reason[-1] if reason else error})."
            ) from error
        if not wav.is_file():
            raise DatasetError(f"MIDI file {path} gives no sound; FluidSynth wrote nothing.")
        yield wav


def seconds(path: Path) -> float:
    """Return the length of a MIDI file, from its start to its last event."""
    import mido

    if not path.is_file():
        raise DatasetError(f"No MIDI file {path}.")
    try:
        return float(mido.MidiFile(path, clip=True).length)
    except (OSError, EOFError, ValueError, KeyError, IndexError) as error:
        raise DatasetError(f"File {path} is no MIDI file that can be read ({error}).") from error


def note_onsets(path: Path) -> list[float]:
    """Return the seconds at which notes begin, in order."""
    import mido

    now, onsets = 0.0, []
    for message in mido.MidiFile(path, clip=True):
        now += message.time
        if message.type == "note_on" and message.velocity > 0:
            onsets.append(now)
    return onsets
