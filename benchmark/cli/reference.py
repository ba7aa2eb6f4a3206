"""The command reference, written from the commands themselves: README.md beside this file.

`python -m benchmark.cli.reference` writes it; a test compares.
"""

import inspect
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any, get_type_hints

import typer
from typer.models import ArgumentInfo, OptionInfo

from benchmark.cli import app

PATH = Path(__file__).with_name("README.md")
PROGRAM = "python -m benchmark"
HEAD = """# Command reference

Written by `python -m benchmark.cli.reference` from the commands themselves. The keys of a study's
YAML file are the names of `run`'s options, and the command line wins. Exit code 0: all good; 1:
something ran and failed; 2: the user must change something, told in one line on stderr.
"""
Parameter = tuple[inspect.Parameter, OptionInfo | ArgumentInfo, Any]  # with its type
Command = Callable[..., Any]


def reference() -> str:
    """Return the whole reference in Markdown."""
    commands = list(_commands(app))
    contents = [
        f"- [`{name}`](#{name.replace(' ', '-')}): {_paragraphs(command)[0]}"
        for name, command in commands
    ]
    sections = [_section(name, command) for name, command in commands]
    return "\n".join([HEAD, *contents, *sections, ""])


def _commands(group: typer.Typer, prefix: str = "") -> Iterator[tuple[str, Command]]:
    """Yield every command with its full name, in the order of `--help`."""
    for one in group.registered_commands:
        assert one.callback is not None
        yield prefix + (one.name or one.callback.__name__), one.callback
    for below in group.registered_groups:
        assert below.typer_instance is not None
        yield from _commands(below.typer_instance, f"{prefix}{below.name} ")


def _section(name: str, command: Command) -> str:
    """Return a command's usage, help and options."""
    parameters = list(_parameters(command))
    arguments = [one for one in parameters if isinstance(one[1], ArgumentInfo)]
    options = [one for one in parameters if isinstance(one[1], OptionInfo)]
    usage = " ".join([PROGRAM, name, *map(_argument, arguments), "[OPTIONS]"])
    lines = ["", f"## {name}", "", "```sh", usage, "```", "", "\n\n".join(_paragraphs(command)), ""]
    if parameters:
        lines += ["| option | default | meaning |", "|---|---|---|"]
    lines += [_line(f"`{_argument(one)}`", one) for one in arguments]
    lines += [_line(f"`{_names(one)}`", one) for one in options]
    return "\n".join(lines)


def _parameters(command: Command) -> Iterator[Parameter]:
    """Yield every parameter with what was said about it."""
    hints = get_type_hints(command, include_extras=True)
    for one in inspect.signature(command).parameters.values():
        hint = hints[one.name]
        (info,) = [
            said for said in hint.__metadata__ if isinstance(said, OptionInfo | ArgumentInfo)
        ]
        yield one, info, hint.__origin__


def _argument(parameter: Parameter) -> str:
    """Return an argument as it stands in the usage line."""
    one, info, kind = parameter
    name = info.metavar or one.name.upper()
    more = "..." if "list" in str(kind) and not name.endswith("...") else ""
    return f"{name}{more}" if one.default is inspect.Parameter.empty else f"[{name}]{more}"


def _names(parameter: Parameter) -> str:
    """Return an option's names and what follows them."""
    one, info, kind = parameter
    first = [info.default] if isinstance(info.default, str) else []  # as typer reads Annotated
    names = [*first, *(info.param_decls or ())] or [f"--{one.name.replace('_', '-')}"]
    if kind is bool:
        return " ".join(names)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return f"{' '.join(names)} {'|'.join(str(choice.value) for choice in kind)}"
    return f"{' '.join(names)} {info.metavar or 'N'}"


def _line(name: str, parameter: Parameter) -> str:
    """Return one line of a command's table."""
    one, info, _ = parameter
    default = one.default.value if isinstance(one.default, Enum) else one.default
    is_shown = default not in (None, False, inspect.Parameter.empty)
    environment = f" Environment: `{info.envvar}`." if info.envvar else ""
    cells = (name, f"`{default}`" if is_shown else "", f"{info.help or ''}{environment}")
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _paragraphs(command: Command) -> list[str]:
    """Return a command's help, one line a paragraph."""
    return [" ".join(one.split()) for one in inspect.cleandoc(command.__doc__ or "").split("\n\n")]


if __name__ == "__main__":
    PATH.write_text(reference())
    typer.echo(f"written: {PATH.name}")
