"""`python -m benchmark` and the console script: check our packages, then run the command line."""

import sys

from benchmark.packages import OURS, hidden_by


def main() -> None:
    """Refuse to start where another distribution's package hides one of ours."""
    for name in OURS:
        if (other := hidden_by(name)) is not None:
            print(
                f"error: the package '{name}' of this project is hidden by {other}."
                " Install mer-benchmark into an environment of its own.",
                file=sys.stderr,
            )
            sys.exit(2)
    try:
        from benchmark.cli import main as run_command_line

        run_command_line()
    except KeyboardInterrupt:  # while the command line was imported
        sys.exit(130)  # as `run` does later


if __name__ == "__main__":
    main()
