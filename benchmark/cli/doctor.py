"""`doctor`: is this installation fit to run? Reads only."""

import json
from pathlib import Path
from typing import Any

import typer

from benchmark.cli.options import DEFAULT_RESULTS, AsJson, DataRoot, Results


def doctor(
    results: Results = DEFAULT_RESULTS,
    data_root: DataRoot = None,
    as_json: AsJson = False,
) -> None:
    """Check versions, device, data, stores and our own packages; exit code 1 if one is unfit."""
    checks = _checks(results, data_root)
    if as_json:
        typer.echo(json.dumps(checks, indent=1))
    else:
        for check in checks:
            typer.echo(f"{'ok ' if check['ok'] else 'BAD'}  {check['what']:<12}  {check['found']}")
    raise typer.Exit(code=0 if all(check["ok"] for check in checks) else 1)


def _checks(results: Path, data_root: Path | None) -> list[dict[str, Any]]:
    """Return one entry per check."""
    from benchmark.packages import OURS, hidden_by
    from benchmark.record.environment import LIBRARIES, environment
    from benchmark.train.device import choose_device

    versions = environment()
    device = choose_device("auto")
    folder = results if results.exists() else results.absolute().parent
    found: list[tuple[str, bool, str]] = [
        ("python", True, f"{versions['python']} on {versions['platform']}"),
        *((name, versions[name] != "not installed", versions[name]) for name in LIBRARIES),
        ("device", True, f"{device.name} ({device.reason}), {versions['cores']} cores"),
        ("commit", True, versions["commit"]),
        *((name, hidden_by(name) is None, hidden_by(name) or "ours") for name in OURS),
        ("results", _is_writable(folder), f"{results}"),
        _data(data_root),
    ]
    return [{"what": what, "ok": ok, "found": text} for what, ok, text in found]


def _is_writable(folder: Path) -> bool:
    """Tell whether files can be made in a folder."""
    import os

    return os.access(folder, os.W_OK)


def _data(data_root: Path | None) -> tuple[str, bool, str]:
    """Look for the files of every dataset that has any; not giving a folder is no fault."""
    from datasets.registry import DATASETS

    if data_root is None:
        return "data", True, "no --data-root: real data not looked for"
    files = [entry.resolve(entry.files) for entry in DATASETS.values() if entry.files]
    is_here = {
        known.name: any(piece.n_files and not piece.is_program for piece in known.pieces(data_root))
        for known in files
    }
    here = [name for name, is_found in is_here.items() if is_found]
    found = ", ".join(here) if here else f"nothing of {', '.join(is_here)}"
    return "data", bool(here), f"{found} in {data_root}"
