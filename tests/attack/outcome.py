"""What every case is held to, in this one place; a case that breaks any of it is bad."""

import re
import sqlite3
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.attack.command import Result
from tests.attack.sandbox import Sandbox, mlflow_cells, records, trained

ENDINGS = (0, 1, 2, 130)  # all good, something ran and failed, the user must change something
STOPPED = (143,)  # after TERM; KILL leaves 137
TRACEBACK = re.compile(r"Traceback \(most recent|Fatal Python error|Exception ignored in")
PLACE = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+)')
ERROR = re.compile(r"^error: \S", re.M)
SHOWN = 300  # characters of an output in a fault


@dataclass
class Outcome:
    """A case, step by step: what was done, and every promise that was broken."""

    kind: str
    number: int
    what: str = ""
    faults: list[str] = field(default_factory=list)
    skipped: str = ""  # why this machine cannot try it

    def ended(self, result: Result, *, killed: bool = False) -> None:
        """Hold a call to its promises: how it ends, what it prints, that nothing lives on."""
        call = " ".join(result.arguments)[:200]
        if result.stopped:
            self.faults.append(f"hang: {result.stopped} in `{call}`")
            return
        expected = (*ENDINGS, *STOPPED, 137) if killed else ENDINGS
        if TRACEBACK.search(result.output):
            shown = TRACEBACK.split(result.output)[-1][-3 * SHOWN :]
            self.faults.append(f"traceback: {_cause(result.output)} in `{call}`: {shown!r}")
        elif result.code not in expected:
            end = result.output[-SHOWN:]
            self.faults.append(f"exit code {result.code} in `{call}`: {end!r}")
        elif result.code == 2 and not ERROR.search(result.output):
            self.faults.append(f"exit code 2 without a line `error: ...` in `{call}`")
        if result.left:
            self.faults.append(f"left behind by `{call}`: {result.left}")

    def succeeded(self, result: Result) -> None:
        """Hold a call that must succeed to exit code 0."""
        n_before = len(self.faults)
        self.ended(result)
        if len(self.faults) == n_before and result.code:
            end = result.output[-SHOWN:]
            self.faults.append(f"exit code {result.code} where 0 was due: {end!r}")

    def left_alone(self, sandbox: Sandbox) -> None:
        """See that nothing outside the commands' own folders was touched."""
        if changed := sandbox.changed_outside():
            self.faults.append(f"outside: {changed[:4]}")

    def same_records(self, results: Path, expected: Mapping[str, Any]) -> None:
        """See that these records (without circumstances) are here, equal in everything."""
        found = records(results)
        moved = [path for path, record in expected.items() if found.get(path) != record]
        if moved:
            absent = [path for path in moved if path not in found]
            self.faults.append(f"numbers: {len(moved)} moved ({moved[0]}), {len(absent)} absent")

    def completed(self, results: Path, expected: Mapping[str, Any]) -> None:
        """See that everything trained is equal bit for bit: records, predictions, weights."""
        found = trained(results)
        different = sorted(
            path for path in expected.keys() | found.keys() if expected.get(path) != found.get(path)
        )
        if different:
            self.faults.append(f"not completed: {len(different)} differ, as {different[0]}")

    def mirrored(self, results: Path, expected: Mapping[str, Any]) -> None:
        """See that MLflow holds each of these cells once, whatever else it holds."""
        cells = [one["cell"] for path, one in expected.items() if path.endswith(".json")]
        try:
            counts = Counter(mlflow_cells(results))
        except sqlite3.Error as error:
            self.faults.append(f"MLflow: it cannot be read ({error})")
            return
        absent, doubled = (sum(test(counts[cell]) for cell in cells) for test in (_none, _many))
        if absent or doubled:
            self.faults.append(f"MLflow: {absent} cells absent, {doubled} doubled")

    @property
    def causes(self) -> set[str]:
        """Return what is wrong, without what differs from case to case."""
        return {re.sub(r" in `.*", "", one, flags=re.S)[:160] for one in self.faults}


def _cause(output: str) -> str:
    """Return the last error of a traceback and the last place of ours in it."""
    lines = [line for line in output.splitlines() if re.match(r"[\w.]+(:|$)", line)]
    error = next((line for line in reversed(lines) if not line.startswith("error:")), "?")
    places = [
        f"{Path(found['file']).relative_to(_root())}:{found['line']}"
        for found in PLACE.finditer(output)
        if Path(found["file"]).is_relative_to(_root()) and "/tests/attack/" not in found["file"]
    ]
    return f"{error[:120]} at {places[-1] if places else '?'}"


def _none(count: int) -> bool:
    return not count


def _many(count: int) -> bool:
    return count > 1


def _root() -> Path:
    return Path(__file__).parents[2]
