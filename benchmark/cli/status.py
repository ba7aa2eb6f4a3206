"""`status`: count what a results folder holds. Reads only."""

import json

import typer

from benchmark.cli.options import DEFAULT_RESULTS, AsJson, OnlyStudy, Results
from benchmark.cli.streams import visible


def status(
    results: Results = DEFAULT_RESULTS,
    study: OnlyStudy = None,
    as_json: AsJson = False,
) -> None:
    """Count done, diverged, failed and missing cells; exit code 1 unless all are done."""
    from benchmark.analysis.counts import count_cells, without_record
    from benchmark.cli.problems import print_problems
    from benchmark.record.store import asked_for, read_records

    records = read_records(results)
    asked = asked_for(results, study, records)
    counts, problems = count_cells(records, asked)
    if as_json:
        typer.echo(json.dumps(counts))
    else:
        for word, n_cells in counts.items():
            typer.echo(f"{n_cells:6d}  {word}")
        print_problems(problems, results)
        for line in without_record(records, asked):
            typer.echo(f"missing: {visible(line)}", err=True)
    raise typer.Exit(code=0 if sum(counts.values()) == counts["done"] else 1)
