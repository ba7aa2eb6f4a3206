"""`predict`: the emotion of any recording, from weights that `run` kept."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchmark.cli.options import DEFAULT_RESULTS, AsJson, Include, Results
from benchmark.cli.streams import visible
from benchmark.errors import USER_ERRORS, ConfigError
from datasets.audio import require_file
from datasets.contract import DatasetError

if TYPE_CHECKING:
    from benchmark.predict.predictor import Emotion


def predict(
    audio: Annotated[
        list[Path], typer.Argument(metavar="AUDIO", help="mp3, wav, flac, ogg or MIDI.")
    ],
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="All repetitions of a model in --results.")
    ] = None,
    record: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A record or a file of weights; may be repeated."),
    ] = None,
    results: Results = DEFAULT_RESULTS,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder for a CSV and a figure per recording.")
    ] = Path("predictions"),
    device: Annotated[str, typer.Option(metavar="NAME", help="auto, cpu, cuda or mps.")] = "auto",
    include: Include = None,
    as_json: AsJson = False,
) -> None:
    """Write valence and arousal per half second of recordings: CSV, figure and a line each."""
    from benchmark.run.plugins import include_plugins

    include_plugins(include or [])
    if model is not None and record:
        raise ConfigError("Give --model or --record, not both.")
    _prepare(out, [path.stem for path in audio])
    wrong = []
    for path in audio:
        try:
            require_file(path)
        except DatasetError as error:  # the other recordings are predicted all the same
            wrong.append(str(error))
    if len(wrong) == len(audio):
        raise ConfigError(" ".join(wrong))

    from benchmark.predict.predictor import find_weights, load_predictor
    from benchmark.train.device import choose_device

    predictor = load_predictor(
        find_weights(results, model, record or []), choose_device(device).name
    )
    heading = f"{predictor.name}, {_repetitions(len(predictor.models))}"
    band = " (shaded: lowest to highest)" if len(predictor.models) > 1 else ""
    entries = []
    warned: set[str] = set()  # what holds for several recordings is printed once
    for path in filter(Path.is_file, audio):
        try:
            emotion = predictor.predict(path)
        except USER_ERRORS as error:
            wrong.append(str(error))
            continue
        shown = _write(emotion, f"{path.name}: {heading}{band}", out)
        entry = {"audio": str(path), "model": heading, "summary": emotion.summary()}
        entries.append(entry | shown | _outside(emotion))
        if not as_json:
            typer.echo(f"{emotion.summary()}; {heading}; {shown['csv']}, {shown['figure']}")
            for warning in [text for text in emotion.warnings if text not in warned]:
                typer.echo(f"warning: {warning}", err=True)
            warned |= set(emotion.warnings)
    if as_json:
        typer.echo(json.dumps(entries, indent=1))
    for line in wrong:
        typer.echo(f"error: {visible(' '.join(line.split()))}", err=True)
    raise typer.Exit(code=2 if wrong else 0)


def _prepare(out: Path, stems: list[str]) -> None:
    """Make the folder, and see that no recording would overwrite another's files."""
    if len(set(stems)) < len(stems):
        twice = next(stem for stem in stems if stems.count(stem) > 1)
        raise ConfigError(
            f"Two recordings are called {twice}; predict them into two --out folders."
        )
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"--out {out} cannot be a folder ({error.strerror}); give another."
        ) from error


def _write(emotion: "Emotion", heading: str, out: Path) -> dict[str, str]:
    """Write a recording's table and figure; return where they are."""
    from benchmark.report.figures.emotion import emotion_figure

    csv, figure = (out / f"{emotion.audio.stem}{suffix}" for suffix in (".csv", ".png"))
    table = emotion.table()
    try:
        table.to_csv(csv, index=False, float_format="%.6g")
        emotion_figure(table, heading, figure)
    except OSError as error:
        raise ConfigError(f"{out} cannot be written ({error.strerror}).") from error
    return {"csv": str(csv), "figure": str(figure)}


def _outside(emotion: "Emotion") -> dict[str, Any]:
    """Return the fields of JSON about features unlike those learned from."""
    outside = emotion.outside
    return {
        "frames_outside": outside.n_frames,
        "frames_compared": outside.n_counted,
        "warnings": emotion.warnings,
    }


def _repetitions(count: int) -> str:
    """Return "1 repetition" or "5 repetitions"."""
    return f"{count} repetition{'s' if count > 1 else ''}"
