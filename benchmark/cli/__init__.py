"""The command line: one file per sub-command, arguments and printing only.

Exit codes: 0 all good; 1 something ran and failed; 2 the user must change something; 3 `run
--timeout` ended in time and there is more to do.
"""

import sys
from contextlib import suppress
from typing import Annotated, NoReturn

import typer

from benchmark.cli import (
    data,
    doctor,
    list_rows,
    merge,
    predict,
    report,
    run,
    search,
    speed,
    status,
    ui,
)
from benchmark.cli.stopping import stoppable
from benchmark.cli.streams import (
    as_started,
    drop_stdout,
    flush_or_fail,
    print_what_can_be_printed,
    visible,
)
from benchmark.errors import USER_ERRORS, WorkerLost
from benchmark.lookup import suggestion

# typer carries its own copy of click since 0.20 and exports only some of its exceptions
USAGE_ERROR: type[typer.BadParameter] = next(
    kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException"
)

app = typer.Typer(
    name="mer-benchmark",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def without_a_command(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print version and commit, then stop.")
    ] = False,
) -> None:
    """Compare music emotion recognition models: valence and arousal every half second."""
    if version:
        from benchmark.record.environment import release

        typer.echo(release())
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(2)


app.command("list")(list_rows.list_rows)
app.command("run")(
    stoppable(run.run, "Stopped. What is recorded stays; run the same command to go on.")
)
app.command("search")(
    stoppable(search.search, "Stopped. Finished trials stay; run the same command to go on.")
)
app.command("speed")(speed.speed)
app.command("status")(status.status)
app.command("report")(report.report)
app.command("merge")(
    stoppable(merge.merge, "Stopped. What is merged stays; run the same command to go on.")
)
app.command("predict")(predict.predict)
app.add_typer(data.data, name="data")
app.command("ui")(stoppable(ui.ui, "MLflow is stopped."))
app.command("doctor")(doctor.doctor)


def main() -> None:
    """Run the command line; a user's mistake becomes one line on stderr and exit code 2."""
    print_what_can_be_printed()
    try:
        exit_code = app(standalone_mode=False) or 0
        flush_or_fail()
    except SystemExit as stop:  # not ours: a user's code, which would end a run as if it were done
        fail(f"A model, dataset or package called sys.exit({stop.code}); it must not.")
    except typer.Exit as stop:
        sys.exit(stop.exit_code)
    except USAGE_ERROR as error:
        fail(_usage_message(error.format_message()))
    except USER_ERRORS as error:
        fail(str(error))
    except WorkerLost as error:
        fail(str(error), exit_code=1)
    except OSError as error:  # of the disk or the terminal; what is expected is handled below
        drop_stdout()
        fail(f"{error.filename or 'output'}: {error.strerror or error}")
    sys.exit(exit_code)


def _usage_message(text: str) -> str:
    """Return what typer says of a wrong option, with the name that was perhaps meant."""
    text = text.replace("Value error, ", "")
    name, is_choice, known = text.rpartition("' is not one of ")
    if not is_choice:
        return text
    return text + suggestion(name.rpartition("'")[2], known.split("'")[1::2])


def fail(message: str, exit_code: int = 2) -> NoReturn:
    """Print one line to stderr and leave."""
    with suppress(OSError):
        print(f"error: {visible(as_started(' '.join(message.split())))}", file=sys.stderr)
    sys.exit(exit_code)
