"""`ui`: open MLflow on a results folder."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from benchmark.cli.options import DEFAULT_RESULTS, Results
from benchmark.errors import ConfigError, ResultsError

HOST = "127.0.0.1"
SECONDS_TO_WAIT = 10.0  # for another process that writes to MLflow
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # seven processes for judging chats
    "PYTHONWARNINGS": "ignore",  # mlflow's own deprecations
}


def ui(
    results: Results = DEFAULT_RESULTS,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on 127.0.0.1.")] = 5000,
) -> None:
    """Start the MLflow UI on 127.0.0.1; stop it with Ctrl-C."""
    from benchmark.record.store import record_files
    from benchmark.tracking.database import DATABASE, open_client, store_uri
    from benchmark.tracking.store import experiments
    from benchmark.tracking.views import page_of

    _check_port(port)
    if not (results / DATABASE).exists() and not any(record_files(results)):
        raise ResultsError(
            f"No records in {results}. Run: python -m benchmark run --results {results}"
        )
    client = open_client(results, SECONDS_TO_WAIT)
    _bring_up_to_date(results)
    address = f"http://{HOST}:{port}"
    typer.echo(f"MLflow UI on {address} for {results}; stop it with Ctrl-C.")
    for name, experiment, view in experiments(client):
        typer.echo(f"{name}: {address}/{page_of(experiment, view)}")
    raise typer.Exit(serve(store_uri(results), port))


def _bring_up_to_date(results: Path) -> None:
    """Copy what the database lacks: records from elsewhere, or of a run that could not write."""
    from benchmark.tracking.current import is_current
    from benchmark.tracking.folder import mirror_records
    from benchmark.tracking.writer import Writer

    writer = Writer(results, lambda line: typer.echo(line, err=True))
    if not is_current(results):
        typer.echo(f"copying the records of {results} to MLflow", err=True)
        mirror_records(results, writer, SECONDS_TO_WAIT)


def serve(database: str, port: int) -> int:
    """Run MLflow's server until it ends; return its exit code."""
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", database]
    command += ["--host", HOST, "--port", str(port), "--workers", "1"]
    return subprocess.Popen(command, env=os.environ | QUIET).wait()


def _check_port(port: int) -> None:
    """Refuse a port that another program listens on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            other = port + 1 if port < 65535 else port - 1
            raise ConfigError(
                f"Port {port} on {HOST} cannot be used ({error.strerror}): perhaps another `ui`"
                f" runs. Give another one: --port {other}"
            ) from error
