"""Studies by name or file: YAML whose keys equal the option names; the command line wins."""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from benchmark.errors import ConfigError
from benchmark.lookup import find, suggestion
from datasets.registry import DATASETS
from models.registry import MODELS

if TYPE_CHECKING:
    from benchmark.plan.config import StudyConfig

DEFAULT_STUDY = "smoke"


def named_studies() -> dict[str, Path]:
    """Return the studies that ship with the package, name -> YAML file."""
    folder = files("studies").joinpath("named")
    paths = sorted(Path(str(entry)) for entry in folder.iterdir() if entry.name.endswith(".yaml"))
    return {path.stem: path for path in sorted(paths, key=lambda path: path.stem != DEFAULT_STUDY)}


def read_study(name_or_file: str, overrides: Mapping[str, Any]) -> "StudyConfig":
    """Read a study by name or file; `overrides` are the options given on the command line."""
    from benchmark.plan.config import StudyConfig, validated

    is_file = name_or_file.endswith((".yaml", ".yml"))
    path = Path(name_or_file) if is_file else find(named_studies(), name_or_file, kind="study")
    try:
        written = yaml.safe_load(path.read_text())
    except OSError as error:
        raise ConfigError(f"Study file {path} cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"Study file {path} is not YAML: {reason}.") from error
    if not isinstance(written, dict):
        raise ConfigError(f"Study file {path} must hold keys such as 'models: [crnn]'.")
    merged = {"name": path.stem} | {str(key).replace("-", "_"): v for key, v in written.items()}
    given = {key: value for key, value in overrides.items() if value is not None}
    merged |= {key: value for key, value in given.items() if key != "set"}
    merged["set"] = (merged.get("set") or {}) | given.get("set", {})
    study = validated(StudyConfig, merged, where=f"study {path.name}")
    return _checked_names(study)


def _checked_names(study: "StudyConfig") -> "StudyConfig":
    """Refuse unknown models, datasets and features, and anything asked for twice."""
    for model in study.models:
        find(MODELS, model, kind="model")
    dataset = find(DATASETS, study.dataset, kind="dataset")
    if study.features is not None and study.features not in dataset.feature_sets:
        raise ConfigError(
            f"Dataset '{study.dataset}' has no features '{study.features}'."
            f"{suggestion(study.features, dataset.feature_sets)}"
            f" Known: {', '.join(dataset.feature_sets)}."
        )
    for what, values in (("models", study.models), ("sequence_lengths", study.sequence_lengths)):
        if len(set(values)) != len(values):
            raise ConfigError(f"{what} names something twice: {','.join(map(str, values))}.")
    from benchmark.plan.config import TrainingConfig, resolve

    resolve(study, "training", TrainingConfig)
    _check_namespaces(study)
    return study


def _check_namespaces(study: "StudyConfig") -> None:
    """Every dotted setting must belong to something that exists."""
    known = ["training", *DATASETS, *MODELS]
    for key in study.set:
        namespace, dot, option = key.partition(".")
        if not dot or not option:
            raise ConfigError(
                f"Setting '{key}' has no dot; write MODEL.OPTION=VALUE, for example"
                " crnn.dropout=0.5, or training.OPTION=VALUE."
            )
        if namespace not in known:
            raise ConfigError(
                f"Setting '{key}': '{namespace}' is neither a model, a dataset nor 'training'."
                f"{suggestion(namespace, known)}"
            )
