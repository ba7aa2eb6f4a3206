"""`python -m tests.attack`: generate cases from a seed, try them, print how many were bad."""

import argparse
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random

from tests.attack import command_lines, damaged_files, kills, places, starts, users_code
from tests.attack.arena import Arena
from tests.attack.command import import_everything, stop_all
from tests.attack.outcome import Outcome
from tests.attack.summary import Summary

Attack = Callable[[int, Random, Arena], Outcome]
KINDS: dict[str, tuple[Attack, int]] = {  # and how many cases make the whole attack
    "command-lines": (command_lines.attack, 1000),
    "damaged-files": (damaged_files.attack, 1000),
    "users-code": (users_code.attack, 200),
    "kills": (kills.attack, 200),
    "starts": (starts.attack, 40),
    "places": (places.attack, places.N_PLACES),
}
GUARDED = "--guarded"  # this process can write to its own folder alone


def main(words: Sequence[str]) -> int:
    """Try the cases that were asked for; return 1 if one was bad."""
    asked = _asked(words)
    if not asked.guarded:
        return _under_guard(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    arena = Arena(asked.folder / "arena", is_inline=asked.inline)
    import_everything()
    summary = Summary(asked.seed)
    deadline = time.monotonic() + asked.minutes * 60
    try:
        for kind, number in _cases(asked):
            if time.monotonic() > deadline:
                break
            outcome = _tried(kind, number, asked.seed, arena)
            summary.add(kind, outcome)
            if asked.verbose or outcome.faults:
                print(summary.line(kind, outcome), flush=True)
    finally:
        stop_all()
        print(summary.text())
        if asked.json:
            print(json.dumps(summary.as_json()))
    return int(summary.n_bad > 0)


def _tried(kind: str, number: int, seed: int, arena: Arena) -> Outcome:
    """Try one case; it depends on the seed, its kind and its number alone."""
    attack, _ = KINDS[kind]
    try:
        return attack(number, Random(f"{seed}:{kind}:{number}"), arena)
    except Exception as error:  # a fault of the attack itself must not end it, nor hide
        text = f"the attack itself failed: {type(error).__name__}: {error}"
        return Outcome(kind, number, faults=[text])


def _cases(asked: argparse.Namespace) -> Iterator[tuple[str, int]]:
    """Yield kind and number of every case that was asked for."""
    if asked.only:
        for name in asked.only:
            kind, _, number = name.partition(":")
            yield kind, int(number)
        return
    for kind in asked.kinds:
        whole = KINDS[kind][1]
        count = whole if asked.cases is None else min(whole, asked.cases)
        for number in range(asked.first, asked.first + count):
            yield kind, number


def _asked(words: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.attack", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cases", type=int, help="of each kind; default: the whole attack")
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--only", nargs="*", metavar="KIND:N", help="these cases, to see one again")
    parser.add_argument("--kinds", nargs="*", choices=KINDS, default=list(KINDS))
    parser.add_argument("--inline", action="store_true", help="no workers but of what is killed")
    parser.add_argument("--minutes", type=float, default=1e6, help="start no case after so long")
    parser.add_argument("--verbose", action="store_true", help="print every case")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON, too")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument(GUARDED, action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args(words)


def _under_guard(words: Sequence[str]) -> int:
    """Run this again where, if the machine permits, only a temporary folder can be written."""
    folder = Path(tempfile.mkdtemp(prefix="mer-attack-"))
    try:
        again = [sys.executable, "-m", "tests.attack", *words, GUARDED, "--folder", str(folder)]
        prefix = guard(folder)
        if not prefix:
            print("no mount namespace here: cases that need mounts are skipped", file=sys.stderr)
        with subprocess.Popen([*prefix, *again]) as attack:
            signal.signal(signal.SIGTERM, lambda *_: attack.terminate())
            return attack.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def guard(folder: Path) -> list[str]:
    """Return what makes a command unable to write but to `folder`; [] where not permitted."""
    if shutil.which("unshare") is None:
        return []
    script = 'mount --bind "$0" "$0" && mount -o remount,ro,bind / && exec "$@"'
    prefix = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, str(folder)]
    is_permitted = subprocess.run([*prefix, "true"], capture_output=True, check=False)
    return prefix if is_permitted.returncode == 0 else []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
