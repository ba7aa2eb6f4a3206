"""Command lines and studies as YAML with one or two things wrong."""

from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import yaml

from tests.attack.arena import MINE, SEARCH_NAME, Arena
from tests.attack.hostile import plain_text, text, yaml_value
from tests.attack.outcome import Outcome
from tests.attack.sandbox import THEIRS, Sandbox

RUN = {
    "--study": "smoke", "--models": "linear,tiny_gru", "--dataset": "tiny", "--features": "six",
    "--sequence-lengths": "10,20", "--repetitions": "2", "--seed": "7",
    "--set": "training.patience=3", "--max-epochs": "1", "--data-root": "data",
    "--results": "results", "--device": "cpu", "--kernels": "plain", "--precision": "float32",
    "--workers": "1", "--include": MINE,
}  # fmt: skip
SEARCH = {
    "--model": "narrow", "--space": "small", "--name": SEARCH_NAME, "--trials": "1",
    "--timeout": "1s", "--dataset": "tiny", "--sequence-length": "10", "--folds": "2",
    "--seed": "1", "--max-epochs": "1", "--set": "narrow.width=2", "--sampler": "random",
    "--pruner": "none", "--max-parameters": "100", "--finalists": "0", "--repetitions": "1",
    "--promote": "best", "--storage": "sqlite:///o.db", "--workers": "1", "--device": "cpu",
    "--results": "results", "--include": MINE,
}  # fmt: skip
SHARED = {"--results": "results", "--study": "smoke", "--include": MINE}
DATA = {"--dataset": "folder", "--data-root": "data"}
COMMANDS: dict[str, tuple[list[str], dict[str, str], list[str]]] = {
    "run": ([], RUN, ["--dry-run", "--json", "--fresh", "--resample"]),
    "search": ([], SEARCH, ["--json"]),
    "status": ([], {"--results": "results", "--study": "smoke"}, ["--json"]),
    "report": ([], SHARED | {"--format": "csv", "--figures": "png"}, ["--json", "--no-mlflow"]),
    "merge": (["results", "data"], {"--into": "results", "--prefer": "left"}, []),
    "predict": (
        ["notes.txt"],
        {"--model": "tiny_gru", "--results": "results", "--out": "predictions", "--device": "cpu"},
        ["--json"],
    ),
    "list": (["settings"], {"--include": MINE}, ["--json"]),
    "doctor": ([], {"--results": "results", "--data-root": "data"}, ["--json"]),
    "data list": ([], DATA, ["--json"]),
    "data verify": ([], DATA, []),
    "data extract": ([], DATA | {"--features": "logmel", "--workers": "1"}, []),
    "data import": (["notes.txt"], DATA, []),
    "data download": (["annotations"], DATA | {"--mirror": "ftp://x"}, []),
    "speed": ([], {"--models": "crnn", "--rounds": "0", "--sequence-lengths": "10"}, ["--json"]),
    "ui": ([], {"--results": "data", "--port": "70000"}, []),
}
NEEDED = {  # without these a command would train, fetch or serve for long
    "run": ("--study", "--models", "--dataset", "--max-epochs", "--include", "--workers"),
    "search": tuple(SEARCH),
    "speed": ("--rounds",),
    "ui": ("--results", "--port"),
    "data download": ("--mirror",),
}
KEPT = {"speed": ("--rounds",), "ui": ("--port",), "data download": ("--mirror",)}
STUDY: dict[str, Any] = {
    "name": "mine", "summary": "x", "models": ["linear", "tiny_gru"], "dataset": "tiny",
    "features": "six", "sequence_lengths": [10], "repetitions": 1, "seed": 3, "max_epochs": 1,
    "precision": "float32", "set": {"training.patience": 2, "protocol.folds": 2},
    "contrasts": [["tiny_gru", "linear"]], "also": [{"sequence_lengths": [20]}],
}  # fmt: skip
RAW = (
    "", "\t", "- a\n- b", "42", "{", "a: [", "a: b: c", "%YAML 9.9\n---\na: 1", "name: &a [*a]\n",
    "models: &m [linear]\nalso: [*m]", "<<: 1", "? [a]\n: b", "{[1]: 2}", "{{}: 1}", "a: 1\na: 2",
    "seed: 2020-13-45", "seed: 0x_", "seed: 0b_", "seed: !!bool x", "seed: !!int ''",
    "seed: !!float x", "seed: !!timestamp x", "seed: !!python/object:os.system [x]",
    "seed: !!binary '*'", "seed: !!set x", "seed: !!omap [a]", "seed: !!pairs x",
    "models: !!null x", "seed: 1:60:60", f"seed: {'9' * 5000}", f"a: {'[' * 5000}",
    f"a: {'[' * 900}{']' * 900}", "a: !x b", "--- a\n--- b", "models: [linear, linear]", "name: ''",
    "name: ../../x", "name: .hidden", f"name: {'n' * 300}", "seed: .nan", "repetitions: .inf",
    "repetitions: 1e3", "sequence_lengths: 10", "set: [a]", "also: {a: 1}", "contrasts: linear",
    "contrasts: [[a]]",
    "a0: &a0 [x,x]\n" + "".join(f"a{i + 1}: &a{i + 1} [{f'*a{i},' * 4}]\n" for i in range(14)),
)  # fmt: skip
BYTES = (b"\xff\xfen\x00", b"\x00", b"\x80abc", b"\xef\xbb\xbfmodels: [linear]\n", b"name: \x07\n")


def attack(number: int, random: Random, arena: Arena) -> Outcome:
    """Type one wrong command line, or run one wrong study, at no more than a dry run's cost."""
    outcome = Outcome("command lines", number)
    box = arena.sandbox()
    if random.random() < 0.4:
        arguments, environment = _study(random, box), {}
    else:
        arguments = _line(random)
        environment = _environment(random)
    if arguments[0] in ("status", "report", "merge", "predict"):
        box.copy(arena.studied / "results")
    box.freeze()
    outcome.what = " ".join(arguments)[:300]
    outcome.ended(arena.call(box, *arguments, environment=environment))
    if not _names_a_place(arguments):
        outcome.left_alone(box)
    box.close()
    return outcome


def _names_a_place(arguments: list[str]) -> bool:
    """Tell whether the user named another place to write to."""
    places = {"--results", "--into", "--out", "--data-root", "--storage"}
    return any(option in places and value not in THEIRS for option, value in pairwise(arguments))


def _line(random: Random) -> list[str]:
    """Return a command with values, options or order that are wrong."""
    name = random.choice([*COMMANDS, "run", "run", "search", "report", "predict"])
    words, options, flags = COMMANDS[name]
    needed = NEEDED.get(name, ())
    chosen = {
        key: value for key, value in options.items() if key in needed or random.random() < 0.4
    }
    for _ in range(random.choice((1, 1, 2))):
        free = [key for key in chosen if key not in KEPT.get(name, ())]
        if free:
            chosen[random.choice(free)] = text(random)
    arguments = list(words) if random.random() < 0.8 else [text(random) for _ in words]
    arguments += [part for pair in chosen.items() for part in pair]
    arguments += [flag for flag in flags if random.random() < 0.3]
    if random.random() < 0.15:
        arguments.insert(random.randrange(len(arguments) + 1), text(random))
    if random.random() < 0.1 and name not in KEPT:
        arguments = arguments[:-1]
    dry = ["--dry-run"] if name == "run" else []
    return [*name.split(), *dry, *arguments]


def _environment(random: Random) -> dict[str, str]:
    """Return variables that some users have."""
    pool = ({"LC_ALL": "C", "PYTHONIOENCODING": "ascii"}, {"COLUMNS": text(random)},
            {"MER_DATA": text(random)}, {"NO_COLOR": "1", "TERM": "dumb"})  # fmt: skip
    chosen = random.choice(pool) if random.random() < 0.2 else {}
    return {key: value for key, value in chosen.items() if "\0" not in value}


def _study(random: Random, box: Sandbox) -> list[str]:
    """Write a study with a fault; return the command that plans it."""
    path = box.work / "study.yaml"
    way = random.random()
    if way < 0.3:
        path.write_text(random.choice(RAW))
    elif way < 0.35:
        path.write_bytes(random.choice(BYTES))
    elif way < 0.4:
        _no_file(random, path)
    else:
        path.write_bytes(_written(random).encode(errors="surrogatepass"))
    return ["run", "--study", path.name, "--include", MINE, "--dry-run", "--workers", "1"]


def _written(random: Random) -> str:
    """Return a study as YAML with one or two keys wrong."""
    study = {key: value for key, value in STUDY.items() if random.random() < 0.8}
    study["models"], study["dataset"] = STUDY["models"], STUDY["dataset"]
    for _ in range(random.choice((1, 1, 2))):
        key = random.choice([*STUDY, plain_text(random)])
        way = random.random()
        if way < 0.5:
            study[key] = yaml_value(random)
        elif way < 0.65 and isinstance(study.get(key), list):
            study[key] = [*study[key], yaml_value(random)]
        elif way < 0.85 and key in ("set", "also"):
            known = ("training.patience", "tiny.x", "narrow.width", "protocol.folds")
            setting = random.choice((*known, *[plain_text(random)] * 4))
            value = {setting: yaml_value(random)}
            study[key] = value if key == "set" else [value]
        else:
            study.pop(key, None)
    try:
        return yaml.safe_dump(study, allow_unicode=True)
    except (yaml.YAMLError, RecursionError):
        return f"{text(random)!r}: 1"


def _no_file(random: Random, path: Path) -> None:
    """Put something that is no file where a study was named."""
    match random.randrange(3):
        case 0:
            path.mkdir()
        case 1:
            path.symlink_to(path)
