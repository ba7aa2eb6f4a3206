"""One cell from plan to record: load, train, predict, score, count, write."""

import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import USER_ERRORS, TrainingDiverged
from benchmark.evaluate.complexity import Cost, model_cost
from benchmark.evaluate.predict import predict_components, predict_songs
from benchmark.evaluate.references import reference_scores
from benchmark.evaluate.scores import per_song_scores, summary_scores
from benchmark.plan.cell import Cell
from benchmark.plan.classes import ends_the_run
from benchmark.plan.protocol import rounds
from benchmark.plan.seeds import make_deterministic
from benchmark.record.environment import environment, peak_memory_bytes
from benchmark.record.record import CellOutcome, RunRecord, Scores
from benchmark.record.store import readable, write_record
from benchmark.record.weights import write_weights
from benchmark.run.loading import check_unchanged, planned_split
from benchmark.train.device import gpu_of
from benchmark.train.kernels import Kernels, kernels_of
from benchmark.train.state import own_state
from benchmark.train.trainer import CellTrainer, OnProgress, build_estimator
from benchmark.users_code import ctrl_c, described_with_place, text_of
from datasets.contract import Song, Split
from datasets.ranges import FeatureRange
from models.contract import State, is_restorable

Arrays = list[NDArray[np.float32]]
OnRound = Callable[[int, float], None]  # rounds done, average RMSE of all songs scored so far


@dataclass(frozen=True)
class Job:
    """A cell and where to run it; none of the rest changes the outcome."""

    cell: Cell
    results: Path
    data_root: Path | None
    device: str
    kernels: Kernels = "fused"


def execute(job: Job, on_progress: OnProgress, on_round: OnRound | None = None) -> RunRecord:
    """Run one cell and write its record, whatever the model does.

    Raised are user errors (data that changed since the cell was planned, too) but those of a
    user's model, Ctrl-C, and `TrainingStopped` where a callback raises it; they leave no record.
    """
    cell = job.cell
    started, clock = time.time(), time.perf_counter()
    split = planned_split(cell, job.data_root)
    circumstances = _known_before(job, split, started)
    train = partial(_train_and_score, job, split, circumstances, on_progress, on_round)
    result = _result(cell, split, circumstances, train)
    circumstances["total_seconds"] = round(time.perf_counter() - clock, 3)
    circumstances["peak_memory_bytes"] = peak_memory_bytes()
    circumstances["environment"] = environment()
    circumstances |= gpu_of(job.device)
    try:
        return _write(job, split, circumstances, result)
    except (*USER_ERRORS, MemoryError):
        raise
    except Exception as error:  # names or numbers of a user's model that no file can hold
        return _write(job, split, circumstances, _failure(error, circumstances))


def record_lost(job: Job, reason: str, seconds: float) -> RunRecord:
    """Record a cell as failed whose process was ended after so many seconds, and write it."""
    split = planned_split(job.cell, job.data_root)
    circumstances = _known_before(job, split, time.time() - seconds)
    circumstances |= {"total_seconds": round(seconds, 3), "environment": environment()}
    return _write(job, split, circumstances, Result(CellOutcome(status="failed", error=reason)))


def _known_before(job: Job, split: Split, started: float) -> dict[str, Any]:
    """Return the circumstances that are known before a cell is trained."""
    return {
        "device": job.device,
        "kernels": kernels_of(job.cell, job.device, job.kernels),
        "features_made_by": split.made_by,  # "": by other code than this project's
        "started": round(started),
    }


def _write(job: Job, split: Split, circumstances: dict[str, Any], result: "Result") -> RunRecord:
    """Write weights, predictions and, last, the record; nothing where it could not be read."""
    cell = job.cell
    record = RunRecord(
        cell=cell.key,
        group=cell.group,
        name=cell.name,
        **cell.plain(),
        n_features=split.n_features,
        n_songs={"development": len(split.development), "evaluation": len(split.evaluation)},
        circumstances=circumstances,
        **vars(result.outcome),
    )
    if result.state:
        readable(record)  # no weights of a record that is refused
        learned = FeatureRange.of(split.development)
        write_weights(job.results, record, cell, result.state, learned)
    write_record(job.results, record, result.predictions)
    return record


@dataclass(frozen=True)
class Result:
    """What a cell leaves: the outcome, predictions (T, 2) by song id, its weights."""

    outcome: CellOutcome
    predictions: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    state: State = field(default_factory=dict)  # empty: not kept


def _result(
    cell: Cell, split: Split, circumstances: dict[str, Any], train: Callable[[], Result]
) -> Result:
    """Train and score; whatever a model raises, `sys.exit` included, fails this cell alone."""
    with ctrl_c() as was_pressed:
        try:
            with own_state():
                result = train()
            check_unchanged(cell, split)
        except TrainingDiverged as error:
            result = Result(CellOutcome(status="diverged", error=text_of(error)))
        except BaseException as error:  # a broken model must not stop the other cells
            is_ctrl_c = isinstance(error, KeyboardInterrupt) and was_pressed()
            if is_ctrl_c or ends_the_run(error, cell.model):
                raise
            result = _failure(error, circumstances)
        if was_pressed():  # and the model caught it
            raise KeyboardInterrupt
    return result


def _failure(error: BaseException, circumstances: dict[str, Any]) -> Result:
    """Return a failed cell's outcome; the traceback stands in its circumstances."""
    text = "".join(traceback.format_exception(error))
    circumstances["traceback"] = text.encode("utf-8", "replace").decode()  # no half characters
    return Result(CellOutcome(status="failed", error=described_with_place(error)))


def _train_and_score(
    job: Job,
    split: Split,
    circumstances: dict[str, Any],
    on_progress: OnProgress,
    on_round: OnRound | None,
) -> Result:
    """Fit on the learning songs of every round, then open and score its other songs."""
    protocol = job.cell.protocol
    model, training = Scored(), Scored()
    components: dict[str, Scored] = {}
    curves: dict[str, Any] = {}
    seconds = {"train": 0.0, "predict": 0.0}
    for index, fold in enumerate(rounds(split, protocol, job.cell.shared_seed("folds")), start=1):
        make_deterministic(job.cell.seed("cell"))
        scored_on = fold.scored if protocol.selection == "evaluation" else None
        trainer = CellTrainer(
            job.cell,
            job.device,
            on_progress,
            round_name=fold.name,
            scored_on=scored_on,
            kernels=job.kernels,
        )
        estimator = build_estimator(job.cell, split.n_features)
        clock = time.perf_counter()
        estimator.fit(fold.learning, trainer)
        seconds["train"] += time.perf_counter() - clock
        clock = time.perf_counter()
        model.add(fold.scored, predict_songs(estimator, fold.scored))
        seconds["predict"] += time.perf_counter() - clock
        for name, predicted in predict_components(estimator, fold.scored).items():
            components.setdefault(name, Scored()).add(fold.scored, predicted)
        training.add(fold.learning, predict_songs(estimator, fold.learning))
        curves |= {name: asdict(curve) for name, curve in trainer.curves.items()}
        if on_round is not None:
            on_round(index, model.summary()["rmse_average"] or 0.0)
    for scored in (model, training, *components.values()):
        scored.sort([song.song_id for song in (*split.development, *split.evaluation)])
    circumstances |= {f"{name}_seconds": round(value, 3) for name, value in seconds.items()}
    cost = model_cost(estimator, split.n_features)
    return Result(
        _scored_outcome(model, training, components, split, cost, curves),
        dict(zip([song.song_id for song in model.songs], model.predicted, strict=True)),
        estimator.state() if protocol.folds is None and is_restorable(estimator) else {},
    )


def _scored_outcome(
    model: "Scored",
    training: "Scored",
    components: dict[str, "Scored"],
    split: Split,
    cost: Cost,
    curves: dict[str, Any],
) -> CellOutcome:
    """Return the outcome of a cell that was trained to its end."""
    return CellOutcome(
        status="done",
        scores=model.summary(),
        training_scores=training.summary(),
        components={name: component.summary() for name, component in components.items()},
        per_song={
            "song_id": [song.song_id for song in model.songs],
            "n_frames": [song.n_frames for song in model.songs],
            **({"family": [song.family for song in model.songs]} if split.has_families else {}),
            **per_song_scores(model.annotations, model.predicted),
        },
        references=reference_scores(split, model.songs),
        curves=curves,
        **vars(cost),
    )


@dataclass
class Scored:
    """Songs and what was predicted for them, gathered over rounds."""

    songs: list[Song] = field(default_factory=list)
    predicted: Arrays = field(default_factory=list)

    def add(self, songs: Sequence[Song], predicted: Arrays) -> None:
        """Add the songs of one round."""
        self.songs += songs
        self.predicted += predicted

    def sort(self, order: Sequence[str]) -> None:
        """Put the songs into the dataset's order, whatever round they are of."""
        place = {song_id: position for position, song_id in enumerate(order)}
        pairs = sorted(
            zip(self.songs, self.predicted, strict=True), key=lambda pair: place[pair[0].song_id]
        )
        self.songs, self.predicted = [song for song, _ in pairs], [of_song for _, of_song in pairs]

    @property
    def annotations(self) -> Arrays:
        """Return the annotations (T, 2) of every song."""
        return [song.annotations for song in self.songs]

    def summary(self) -> Scores:
        """Score all songs under both conventions."""
        return summary_scores(self.annotations, self.predicted)
