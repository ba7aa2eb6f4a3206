"""`ui`: open MLflow on a results folder."""

import os
import subprocess
import sys
from typing import Annotated

import typer

from benchmark.cli.options import DEFAULT_RESULTS, Results
from benchmark.errors import ResultsError


def ui(
    results: Results = DEFAULT_RESULTS,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on 127.0.0.1.")] = 5000,
) -> None:
    """Start the MLflow UI on 127.0.0.1; stop it with Ctrl-C."""
    from benchmark.record.tracking.database import DATABASE, store_uri

    if not (results / DATABASE).is_file():
        raise ResultsError(
            f"No MLflow database in {results}. Run: python -m benchmark report --results {results}"
        )
    typer.echo(f"MLflow UI on http://127.0.0.1:{port} for {results}; stop it with Ctrl-C.")
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", store_uri(results)]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    environment = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true"}
    raise typer.Exit(subprocess.run(command, env=environment, check=False).returncode)
