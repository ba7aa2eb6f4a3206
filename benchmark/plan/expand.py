"""A study becomes cells, in a fixed order; the floor rows join every study."""

from dataclasses import fields
from typing import Any

from benchmark.errors import ConfigError
from benchmark.plan.cell import Cell
from benchmark.plan.classes import config_of
from benchmark.plan.config import (
    StudyConfig,
    TrainingConfig,
    defaults,
    plain,
    plain_options,
    resolve,
)
from benchmark.plan.protocol import ProtocolConfig
from datasets.registry import DATASETS, DatasetEntry
from models.registry import MODELS, ModelEntry, split_name

MOST_CELLS = 20_000  # of one part of a study; reports are measured with as many


def dataset_of(study: StudyConfig) -> tuple[DatasetEntry, Any, str]:
    """Return the study's dataset row, its options and its feature set."""
    entry = DATASETS[study.dataset]
    options = resolve(study, study.dataset, entry.resolve(entry.options))
    return entry, options, study.features or entry.feature_sets[0]


def expand(study: StudyConfig, dataset_digest: str) -> list[Cell]:
    """Return every cell of the study: floor rows first, then models as they were asked for."""
    n_cells = len(study.models) * len(study.sequence_lengths) * study.repetitions
    if n_cells > MOST_CELLS:
        raise ConfigError(
            f"Study '{study.name}' asks for {n_cells:,} cells, and at most {MOST_CELLS:,} can be"
            " planned at once. Ask for fewer repetitions, models or sequence lengths."
        )
    floor = [name for name, row in MODELS.items() if row.is_floor and name not in study.models]
    _, options, features = dataset_of(study)
    cells = []
    for name in [*floor, *study.models]:
        model, variant = split_name(name)
        row = MODELS[model]
        configurations = _configurations(study, row, model, variant)
        n_repetitions = study.repetitions if row.uses_seed else 1  # else all would be the same
        for length in study.sequence_lengths if row.uses_sequence_length else (None,):
            for repetition in range(1, n_repetitions + 1):
                cells.append(
                    Cell(
                        dataset=study.dataset,
                        dataset_options=plain_options(options),
                        dataset_digest=dataset_digest,
                        features=features,
                        model=model,
                        model_version=row.version,
                        **configurations,
                        sequence_length=length,
                        repetition=repetition,
                        base_seed=study.seed,
                    )
                )
    return cells


def _configurations(
    study: StudyConfig, row: ModelEntry, model: str, variant: str
) -> dict[str, Any]:
    """Return a model's configuration, training and protocol, and what of them is not default."""
    config_class = config_of(model)
    _refuse_shared_names(model, config_class)
    named = row.variants[variant].settings if variant else {}
    config = resolve(study, model, config_class, named)
    training = resolve(study, "training", TrainingConfig)
    protocol = resolve(study, "protocol", ProtocolConfig)
    if not (row.kind == "network" or row.uses_seed):  # nothing to stop, no sequence to cut
        training = None
        protocol = ProtocolConfig(folds=protocol.folds, fold_over=protocol.fold_over)
    settings = _changed(config) | _changed(training) | _changed(protocol)
    return {"config": config, "training": training, "protocol": protocol, "settings": settings}


def _refuse_shared_names(model: str, config_class: type | None) -> None:
    """A model's option called like one of training would hide it in names, tables and keys."""
    own = {option.name for option in fields(config_class)} if config_class else set()
    shared = own & {option.name for option in (*fields(TrainingConfig), *fields(ProtocolConfig))}
    if shared:
        raise ConfigError(
            f"Model '{model}' has options called as those of training or protocol:"
            f" {', '.join(sorted(shared))}. Give them other names."
        )


def _changed(config: Any) -> dict[str, Any]:
    """Return what differs from the class's defaults; an option without a default always does."""
    usual = defaults(None if config is None else type(config))
    return {
        key: value
        for key, value in plain(config).items()
        if key not in usual or usual[key] != value
    }
