"""What made the features a model learned from, and whether a recording's would be the same."""

from collections.abc import Sequence
from pathlib import Path

from benchmark.errors import ConfigError
from benchmark.record.weights import Weights
from datasets.features.cache import made_by
from datasets.features.registry import Extractor, from_audio


def check_audio_features(weights: Weights, path: Path) -> None:
    """Refuse a model of features that are not made from audio at all."""
    if weights.cell.features not in from_audio():
        raise ConfigError(
            f"{path} was trained on features {weights.cell.features}, which are not made from"
            f" audio. Train with --features {', '.join(from_audio())}."
        )


def check_origin(weights: Weights, path: Path, extractor: Extractor) -> None:
    """Refuse a model whose features other code, settings or another version made."""
    cell, made, here = weights.cell, weights.features_made_by, made_by(extractor)
    if made is None:
        raise ConfigError(
            f"{path} does not say what made its features: their origin was not recorded. Train"
            " again with `run --fresh`."
        )
    if not made:
        raise ConfigError(
            f"{path} was trained on features {cell.features} of dataset {cell.dataset} that other"
            f" code made; a recording's are made by {here}, so their numbers differ. Train on"
            f" features extracted from audio: `data extract --features {cell.features}`, then"
            " `run` (official files in DEAM/features come first: move them away)."
        )
    widths = weights.n_features, extractor.n_features
    if made.partition(" by ")[0] != here or widths[0] != widths[1]:
        raise ConfigError(
            f"{path} was trained on {widths[0]} features that {made} made; a recording's"
            f" {widths[1]} are made by {here}: other settings or another version. Extract and train"
            " again:"
            f" `data extract --features {cell.features}`, then `run`."
        )


def library_warning(name: str, loaded: Sequence[Weights], extractor: Extractor) -> str:
    """Return a sentence where the library that made the features had another version, or ""."""
    here = extractor.made_by()
    for weights in loaded:
        library = (weights.features_made_by or "").partition(" by ")[2].split(", ")[0]
        if library not in ("", here):
            return (
                f"{name} was trained on features made by {library}, here {here} makes them: numbers"
                " may differ a little."
            )
    return ""
