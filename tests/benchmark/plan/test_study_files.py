"""A study's file may hold anything; whatever is wrong with it is one line."""

import os

import pytest

from benchmark.errors import ConfigError
from benchmark.plan.config import StudyConfig, validated
from benchmark.plan.expand import expand
from benchmark.plan.studies import checked_study, read_study

LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
    for before, name in zip("abcdefg", "bcdefgh", strict=True)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: 2020-13-45", "is not YAML: month must be in"),
        ("repetitions: 0x_", "is not YAML: invalid literal"),
        ("name: !!bool x", "is not YAML: 'x'"),
        ("repetitions: !!int ''", "is not YAML: "),
        ("repetitions: " + "9" * 5000, "is not YAML: Exceeds the limit"),
        ("models: " + "[" * 5000, "is not YAML: it is nested too deep"),
        ("models: &a [*a]", "is not YAML: it is nested too deep"),
        ("? [models]\n: 1\n? {}\n: 2", "is not YAML: "),
        (LAUGHS, "holds more than 100,000 values"),
        ("7", "must hold keys such as"),
        ("models: [crnn]\nseed: 0x" + "f" * 5000, "seed has a number of .* digits"),
        ("models: [crnn]\nset: {training.learning_rate: 1e999}", "give a finite number"),
        ('models: [crnn]\nsummary: "\\e[2J"', r"control character U\+001B"),
    ],
    ids=lambda text: text[:30],
)
def test_odd_yaml_is_one_line(tmp_path, text, said):
    path = tmp_path / "study.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=said) as raised:
        read_study(str(path), {})
    assert len(str(raised.value)) < 1000


def test_bytes_that_are_no_text_and_files_that_are_no_files_are_one_line(tmp_path):
    damaged, pipe = tmp_path / "damaged.yaml", tmp_path / "pipe.yaml"
    damaged.write_bytes(b"\xff\xfe\x00")
    os.mkfifo(pipe)
    with pytest.raises(ConfigError, match=r"damaged.yaml is not YAML: 'utf-8' codec"):
        read_study(str(damaged), {})
    with pytest.raises(ConfigError, match=r"cannot be read: it is a pipe or device, no file"):
        read_study(str(pipe), {})


def test_a_million_repetitions_are_refused_at_once():
    study = checked_study({"name": "many", "models": ("crnn",), "repetitions": 10**6}, "study")
    with pytest.raises(ConfigError, match="asks for 1,000,000 cells, and at most 20,000"):
        expand(study, "d" * 64)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("seed", 2**63, "seed has a number of"),
        ("name", "n" * 101, "at most 100 characters"),
    ],
)
def test_what_a_record_could_not_hold_is_refused_before_training(key, value, said):
    with pytest.raises(ConfigError, match=said):
        validated(StudyConfig, {"name": "a", "models": ("crnn",), key: value}, where="study")
