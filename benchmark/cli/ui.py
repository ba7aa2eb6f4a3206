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
    from benchmark.record.tracking.database import DATABASE, experiments, open_client, store_uri
    from benchmark.record.tracking.views import page_of

    _check_port(port)
    if not (results / DATABASE).is_file():
        _rebuild(results)
    address = f"http://{HOST}:{port}"
    typer.echo(f"MLflow UI on {address} for {results}; stop it with Ctrl-C.")
    for name, experiment, view in experiments(open_client(results)):
        typer.echo(f"{name}: {address}/{page_of(experiment, view)}")
    raise typer.Exit(serve(store_uri(results), port))


def serve(database: str, port: int) -> int:
    """Run MLflow's server until it is stopped; return its exit code."""
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", database]
    command += ["--host", HOST, "--port", str(port), "--workers", "1"]
    return subprocess.run(command, env=os.environ | QUIET, check=False).returncode


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


def _rebuild(results: Path) -> None:
    """Make the database of a folder that came with its records alone."""
    from benchmark.record.store import read_records
    from benchmark.run import mirror_records

    if not results.is_dir() or not read_records(results):
        raise ResultsError(
            f"No records in {results}. Run: python -m benchmark run --results {results}"
        )
    typer.echo(f"copying the records of {results} to MLflow", err=True)
    mirror_records(results)
