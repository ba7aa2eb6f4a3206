"""Records in MLflow: an experiment per dataset and feature set, a run per mean, below it per cell.

What decided a cell's outcome are its parameters; scores and costs are its metrics.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from benchmark.evaluate.registry import RANKED_BY
from benchmark.record.names import experiment_name, short_name
from benchmark.record.record import RunRecord
from benchmark.record.store import record_path
from benchmark.tracking.entry import (
    CELL_TAG,
    GROUP_TAG,
    MODEL_TAG,
    NOTE_TAG,
    STATUS_TAG,
    Dataset,
    Entry,
    curves_of,
    digest_of,
    metric_name,
    with_logarithms,
)
from benchmark.tracking.mirror import Mirror
from benchmark.tracking.views import cell_views, colour_of_model
from datasets.registry import DATASETS

HOW_TO_READ = (  # short lines: the UI shows the beginning of a description
    "Trade-off: *Views*, *RMSE against parameters*, chart icon.\n\n"
    "A cost of 0, as a constant's multiply-adds, has no logarithm and so no point."
)


def copy_record(mirror: Mirror, record: RunRecord) -> None:
    """Copy one record, its curves and its file; nothing happens where it already is."""
    path = record_path(mirror.results, record)
    is_file = path.is_file()  # it may have gone since it was read
    content = path.read_bytes() if is_file else json.dumps(asdict(record)).encode()
    digest = digest_of(content)
    if not mirror.has("cell", record.cell, digest):
        # another process may have replaced the record that was trained here
        record = RunRecord(**from_json(content))
    mean = mirror.means.setdefault(record.group, mean_entry(record))
    mirror.put(cell_entry(record, digest, mean, [path] if is_file else []))


def summarise(
    mirror: Mirror,
    group: str,
    scores: Mapping[str, float | None],
    costs: Mapping[str, float | int | None],
    figures: Iterable[Path],
    note: str,
) -> None:
    """Make the mean of a group, of which cells were copied, say these values and no others."""
    mean = mirror.means.get(group)
    if mean is None:
        return
    tags = {**mean.tags, NOTE_TAG: note}
    metrics = {**scores, **with_logarithms(costs)}
    milliseconds = int(1000 * (costs.get("train_seconds") or 0) * (costs.get("n_cells") or 0))
    says = [mean.experiment, mean.name, tags, mean.params, metrics, milliseconds]
    mirror.put(
        replace(
            mean,
            digest=digest_of(json.dumps(says, default=str).encode()),
            tags=tags,
            metrics=metrics,
            milliseconds=milliseconds,
            files=[*figures],
        )
    )


def cell_entry(record: RunRecord, digest: str, mean: Entry, files: Sequence[Path]) -> Entry:
    """Return what the run of a cell says."""
    tags = {
        CELL_TAG: record.cell,
        GROUP_TAG: record.group,
        MODEL_TAG: record.model,
        STATUS_TAG: record.status,
        "mlflow.source.git.commit": record.circumstances["environment"]["commit"],
    }
    return replace(
        mean,
        kind="cell",
        started=int(record.circumstances["started"] * 1000),
        name=f"{record.name}{_settings(record)}",
        tags=tags,
        digest=digest,
        parent=mean,
        params=parameters(record),
        metrics=metrics(record),
        curves=curves_of(record),
        milliseconds=int(record.circumstances["total_seconds"] * 1000),
        status="FINISHED" if record.status == "done" else "FAILED",
        files=files,
    )


def mean_entry(record: RunRecord) -> Entry:
    """Return what the run that gathers the repetitions of a cell says before its summary."""
    length = "" if record.sequence_length is None else f"-L{record.sequence_length}"
    colour = colour_of_model(record.model, record.sequence_length)
    return Entry(
        kind="mean",
        experiment=experiment_name(record),
        about=lambda: cell_views() | {NOTE_TAG: experiment_note(record)},
        name=f"{record.model}{length}{_settings(record)}",
        tags={GROUP_TAG: record.group, MODEL_TAG: record.model, **colour},
        params={key: text for key, text in parameters(record).items() if key != "base_seed"},
        started=int(record.circumstances["started"] * 1000),
        dataset=Dataset(
            short_name(record.dataset, record.features),
            record.dataset_digest,
            json.dumps({"dataset": record.dataset, "labels": record.labels}),
        ),
    )


def _settings(record: RunRecord) -> str:
    """Return what differs from the defaults, as the end of a run's name."""
    return "".join(f" {key}={value}" for key, value in record.settings.items())


def experiment_note(record: RunRecord) -> str:
    """Return what the experiment is, in Markdown."""
    entry = DATASETS.get(record.dataset)
    caveat = f": **{entry.caveat}**" if entry and entry.caveat else ""
    songs = ", ".join(f"{count} {side} songs" for side, count in record.n_songs.items())
    return f"Dataset {record.dataset}{caveat} ({record.features}; {songs}).\n\n{HOW_TO_READ}"


def parameters(record: RunRecord) -> dict[str, Any]:
    """Return what decided the outcome, as MLflow's text parameters."""
    return {
        "model": record.model,
        "dataset": record.dataset,
        "features": record.features,
        "labels": record.labels,
        "sequence_length": record.sequence_length,
        "base_seed": record.base_seed,
        "dataset_digest": record.dataset_digest,
        **{f"dataset.{key}": value for key, value in record.dataset_options.items()},
        **{f"config.{key}": value for key, value in record.config.items()},
        **{f"training.{key}": value for key, value in record.training.items()},
        **{f"protocol.{key}": value for key, value in record.protocol.items()},
    }


def metrics(record: RunRecord) -> dict[str, float | int | None]:
    """Return scores and costs."""
    costs = {name: record.circumstances.get(name) for name in ("train_seconds", "predict_seconds")}
    return {
        **record.scores,
        **{
            f"training_{key}": value
            for key, value in record.training_scores.items()
            if key.startswith(RANKED_BY)
        },
        **{
            f"components/{metric_name(name)}/{key}": value
            for name, scores in record.components.items()
            for key, value in scores.items()
            if key.startswith(RANKED_BY)
        },
        **with_logarithms({"n_parameters": record.n_parameters, "flops": record.flops, **costs}),
        "peak_memory_bytes": record.circumstances.get("peak_memory_bytes"),
        "repetition": record.repetition,
    }
