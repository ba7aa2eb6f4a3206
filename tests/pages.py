"""The pages people read: their code blocks, commands, headings and links."""

import re
import shlex
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = sorted((ROOT / "docs").glob("*.md"))
OTHERS = (
    "README.md", "CONTRIBUTING.md", "studies/README.md", "benchmark/cli/README.md",
    "results/README.md", "tests/attack/README.md",
)  # fmt: skip
EXTENDING = ROOT / "docs" / "extending.md"
PAGES = [*(ROOT / page for page in OTHERS), *DOCS]
CALL = re.compile(r"^(?:python -m benchmark|mer-benchmark)(?= |$)")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def blocks(page: Path, language: str) -> list[str]:
    """Return a page's code blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.S | re.M)


def commands(page: Path) -> list[list[str]]:
    """Return the arguments of every call of the command line, in a block or within a sentence."""
    lines = [line for block in blocks(page, "sh")
             for line in block.replace("\\\n", " ").splitlines()]  # fmt: skip
    prose = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.S | re.M)
    lines += [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose)]
    lines = [call.strip() for line in lines for call in line.split("&&")]
    return [shlex.split(CALL.sub("", line), comments=True) for line in lines if CALL.match(line)]


def parsed(arguments: list[str]) -> str:
    """Parse a call as typer does, without running it; return the name of its command."""
    from typer.main import get_command

    from benchmark.cli import app

    if set(arguments) <= {"--version"}:
        return ""
    command, path = get_command(app), []
    while hasattr(command, "resolve_command"):
        context = command.context_class(command)
        name, command, arguments = command.resolve_command(context, arguments)
        path.append(name)
    with command.make_context(" ".join(path), [*arguments]):
        return " ".join(path)


def links(page: Path) -> list[tuple[Path, str]]:
    """Return every relative link as the file and the heading that it leads to."""
    targets = re.findall(r"\]\((?!https?:)([^)\s]*)\)", page.read_text())
    parts = [target.partition("#") for target in targets]
    return [((page.parent / path).resolve() if path else page, anchor) for path, _, anchor in parts]


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives a page's headings."""
    prose = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.S | re.M)
    headings = re.findall(r"^#+ (.+)$", prose, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def example(name: str) -> str:
    """Return the Python example of the section of extending.md that names this file."""
    (text,) = [
        block for block in blocks(EXTENDING, "python")
        if f"`{name}`" in EXTENDING.read_text().split(block)[0].rpartition("\n#")[2]
    ]  # fmt: skip
    return text
