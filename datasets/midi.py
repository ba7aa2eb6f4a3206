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
from typing import Any

from datasets.contract import DatasetError

RECIPE = "rendered 1"  # raise the number when the same file would be rendered otherwise
SUFFIXES = (".mid", ".midi")
SOUND_FONTS = (
    Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"),
    Path("/usr/share/soundfonts/FluidR3_GM.sf2"),
)
SECONDS_AT_MOST = 600  # of work for one file; five minutes of piano take two seconds
LONGEST_SECONDS = 3 * 3600  # of sound; a damaged time in a file claims days of it
ERROR = "fluidsynth: error: "  # how its complaints begin; its exit code is 0 even so
INSTALL = "On Debian and Ubuntu: apt-get install fluidsynth fluid-soundfont-gm"


def is_midi(path: Path) -> bool:
    """Tell by its name whether a file is MIDI."""
    return path.suffix.lower() in SUFFIXES


def prepare() -> None:
    """See that FluidSynth and its sound font are there, or say what to install."""
    sound_font()
    program()


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
    if not _is_sound_font(found[0]):
        raise DatasetError(
            f"{found[0]} is no sound font, or cut: expected a whole .sf2 file. Install it again or"
            " set MER_SOUNDFONT to another one."
        )
    return found[0]


def _is_sound_font(path: Path) -> bool:
    """Read in its head whether a file is a whole sound font: without one FluidSynth is silent."""
    with path.open("rb") as file:
        head = file.read(12)
    n_bytes = int.from_bytes(head[4:8], "little") + 8
    return (head[:4], head[8:]) == (b"RIFF", b"sfbk") and n_bytes <= path.stat().st_size


def rendered_by() -> str:
    """Name FluidSynth's version and the sound font, by its first eight digits of sha256."""
    return _rendered_by(program(), sound_font())


@lru_cache
def _rendered_by(command: str, font: Path) -> str:
    """Ask the program for its version and digest the sound font, once per process."""
    answer = subprocess.run([command, "--version"], capture_output=True, text=True, check=False)
    version = next(
        (line for line in answer.stdout.splitlines() if "version" in line), "of no version"
    )
    with font.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()[:8]
    return f"FluidSynth {version.split()[-1]} with {font.name} {digest}"


def program() -> str:
    """Return where FluidSynth is installed."""
    command = shutil.which("fluidsynth")
    if command is None:
        raise DatasetError(f"Rendering MIDI needs the program fluidsynth. {INSTALL}")
    return command


@contextmanager
def rendered(path: Path, sampling_rate: int) -> Iterator[Path]:
    """Render a MIDI file to a temporary WAV file, which is gone afterwards."""
    check(path)
    with tempfile.TemporaryDirectory(prefix="mer-rendering-") as folder:
        wav = Path(folder, "rendered.wav")
        options = ["-ni", "-q", "-r", str(sampling_rate), "-F", str(wav)]
        command = [program(), *options, str(sound_font()), str(path.absolute())]
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                check=True,
                timeout=SECONDS_AT_MOST,
                stdin=subprocess.DEVNULL,
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            raise DatasetError(
                f"MIDI file {path} cannot be rendered ({_complaint(error.stderr) or error}). Get it"
                " again."
            ) from error
        if complaint := _complaint(done.stderr):
            raise DatasetError(f"MIDI file {path} cannot be rendered ({complaint}). Get it again.")
        if not wav.is_file():
            raise DatasetError(
                f"MIDI file {path} gives no sound; FluidSynth wrote nothing. Get it again."
            )
        yield wav


def _complaint(stderr: bytes | None) -> str:
    lines = (stderr or b"").decode(errors="replace").splitlines()
    return next((line.removeprefix(ERROR) for line in lines if line.startswith(ERROR)), "")


def check(path: Path) -> None:
    """Refuse a file that is missing, no MIDI, or without a note."""
    file, _ = _read(path)
    if not any(_begins(message) for track in file.tracks for message in track):
        raise DatasetError(f"MIDI file {path} holds no notes. Get it again.")


def seconds(path: Path) -> float:
    """Return the length of a MIDI file, from its start to its last event."""
    return _read(path)[1]


def _read(path: Path) -> tuple[Any, float]:
    import mido
    from mido.midifiles.meta import KeySignatureError

    if not path.is_file():
        raise DatasetError(f"No MIDI file {path}. Get it again.")
    damage = (OSError, EOFError, ValueError, LookupError, ArithmeticError, KeySignatureError)
    try:
        file = mido.MidiFile(path, clip=True)
        length = float(file.length)
    except damage as error:
        reason = "it is cut" if isinstance(error, EOFError) else error
        raise DatasetError(
            f"File {path} is no MIDI file that can be read ({reason}). Get it again."
        ) from error
    if not 0 < length <= LONGEST_SECONDS:
        raise DatasetError(
            f"MIDI file {path} is damaged: it lasts {length:,.0f} s, expected more than 0 and at"
            f" most {LONGEST_SECONDS:,} s. Get it again."
        )
    return file, length


def _begins(message: Any) -> bool:
    """Tell whether a note begins; with velocity 0 it ends."""
    return bool(message.type == "note_on" and message.velocity > 0)
