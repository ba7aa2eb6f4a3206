"""A record in MLflow's words: what decided its outcome as parameters, its scores as metrics."""

from collections.abc import Mapping
from typing import Any

from benchmark.evaluate.registry import RANKED_BY
from benchmark.record.record import RunRecord
from benchmark.tracking.runs import metric_name, with_logarithms
from datasets.registry import DATASETS

HOW_TO_READ = (  # short lines: the UI shows the beginning of a description
    "Trade-off: *Views*, *RMSE against parameters*, chart icon.\n\n"
    "A cost of 0, as a constant's multiply-adds, has no logarithm and so no point."
)


def experiment_note(record: RunRecord) -> str:
    """Return what the experiment is, in Markdown."""
    entry = DATASETS.get(record.dataset)
    caveat = f": **{entry.caveat}**" if entry and entry.caveat else ""
    songs = ", ".join(f"{count} {side} songs" for side, count in record.n_songs.items())
    return f"Dataset {record.dataset}{caveat} ({record.features}; {songs}).\n\n{HOW_TO_READ}"


def settings(record: RunRecord) -> str:
    """Return what differs from the defaults, as the end of a run's name."""
    return "".join(f" {key}={value}" for key, value in record.settings.items())


def started(record: RunRecord) -> int:
    """Return when a cell began, in milliseconds."""
    return int(record.circumstances["started"] * 1000)


def milliseconds(costs: Mapping[str, float | int | None]) -> int:
    """Return how long all cells of a mean trained."""
    return int(1000 * (costs.get("train_seconds") or 0.0) * (costs.get("n_cells") or 0))


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
