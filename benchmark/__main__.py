"""`python -m benchmark` and the console script: check our packages, then run the command line."""

import signal
import sys

from benchmark.packages import OURS, hidden_by


def main() -> None:
    """Run the command line; end quietly where Ctrl-C comes before or after the command."""
    sys.unraisablehook = _unless_ctrl_c
    try:
        _refuse_hidden_packages()
        from benchmark.cli import main as run_command_line

        run_command_line()
    except KeyboardInterrupt:  # before the command began
        sys.exit(130)  # as `run` does later
    finally:
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # no traceback while the interpreter ends


def _refuse_hidden_packages() -> None:
    """Leave where another distribution's package has the name of one of ours."""
    for name in OURS:
        if (other := hidden_by(name)) is not None:
            print(
                f"error: the package '{name}' of this project is hidden by {other}."
                " Install mer-benchmark into an environment of its own.",
                file=sys.stderr,
            )
            sys.exit(2)


def _unless_ctrl_c(ignored: "sys.UnraisableHookArgs") -> None:
    """Print what Python cannot raise, as in a finalizer; Ctrl-C there is remembered elsewhere."""
    if not issubclass(ignored.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(ignored)


if __name__ == "__main__":
    main()
