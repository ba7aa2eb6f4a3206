"""The command reference, written by typer from the commands themselves: README.md beside this file.

`python -m benchmark.cli.reference` writes it; a test compares.
"""

import re
from pathlib import Path

import typer
from typer.cli import get_docs_for_click
from typer.main import get_command

from benchmark.cli import app

PATH = Path(__file__).with_name("README.md")
PROGRAM = "python -m benchmark"
HEAD = """# Command reference

Written by `python -m benchmark.cli.reference` from the commands themselves. The keys of a study's
YAML file are the names of `run`'s options, and the command line wins. Exit code 0: all good; 1:
something ran and failed; 2: the user must change something, told in one line on stderr; 3: `run
--timeout` had no time for all cells, and the same command goes on.
"""
SECTION = re.compile(rf"^#+ `{PROGRAM} ([a-z ]+)`\n\n(.+?)\n\n(.*?)(?=^#+ `|\Z)", re.M | re.S)


def reference() -> str:
    """Return the whole reference in Markdown: a line a command with a link, then the commands."""
    command = get_command(app)
    context = typer.Context(command, info_name=PROGRAM)
    written = get_docs_for_click(obj=command, ctx=context, name=PROGRAM)
    sections = [part for part in SECTION.findall(written) if "**Commands**" not in part[2]]
    contents = [
        f"- [`{name}`](#{name.replace(' ', '-')}): {' '.join(summary.split())}"
        for name, summary, _ in sections
    ]
    pages = [f"## {name}\n\n{summary}\n\n{rest.rstrip()}" for name, summary, rest in sections]
    return "\n".join([HEAD, *contents]) + "\n\n" + "\n\n".join(pages) + "\n"


if __name__ == "__main__":
    PATH.write_text(reference())
    typer.echo(f"written: {PATH.name}")
