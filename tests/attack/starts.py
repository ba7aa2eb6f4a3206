"""Several commands that start on one folder at once, or shortly after one another."""

import time
from random import Random

from tests.attack.arena import SEARCH, STUDY, Arena
from tests.attack.outcome import Outcome

JOURNAL = ("--storage", "journal:results/journal.log")
FRESH = (*STUDY, "--fresh")
SETS = (
    ((STUDY, STUDY), False), ((STUDY, STUDY, STUDY), False), ((STUDY, STUDY), True),
    ((FRESH, FRESH), True), ((FRESH, FRESH), False), ((STUDY, ("report",)), True),
    ((FRESH, ("report",), ("status",)), True), ((("report",), ("report",)), True),
    (((*SEARCH, *JOURNAL), (*SEARCH, *JOURNAL)), False), ((SEARCH, SEARCH), False),
    ((STUDY, (*SEARCH, *JOURNAL)), False), ((STUDY, SEARCH), True),
    ((FRESH, ("report", "--no-mlflow")), True),
)  # fmt: skip
OTHER = "Another process"  # SQLite serves one search: the second says so
PAUSES = (0.0, 0.0, 0.0, 0.05, 0.3, 1.0, 3.0)


def attack(number: int, random: Random, arena: Arena) -> Outcome:
    """Start commands together; each must end well, and all work must be there once."""
    outcome = Outcome("starts", number)
    commands, is_there = SETS[number % len(SETS)]
    is_new = random.random() < 0.25
    box = arena.sandbox()
    if is_there:
        box.copy(arena.studied / "results")
    box.freeze()
    calls, pauses = [], []
    for command in commands:
        calls.append(arena.begin(box, *command, is_new=is_new))
        pauses.append(random.choice(PAUSES))
        time.sleep(pauses[-1])
    names = " & ".join(" ".join(one for one in command if one in WORDS) for command in commands)
    outcome.what = f"{names}, {'an old' if is_there else 'a fresh'} folder, pauses {pauses[:-1]}"
    for call in calls:
        result = call.finish()
        call.log.unlink()
        if result.code == 2 and OTHER in result.output and "search" in result.arguments:
            outcome.ended(result)
        else:
            outcome.succeeded(result)
    outcome.left_alone(box)
    if any(command[0] == "run" for command in commands):
        if outcome.faults == []:
            outcome.succeeded(arena.call(box, *STUDY))
        outcome.same_records(box.results, arena.records)
        outcome.mirrored(box.results, arena.records)
    box.close()
    return outcome


WORDS = ("run", "report", "status", "search", "--fresh", "--no-mlflow", JOURNAL[1])
