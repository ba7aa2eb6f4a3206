"""The command reference is what the commands say of themselves."""

import re

import pytest

from benchmark.cli.reference import PATH, reference
from tests.benchmark.cli.cli import mer_here

SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PATH.read_text(), re.M | re.S))


def test_the_committed_reference_is_what_the_commands_say():
    assert PATH.read_text() == reference(), "run: python -m benchmark.cli.reference"


@pytest.mark.parametrize("command", SECTIONS)
def test_every_option_of_help_is_in_the_reference_and_no_other(command, capfd):
    helped = mer_here(capfd, *command.split(), "--help").stdout
    listed = re.findall(r"^\* `(--[a-z-]+)", SECTIONS[command], re.M)
    assert listed == re.findall(r"^\s+(--[a-z-]+)", helped, re.M)


def test_every_command_of_help_is_in_the_reference(capfd):
    def commands(*group):
        helped = mer_here(capfd, *group, "--help").stdout
        return re.findall(r"^  ([a-z]+)  ", helped.partition("Commands:")[2], re.M)

    below = [f"data {name}" for name in commands("data")]
    assert sorted(SECTIONS) == sorted([*below, *(one for one in commands() if one != "data")])
