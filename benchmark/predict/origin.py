"""What made the features a model learned from, and whether a recording's would be the same."""

from collections.abc import Collection
from pathlib import Path

from benchmark.errors import ConfigError
from benchmark.record.record import RunRecord
from benchmark.record.weights import Weights
from datasets.commands import ANY_ROOT, extract_command
from datasets.features.cache import made_by, made_with
from datasets.features.registry import Extractor, from_audio
from datasets.registry import DATASETS

RUN = "`python -m benchmark run --dataset folder --features logmel --data-root DATA`"
TRAIN = f"Train on recordings first, for example your own (docs/own-data.md): {RUN}."


def is_of_audio(record: RunRecord) -> bool:
    """Tell whether a model was trained on features made from audio by this project."""
    return record.features in from_audio() and record.circumstances.get("features_made_by") != ""


def check_audio_features(weights: Weights, path: Path) -> None:
    """Refuse a model of features that are not made from audio at all."""
    if weights.cell.features not in from_audio():
        raise ConfigError(
            f"{path} cannot predict a recording: it was trained on features"
            f" {weights.cell.features}, which are not made from audio. Train on a dataset of"
            f" recordings with --features {' or '.join(from_audio())}."
        )


def check_origin(weights: Weights, path: Path, extractor: Extractor) -> None:
    """Refuse a model whose features other code, settings or another version made."""
    cell, made, here = weights.cell, weights.features_made_by, made_by(extractor)
    if made is None:
        raise ConfigError(
            f"{path} does not say what made its features: their origin was not recorded. Train"
            " again with `python -m benchmark run --fresh`."
        )
    if not made:
        raise ConfigError(
            f"{path} cannot predict a recording: it was trained on features {cell.features} of"
            f" dataset {cell.dataset} that other code made; a recording's are made by {here}, so"
            " their numbers differ."
            f" {_with_audio(cell.dataset, cell.features)}"
        )
    widths = weights.n_features, extractor.n_features
    if made.partition(" by ")[0] != here or widths[0] != widths[1]:
        raise ConfigError(
            f"{path} was trained on {widths[0]} features that {made} made; a recording's"
            f" {widths[1]} are made by {here}: other settings or another version. Extract and train"
            f" again: {_extract_and_run(cell.dataset, cell.features)}."
        )


def _with_audio(dataset: str, features: str) -> str:
    """Say how to train on features that are made from audio."""
    with_files = [name for name, entry in DATASETS.items() if entry.files is not None]
    if dataset not in DATASETS:
        return (
            f"Dataset {dataset} is not one of this suite: if a file of yours defines it, give"
            " --include FILE.py as well."
        )
    if dataset not in with_files:
        return (
            f"The features of dataset {dataset} are not made from audio, or its loader does not"
            " say so (Split.made_by, see docs/extending.md); train on a dataset of recordings:"
            f" {', '.join(with_files)}; as in {RUN}."
        )
    return (
        f"Move the official files in DEAM/features away and train on features made from audio:"
        f" {_extract_and_run(dataset, features)}."
    )


def _extract_and_run(dataset: str, features: str) -> str:
    extract = extract_command(features, option=f" --dataset {dataset}")
    options = f"--dataset {dataset} --features {features} --data-root {ANY_ROOT}"
    return f"`{extract}`, then `python -m benchmark run {options}`"


def library_warning(name: str, makers: Collection[str], audio: Path, extractor: Extractor) -> str:
    """Return a sentence where other programs made the features learned from, or "".

    `makers` are the models' `features_made_by`. Where the recording or what was learned from was
    not rendered from MIDI, the library alone is compared.
    """
    here = made_with(audio, extractor)
    for made in makers:
        there = made.partition(" by ")[2]
        pairs = zip(there.partition(", "), here.partition(", "), strict=True)
        if any(learned and ours and learned != ours for learned, ours in pairs):
            return (
                f"{name} was trained on features made by {there}, here {here} makes them: numbers"
                " may differ."
            )
    return ""
