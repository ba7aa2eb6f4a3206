"""What cases share: templates of good results, made by the command line itself, and calls."""

import os
import shutil
import wave
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tests.attack.command import GUARD, Call, Limits, Result, begin
from tests.attack.sandbox import Sandbox, trained
from tests.benchmark.search.searching import NAME, write_file

MINE = "searched.py"  # the user's file: dataset `tiny`, models `tiny_gru` and `narrow`
MODELS = "constant,linear,tiny_gru"
STUDY = (
    "run", "--include", MINE, "--dataset", "tiny", "--models", MODELS, "--repetitions", "2",
    "--max-epochs", "1", "--sequence-lengths", "10", "--workers", "1",
)  # fmt: skip
SEARCH = (
    "search", "--include", MINE, "--dataset", "tiny", "--model", "narrow", "--folds", "2",
    "--max-epochs", "1", "--finalists", "0", "--trials", "2",
)  # fmt: skip
OWN_SONGS = (
    "run", "--dataset", "folder", "--data-root", "data", "--models", "tiny_gru", "--include", MINE,
    "--repetitions", "1", "--max-epochs", "1", "--sequence-lengths", "5", "--workers", "1",
)  # fmt: skip
EXTRACT = (
    "data", "extract", "--dataset", "folder", "--data-root", "data", "--workers", "1",
)  # fmt: skip
RATE, N_SONGS, SECONDS = 22050, 4, 3
SEARCH_NAME = NAME


class Arena:
    """A folder for all sandboxes and templates of one attack."""

    def __init__(self, folder: Path, *, is_inline: bool = False) -> None:
        """Make the folder; caches of libraries and temporary files stay in it."""
        self.folder, self.is_inline = folder, is_inline
        self.n_sandboxes = self.n_calls = 0
        self.chains: dict[int, Sandbox] = {}  # folders that are killed again and again
        self.wholes: dict[tuple[str, ...], dict[str, Any]] = {}
        temporary = folder / "tmp"
        temporary.mkdir(parents=True)
        temporary.chmod(0o1777)
        GUARD.update(
            TMPDIR=str(temporary), MPLCONFIGDIR=str(folder / "matplotlib"), PYTHONWARNINGS="ignore",
            PYTHONDONTWRITEBYTECODE="1", NUMBA_CACHE_DIR=str(folder / "numba"),
        )  # fmt: skip
        os.environ.update(GUARD)

    def sandbox(self) -> Sandbox:
        """Return a new sandbox with the user's file in it."""
        self.n_sandboxes += 1
        box = Sandbox(self.folder / f"case{self.n_sandboxes}")
        write_file(box.work)
        box.freeze()
        return box

    def begin(
        self,
        box: Sandbox,
        *arguments: object,
        is_new: bool = False,
        environment: Mapping[str, str] | None = None,
        limits: Limits | None = None,
    ) -> Call:
        """Start a command in a sandbox; its output goes outside of it."""
        self.n_calls += 1
        log = self.folder / f"output{self.n_calls}"
        return begin(
            arguments, box.work, log, is_new=is_new, environment=environment, limits=limits
        )

    def call(self, box: Sandbox, *arguments: object, **how: Any) -> Result:
        """Run a command in a sandbox to its end."""
        if self.is_inline and arguments[:3] == STUDY[:3]:
            arguments = (*arguments, "--executor", "inline")
        call = self.begin(box, *arguments, **how)
        result = call.finish()
        call.log.unlink()
        return result

    def _made(self, name: str, *commands: tuple[str, ...], songs: bool = False) -> Path:
        """Make a template by running commands; they must succeed."""
        box = self.sandbox()
        if songs:
            write_songs(box.data)
        for command in commands:
            result = self.call(box, *command)
            if result.code:
                raise RuntimeError(f"{' '.join(command)}: {result.output}")
        place = self.folder / name
        shutil.move(box.work, place)
        box.close()
        return place

    @cached_property
    def studied(self) -> Path:
        """Return a work folder whose results hold a study."""
        return self._made("studied", STUDY)

    @cached_property
    def searched(self) -> Path:
        """Return a work folder whose results hold a search with a promoted study."""
        return self._made("searched", (*SEARCH, "--promote", "best"))

    @cached_property
    def rated(self) -> Path:
        """Return a work folder with recordings, their ratings and features, and a trained model."""
        return self._made("rated", EXTRACT, OWN_SONGS, songs=True)

    @cached_property
    def reference(self) -> dict[str, Any]:
        """Return what the study trains, without any fault."""
        return trained(self.studied / "results")

    @property
    def records(self) -> dict[str, Any]:
        """Return the records of the study, without any fault."""
        return {path: one for path, one in self.reference.items() if path.endswith(".json")}

    def whole(self, command: tuple[str, ...]) -> dict[str, Any]:
        """Return what a command trains when nothing disturbs it; the number of workers aside."""
        key = command[: command.index("--workers")]
        if key == STUDY[: len(key)]:
            return self.reference
        if key not in self.wholes:
            box = self.sandbox()
            result = self.call(box, *key, "--workers", "1")
            if result.code:
                raise RuntimeError(result.output)
            self.wholes[key] = trained(box.results)
            box.close()
        return self.wholes[key]


def write_songs(folder: Path) -> None:
    """Write recordings and a table of ratings."""
    folder.mkdir()
    noise = np.random.default_rng(5)
    rows = ["song,time,valence,arousal"]
    for index in range(N_SONGS):
        sound = noise.normal(0, 3000, RATE * SECONDS) * np.linspace(0.2, 1, RATE * SECONDS)
        with wave.open(str(folder / f"s{index}.wav"), "wb") as file:
            file.setparams((1, 2, RATE, 0, "NONE", ""))
            file.writeframes(sound.astype("<i2").tobytes())
        for frame in range(2 * SECONDS):
            low, high = noise.uniform(-0.5, 0.5, 2)
            rows.append(f"s{index}.wav,{0.5 * frame},{low:.3f},{high:.3f}")
    (folder / "annotations.csv").write_text("\n".join(rows) + "\n")
