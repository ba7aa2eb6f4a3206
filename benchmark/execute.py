"""One cell from plan to record: load, train, predict, score, count, write."""

import json
import time
import traceback
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import USER_ERRORS, TrainingDiverged
from benchmark.evaluate.complexity import model_cost
from benchmark.evaluate.metrics import per_song_scores, summary_scores
from benchmark.evaluate.predict import predict_songs
from benchmark.plan.cell import Cell
from benchmark.plan.config import validated
from benchmark.plan.seeds import make_deterministic
from benchmark.record.environment import environment, peak_memory_bytes
from benchmark.record.record import RunRecord, Scores
from benchmark.record.store import write_record
from benchmark.train.trainer import CellTrainer, OnProgress, build_estimator
from datasets.contract import Song, Split
from datasets.registry import DATASETS

Arrays = list[NDArray[np.float32]]


@dataclass(frozen=True)
class Job:
    """A cell and where to run it; none of the rest changes the outcome."""

    cell: Cell
    results: Path
    data_root: Path | None
    device: str


def load_split(
    dataset: str, options: dict[str, Any], features: str, data_root: Path | None
) -> Split:
    """Load a dataset; the last one stays in memory for the next cell."""
    return _cached_split(dataset, json.dumps(options, sort_keys=True), features, data_root)


@lru_cache(maxsize=1)
def _cached_split(dataset: str, options: str, features: str, data_root: Path | None) -> Split:
    entry = DATASETS[dataset]
    options_class = entry.resolve(entry.options)
    written = json.loads(options)
    values = validated(options_class, written, where=dataset) if options_class else None
    split: Split = entry.resolve(entry.load)(values, features, data_root)
    return split


def execute(job: Job, on_progress: OnProgress) -> RunRecord:
    """Run one cell and write its record, whatever happens; only user errors are raised."""
    cell = job.cell
    started, clock = time.time(), time.perf_counter()
    split = load_split(cell.dataset, cell.dataset_options, cell.features, job.data_root)
    circumstances: dict[str, Any] = {"device": job.device, "started": round(started)}
    outcome: dict[str, Any] = {}
    predictions: dict[str, NDArray[np.float32]] = {}
    try:
        outcome, predictions = _train_and_score(job, split, circumstances, on_progress)
    except TrainingDiverged as error:
        outcome = {"status": "diverged", "error": str(error)}
    except USER_ERRORS:
        raise
    except Exception as error:  # a broken model must not stop the other cells
        place = traceback.extract_tb(error.__traceback__)[-1]
        outcome = {
            "status": "failed",
            "error": f"{type(error).__name__}: {error} in {place.filename}:{place.lineno}",
        }
        circumstances["traceback"] = traceback.format_exc()
    circumstances["total_seconds"] = round(time.perf_counter() - clock, 3)
    circumstances["peak_memory_bytes"] = peak_memory_bytes()
    record = RunRecord(
        cell=cell.key,
        group=cell.group,
        name=cell.name,
        **asdict(cell),
        n_features=split.n_features,
        n_songs={"development": len(split.development), "evaluation": len(split.evaluation)},
        references=reference_scores(split),
        circumstances=circumstances | {"environment": environment()},
        **outcome,
    )
    write_record(job.results, record, predictions)
    return record


def _train_and_score(
    job: Job, split: Split, circumstances: dict[str, Any], on_progress: OnProgress
) -> tuple[dict[str, Any], dict[str, NDArray[np.float32]]]:
    """Fit on development songs, then open the evaluation songs for the first and only time."""
    make_deterministic(job.cell.seed("cell"))
    trainer = CellTrainer(job.cell, job.device, on_progress)
    estimator = build_estimator(job.cell, split.n_features)
    clock = time.perf_counter()
    estimator.fit(split.development, trainer)
    circumstances["train_seconds"] = round(time.perf_counter() - clock, 3)

    clock = time.perf_counter()
    predicted = predict_songs(estimator, split.evaluation)
    circumstances["predict_seconds"] = round(time.perf_counter() - clock, 3)
    in_sample = predict_songs(estimator, split.development)
    cost = model_cost(estimator, split.n_features)
    outcome = {
        "status": "done",
        "scores": summary_scores(_annotations(split.evaluation), predicted),
        "training_scores": summary_scores(_annotations(split.development), in_sample),
        "per_song": {
            "song_id": [song.song_id for song in split.evaluation],
            "n_frames": [song.n_frames for song in split.evaluation],
            **per_song_scores(_annotations(split.evaluation), predicted),
        },
        "parameters": cost.parameters,
        "flops": cost.flops,
        "uncounted_operations": cost.uncounted_operations,
        "curves": {name: asdict(curve) for name, curve in trainer.curves.items()},
    }
    ids = [song.song_id for song in split.evaluation]
    return outcome, dict(zip(ids, predicted, strict=True))


def _annotations(songs: tuple[Song, ...]) -> Arrays:
    """Return the annotations (T, 2) of every song."""
    return [song.annotations for song in songs]


def reference_scores(split: Split) -> dict[str, Scores]:
    """Score what no model can know: each song's own mean, and the dataset's references."""
    annotations = _annotations(split.evaluation)
    means = [np.tile(one.mean(axis=0), (len(one), 1)) for one in annotations]
    references = {"oracle of song means": means} | {
        name: list(arrays) for name, arrays in split.references.items()
    }
    return {name: summary_scores(annotations, arrays) for name, arrays in references.items()}
