"""A study becomes cells, in a fixed order; the floor rows join every study."""

from typing import Any

from benchmark.plan.cell import Cell
from benchmark.plan.config import StudyConfig, TrainingConfig, plain, resolve
from datasets.registry import DATASETS, DatasetEntry
from models.registry import MODELS, ModelEntry


def dataset_of(study: StudyConfig) -> tuple[DatasetEntry, Any, str]:
    """Return the study's dataset row, its options and its feature set."""
    entry = DATASETS[study.dataset]
    options = resolve(study, study.dataset, entry.resolve(entry.options))
    return entry, options, study.features or entry.feature_sets[0]


def expand(study: StudyConfig, dataset_digest: str) -> list[Cell]:
    """Return every cell of the study: floor rows first, then models as they were asked for."""
    floor = [name for name, row in MODELS.items() if row.is_floor and name not in study.models]
    _, options, features = dataset_of(study)
    training = plain(resolve(study, "training", TrainingConfig))
    cells = []
    for name in [*floor, *study.models]:
        row = MODELS[name]
        config_class = getattr(row.load(), "Config", None)
        config = plain(resolve(study, name, config_class))
        uses_training = row.kind == "network" or row.uses_seed
        for length in study.sequence_lengths if row.uses_sequence_length else (None,):
            for repetition in range(1, _repetitions(row, study) + 1):
                cells.append(
                    Cell(
                        dataset=study.dataset,
                        dataset_options=plain(options),
                        dataset_digest=dataset_digest,
                        features=features,
                        model=name,
                        model_version=row.version,
                        config=config,
                        settings=_changed(config, config_class)
                        | (_changed(training, TrainingConfig) if uses_training else {}),
                        training=training if uses_training else {},
                        sequence_length=length,
                        repetition=repetition,
                        base_seed=study.seed,
                    )
                )
    return cells


def _repetitions(row: ModelEntry, study: StudyConfig) -> int:
    """A model that draws nothing gives the same numbers every time: once is enough."""
    return study.repetitions if row.uses_seed else 1


def _changed(config: dict[str, Any], config_class: type | None) -> dict[str, Any]:
    """Return what differs from the class's defaults."""
    defaults = plain(config_class()) if config_class else {}
    return {key: value for key, value in config.items() if defaults.get(key) != value}
