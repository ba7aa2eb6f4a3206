"""Any recording to valence and arousal per half second, with models that were trained before."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmark.errors import ConfigError, ResultsError
from benchmark.evaluate.predict import predict_songs
from benchmark.lookup import find
from benchmark.plan.seeds import make_deterministic
from benchmark.predict.origin import (
    TRAIN,
    check_audio_features,
    check_origin,
    is_of_audio,
    library_warning,
)
from benchmark.record.record import RunRecord
from benchmark.record.store import read_records
from benchmark.record.weights import Weights, read_weights, weights_path
from benchmark.train.trainer import NetworkRestorer, build_estimator
from benchmark.users_code import users_code
from datasets.contract import FRAME_SECONDS, TARGETS, unrated
from datasets.features.cache import extract_file
from datasets.features.registry import Extractor, extractor_for
from datasets.ranges import FeatureRange, Outside
from models.contract import Estimator
from models.registry import MODELS, ModelEntry


@dataclass(frozen=True)
class Predictor:
    """Repetitions of one model, trained on features as a recording's are made."""

    name: str
    models: list[Estimator]
    extractor: Extractor
    learned: FeatureRange
    makers: frozenset[str] = frozenset()  # what made the features learned from

    def predict(self, audio: Path) -> "Emotion":
        """Predict a recording with every repetition, and see whether it is like what they know."""
        song = unrated(audio.name, extract_file(audio, self.extractor))
        with users_code(f"{audio.name}: model {self.name} cannot predict it", ResultsError):
            predicted_RT2 = np.stack([predict_songs(model, [song])[0] for model in self.models])
        first = self.learned.first_frame(song.n_frames)
        outside = self.learned.outside(song.features[first:], first)
        warnings = [
            library_warning(self.name, self.makers, audio, self.extractor),
            self._start_warning(song.features[:first]),
            self._warning(audio, outside) if outside.is_much else "",
        ]
        return Emotion(audio, song.times, predicted_RT2, outside, [w for w in warnings if w])

    def _start_warning(self, features_TF: NDArray[np.float32]) -> str:
        """Return a sentence where the start, which nothing was learned from, is unlike the rest."""
        if not len(features_TF) or not self.learned.outside(features_TF).is_much:
            return ""
        return (
            f"{self.name} learned from no frame before second {self.learned.first_seconds:g}, and"
            " features there lie outside what it learned from: trust no value of these seconds."
        )

    def _warning(self, audio: Path, outside: Outside) -> str:
        """Return how many frames of a recording lie outside, and the worst column."""
        column = self.extractor.columns()[outside.column]
        side = "above" if outside.distance > 0 else "below"
        distance = f"{abs(outside.distance):.3g}"
        how_far = (
            f"{distance} {side} the only value learned"
            if outside.is_constant
            else f"{distance} times the learned range {side} it"
        )
        return (
            f"{audio.name}: {outside.n_frames} of {outside.n_counted} frames have a feature far"
            f" outside what {self.name} learned from; worst: {column} at second"
            f" {FRAME_SECONDS * outside.frame:g}, {how_far}."
        )


@dataclass(frozen=True)
class Emotion:
    """What R repetitions predict of a recording's T half seconds; times in seconds.

    `outside` says how far its features lie from those learned from; `warnings` are sentences.
    """

    audio: Path
    times: NDArray[np.float64]
    predicted: NDArray[np.float32]  # (R, T, 2)
    outside: Outside
    warnings: list[str]

    def table(self) -> pd.DataFrame:
        """Return one row per half second: mean over repetitions, lowest and highest."""
        columns = {"seconds": self.times}
        for index, target in enumerate(TARGETS):
            values_RT = self.predicted[:, :, index].astype(np.float64)
            columns[target] = values_RT.mean(axis=0)
            columns[f"{target}_low"] = values_RT.min(axis=0)
            columns[f"{target}_high"] = values_RT.max(axis=0)
        return pd.DataFrame(columns)

    def summary(self) -> str:
        """Return a line: how long, and the mean and range of both targets."""
        table = self.table()
        means = ", ".join(
            f"{target} {table[target].mean():+.2f}"
            f" (over time {table[target].min():+.2f} to {table[target].max():+.2f})"
            for target in TARGETS
        )
        return f"{self.audio.name}: {len(table) * FRAME_SECONDS:.1f} s, {means}"


def find_weights(results: Path, model: str | None, records: Sequence[Path]) -> list[Path]:
    """Return the weights of the records that were named, or of a model's only kind of cell.

    Kinds that cannot predict a recording count only where there is no other.
    """
    if records:
        return [_weights_of(path) for path in records]
    if not results.is_dir():
        raise ResultsError(f"No results folder {results}. {TRAIN}")
    groups: dict[str, list[Path]] = {}
    firsts: dict[str, RunRecord] = {}
    known = read_records(results)
    kept = [
        record
        for record in known
        if record.status == "done"
        and model in (None, record.model)
        and weights_path(results, record).is_file()
    ]
    for record in list(filter(is_of_audio, kept)) or kept:
        groups.setdefault(record.group, []).append(weights_path(results, record))
        firsts.setdefault(record.group, record)
    if not groups:
        if model is not None:
            find(MODELS, model, kind="model")
        trained = "of " + model if model else "at all"
        raise ResultsError(
            f"{results} has no weights {trained} ({len(known)} records). {TRAIN} Weights are not"
            " kept under protocol.folds. Or name another --results or --record."
        )
    models = dict.fromkeys(first.model for first in firsts.values())
    if len(models) > 1:
        raise ConfigError(
            f"{results} has weights of {len(models)} models. Name one with --model:"
            f" {', '.join(models)}"
        )
    if len(groups) > 1:
        kinds = [_kind(firsts[group], paths[0]) for group, paths in groups.items()]
        raise ConfigError(
            f"{results} has weights of {len(groups)} kinds of cells. Name all repetitions of one as"
            f" --record FILE --record FILE: {'; '.join(kinds)}"
        )
    return next(iter(groups.values()))


def _kind(record: RunRecord, path: Path) -> str:
    """Return what tells a cell from those of other kinds, and the weights of one repetition."""
    settings = "".join(f", {name}={value}" for name, value in record.settings.items())
    name = record.name.rpartition("-r")[0]
    return f"{name} on dataset {record.dataset} ({record.features}{settings}) as {path}"


def _weights_of(path: Path) -> Path:
    if path.suffix != ".json":
        return path
    if not path.is_file() or path.absolute().parents[1].name != "records":
        raise ResultsError(
            f"{path} is no record of a results folder; give DIR/records/.../NAME.json."
        )
    results = path.absolute().parents[2]
    weights = results / "weights" / path.parent.name / f"{path.stem}.safetensors"
    if not weights.is_file():
        raise ResultsError(
            f"Record {path} has no weights ({weights} is not there). Train it again with"
            " `python -m benchmark run --fresh`, or bring its file of weights."
        )
    return weights


def load_predictor(paths: Sequence[Path], device: str) -> Predictor:
    """Load fitted models, and check that a recording's features are made as theirs were."""
    loaded = [read_weights(path) for path in paths]
    if len({weights.cell.key for weights in loaded}) < len(loaded):
        raise ConfigError("A record is named twice; name each repetition once.")
    if len({weights.cell.group for weights in loaded}) > 1:
        names = ", ".join(weights.cell.name for weights in loaded)
        raise ConfigError(f"{names} differ in more than the repetition; predict them one by one.")
    for weights, path in zip(loaded, paths, strict=True):
        _row_of(weights, path)
        check_audio_features(weights, path)
    extractor = extractor_for(loaded[0].cell.features)
    for weights, path in zip(loaded, paths, strict=True):
        check_origin(weights, path, extractor)
    extractor.prepare()
    models = [restored(weights, path, device) for weights, path in zip(loaded, paths, strict=True)]
    learned = loaded[0].learned
    assert learned is not None  # kept with the features' origin
    name = loaded[0].cell.name.rpartition("-r")[0]
    makers = frozenset(weights.features_made_by or "" for weights in loaded)
    return Predictor(name, models, extractor, learned, makers)


def _row_of(weights: Weights, path: Path) -> ModelEntry:
    """Return the row of the model that weights belong to, or say that its file is missing."""
    model = weights.cell.model
    if model not in MODELS:
        raise ConfigError(
            f"{path} holds weights of model '{model}', which is not one of this suite. Give the"
            " file that defines it: --include FILE.py"
        )
    return MODELS[model]


def restored(weights: Weights, path: Path, device: str) -> Estimator:
    """Build a cell's model and fill it."""
    cell = weights.cell
    row = _row_of(weights, path)
    if row.version != cell.model_version:
        raise ResultsError(
            f"{path} was made by version {cell.model_version} of {cell.model}, this is version"
            f" {row.version}. Train again, or use the version that made it."
        )
    make_deterministic(cell.seed("cell"))
    with users_code(f"{path} does not fit model {cell.model}", ResultsError, "Train again"):
        model = build_estimator(cell.checked(), weights.n_features)
        model.restore(weights.state, NetworkRestorer(device))
        _predict_once(model, weights)
    return model


def _predict_once(model: Estimator, weights: Weights) -> None:
    """Predict two frames as they were learned from: arrays of a wrong shape are found now."""
    middle = np.zeros(weights.n_features, np.float32)
    if weights.learned is not None:
        middle = (weights.learned.low / 2 + weights.learned.high / 2).astype(np.float32)
    predict_songs(model, [unrated("probe", np.stack([middle, middle]))])
