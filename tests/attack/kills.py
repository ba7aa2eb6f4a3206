"""Kills: INT, TERM and KILL to the whole group, the parent or one worker, at events or at random.

A case is one kill. Cases of the same chain kill the same folder again and again, and the last of
a chain lets the command end: everything must then be there, bit for bit, and in MLflow once.
"""

import signal
import time
from pathlib import Path
from random import Random

from tests.attack.arena import SEARCH, STUDY, Arena
from tests.attack.command import Call
from tests.attack.outcome import Outcome
from tests.attack.sandbox import Sandbox

CHAIN = 4  # kills of one folder
REPETITIONS = "6"  # so that there is something to kill
N_TRIALS = "6"
EVENTS = (
    "mlflow.db", "mlflow.db", "mlflow.db", "mlflow.db-journal", "records/*/*.json", "records/*/.*",
    "predictions/*/*.npz", "predictions/*/.*", "weights/*/*.safetensors", "weights/*/.*",
    "plans/*.json", "annotations/*", "tables/*", "figures/*", "mlartifacts/*/*",
    "mlartifacts/models/*/*", "searches/*.json", "optuna.db", "optuna.db-journal", "studies/*",
)  # fmt: skip
SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGINT, signal.SIGTERM)
WAIT_SECONDS = 60


def attack(number: int, random: Random, arena: Arena) -> Outcome:
    """Kill a command once; a chain's last case sees it complete."""
    chain, place = divmod(number, CHAIN)
    outcome = Outcome("kills", number)
    of_chain = Random(f"chain {chain}")  # what all kills of a folder share
    is_search, workers = of_chain.random() < 0.25, of_chain.choice("112")
    command = _command(is_search, workers)
    box = arena.chains.get(chain)
    if box is None:
        box = arena.chains[chain] = arena.sandbox()
        box.freeze()
        if of_chain.random() < 0.3 and not is_search:
            box.copy(arena.studied / "results")  # with a database that is there already
    is_new = random.random() < 0.2
    call = arena.begin(box, *command, is_new=is_new)
    which, whom = random.choice(SIGNALS), random.choice(("group", "group", "parent", "worker"))
    when = _wait(call, box.results, random)
    which, whom = _kill(call, which, whom)
    outcome.what = f"{which.name} to the {whom} {when} of `{command[0]}`, {workers} workers"
    result = call.finish()
    call.log.unlink()
    is_silent = which is signal.SIGKILL and whom != "worker"
    outcome.ended(result, killed=True)
    if is_silent:  # a process that cannot answer may leave torn output
        outcome.faults = [fault for fault in outcome.faults if not fault.startswith("traceback")]
    outcome.left_alone(box)
    if place == CHAIN - 1:
        _complete(outcome, arena, box, command)
        arena.chains.pop(chain).close()
    return outcome


def _command(is_search: bool, workers: str) -> list[str]:
    """Return what is killed."""
    if is_search:
        storage = ["--storage", "journal:results/journal.log"] if workers == "2" else []
        words = [N_TRIALS if word == "2" and before == "--trials" else word
                 for before, word in zip(("", *SEARCH), SEARCH, strict=False)]  # fmt: skip
        return [*words, "--sampler", "random", *storage, "--workers", workers]
    words = [REPETITIONS if before == "--repetitions" else word
             for before, word in zip(("", *STUDY), STUDY, strict=False)]  # fmt: skip
    return [*words[:-1], workers]


def _wait(call: Call, results: Path, random: Random) -> str:
    """Wait for a file to appear, or some time; return what was waited for."""
    deadline = time.monotonic() + WAIT_SECONDS
    if random.random() < 0.5:
        pattern = random.choice(EVENTS)
        before = set(results.glob(pattern))
        while call.is_alive() and time.monotonic() < deadline:
            if set(results.glob(pattern)) - before:
                break
            time.sleep(0.001)
        time.sleep(random.choice((0, 0, 0.01, 0.1)))
        return f"when {pattern} appeared"
    seconds = random.uniform(0, 1.2) ** 3 * 6
    until = time.monotonic() + seconds
    while call.is_alive() and time.monotonic() < until:
        time.sleep(0.005)
    return f"after {seconds:.2f} s"


def _kill(call: Call, which: signal.Signals, whom: str) -> tuple[signal.Signals, str]:
    """Send the signal; without a worker to kill the group gets it."""
    if not call.is_alive():
        return which, "dead"
    if whom == "worker":
        workers = [one for one in call.children() if not one.children() and _computes(one)]
        if workers:
            call.kill(signal.SIGKILL, [workers[0].pid])
            return signal.SIGKILL, "worker"
        whom = "group"
    call.kill(which, [call.pid] if whom == "parent" else ())
    return which, whom


def _computes(process: object) -> bool:
    """Tell a worker from the helpers of multiprocessing."""
    try:
        words = " ".join(process.cmdline())  # type: ignore[attr-defined]
    except Exception:
        return False
    return "resource_tracker" not in words and "forkserver" in words


def _complete(outcome: Outcome, arena: Arena, box: Sandbox, command: list[str]) -> None:
    """Run the same command to its end and compare with one that was never killed."""
    outcome.succeeded(arena.call(box, *command))
    outcome.left_alone(box)
    whole = arena.whole(tuple(command))
    outcome.completed(box.results, whole)
    if command[0] == "run":
        outcome.mirrored(box.results, whole)
