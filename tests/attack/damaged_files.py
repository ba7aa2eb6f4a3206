"""Damaged files: records, plans, searches, weights, arrays, databases, studies, tables of ratings.

A command meets the damage; then the damaged file is taken away, as messages ask, and the same
command must complete what the study trains, bit for bit.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.attack.arena import EXTRACT, OWN_SONGS, SEARCH, STUDY, Arena
from tests.attack.damages import (
    addresses,
    cells,
    field,
    header,
    identity,
    other_arrays,
    raw,
    renamed,
    replaced,
    tables,
)
from tests.attack.outcome import Outcome
from tests.attack.sandbox import Sandbox, records

Damage = Callable[[Path, Random], str]  # does it, and says what
REPORTS = (
    ("status",), ("report", "--no-mlflow"), ("report", "--no-mlflow", "--format", "html"),
    ("report", "--include", "searched.py"), STUDY,
)  # fmt: skip
COMPLETED = 0.25  # of the cases: completing takes longer than failing


@dataclass(frozen=True)
class Target:
    """A kind of file: where it lies, what is done to it, which commands read it."""

    template: str  # a property of the arena
    pattern: str  # below the work folder
    damages: tuple[Damage, ...]
    commands: tuple[tuple[str, ...], ...]
    complete: tuple[str, ...]  # the command that makes it anew


def attack(number: int, random: Random, arena: Arena) -> Outcome:
    """Damage one file and run a command that reads it."""
    name = list(TARGETS)[number % len(TARGETS)]
    target = TARGETS[name]
    outcome = Outcome("damaged files", number)
    box = arena.sandbox()
    for folder in ("results", "data"):
        if (getattr(arena, target.template) / folder).is_dir():
            box.copy(getattr(arena, target.template) / folder, folder)
    path = random.choice(sorted(box.work.glob(target.pattern)))
    box.freeze()
    done = random.choice(target.damages)(path, random)
    command = random.choice(target.commands)
    outcome.what = f"{name} {path.name}: {done}; {' '.join(command)}"
    others = {key: one for key, one in records(box.results).items() if Path(key).stem != path.stem}
    outcome.ended(arena.call(box, *command))
    outcome.left_alone(box)
    if "--fresh" not in command:
        outcome.same_records(box.results, others)
    if random.random() < COMPLETED and not outcome.faults:
        _complete(outcome, box, arena, target, path)
    box.close()
    return outcome


def _complete(outcome: Outcome, box: Sandbox, arena: Arena, target: Target, path: Path) -> None:
    """Take the damaged file away and make everything anew."""
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink(missing_ok=True)
    if path.suffix in (".csv", ".wav"):  # what the user brought, the user mends
        good = getattr(arena, target.template) / path.relative_to(box.work)
        path.write_bytes(good.read_bytes())
    for twin in box.work.glob("results/**/renamed-*"):
        twin.unlink()
    if "extracted" in path.parts or path.suffix == ".wav":
        outcome.succeeded(arena.call(box, *EXTRACT))
    outcome.succeeded(arena.call(box, *target.complete))
    expected = records(getattr(arena, target.template) / "results")
    outcome.same_records(box.results, expected)


PREDICT = ("predict", "data/s0.wav", "--include", "searched.py", "--model", "tiny_gru")
OF_OWN = (OWN_SONGS, ("data", "verify", "--dataset", "folder", "--data-root", "data"))
SEARCHED = (("report", "--no-mlflow"), ("report",), (*SEARCH, "--trials", "3"))
PROMOTED = ("run", "--study", "best", "--include", "searched.py", "--workers", "1", "--dry-run")
PAGE = (("report", "--no-mlflow", "--format", "html"), STUDY)
FIELDS = (field, field, field, identity, identity, raw, replaced, renamed)
HEADERS = (header, header, header, raw, replaced)
ARRAYS = (other_arrays, other_arrays, raw, replaced)
PROMOTE = (*SEARCH, "--promote", "best")
BASES = (tables, raw, replaced)
OWN_FILES = (*OF_OWN, EXTRACT, PREDICT)
TARGETS = {
    name: Target(template, pattern, damages, commands, complete)
    for name, template, pattern, damages, commands, complete in (
        ("record", "studied", "results/records/*/*.json", FIELDS, REPORTS, STUDY),
        ("record again", "studied", "results/records/*/*.json", FIELDS, REPORTS, STUDY),
        ("plan", "studied", "results/plans/*.json", FIELDS, REPORTS, STUDY),
        ("annotations", "studied", "results/annotations/*", ARRAYS, PAGE, STUDY),
        ("predictions", "studied", "results/predictions/*/*", ARRAYS, PAGE, STUDY),
        ("MLflow", "studied", "results/mlflow.db", (*BASES, addresses), REPORTS[3:], STUDY),
        (
            "weights",
            "rated",
            "results/weights/*/tiny*",
            HEADERS,
            (PREDICT,),
            (*OWN_SONGS, "--fresh"),
        ),
        ("search", "searched", "results/searches/*", FIELDS, SEARCHED, SEARCH),
        ("search's database", "searched", "results/optuna.db", BASES, SEARCHED[2:], SEARCH),
        ("promoted study", "searched", "results/studies/*", (raw, replaced), (PROMOTED,), PROMOTE),
        ("ratings", "rated", "data/annotations.csv", (cells, cells, raw), OF_OWN, OWN_SONGS),
        ("recording", "rated", "data/s1.wav", (raw, raw, replaced), OWN_FILES, OWN_SONGS),
        ("features", "rated", "data/extracted/*/*/s*.npz", ARRAYS, (OWN_SONGS, EXTRACT), OWN_SONGS),
    )
}
