"""Studies by name or file: YAML whose keys equal the option names; the command line wins."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.errors import ConfigError
from benchmark.lookup import check_options, find, suggestion
from benchmark.plan.classes import config_of
from benchmark.plan.study_files import read_mapping
from datasets.registry import DATASETS
from models.registry import MODELS, all_names

if TYPE_CHECKING:
    from benchmark.plan.config import Study, StudyConfig

FIRST_LISTED = ("smoke", "compare")  # for a first look, and what `run` does by itself
SHORT = {
    "max_epochs": "training.max_epochs",
    "precision": "training.precision",
    "resample": "folder.resample",
}
CONTRAST_WORDS = ("every", "largest")  # sides of a contrast that are no model's name


def named_studies() -> dict[str, Path]:
    """Return the studies that ship with the package, name -> YAML file."""
    folder = files("studies").joinpath("named")
    paths = sorted(Path(str(entry)) for entry in folder.iterdir() if entry.name.endswith(".yaml"))
    by_name = {path.stem: path for path in paths}
    return {name: by_name[name] for name in (*FIRST_LISTED, *by_name)}


def read_study(
    name_or_file: str, overrides: Mapping[str, Any], promoted: Mapping[str, Path] | None = None
) -> "Study":
    """Read a study by name or file; `overrides` are the options given on the command line.

    Names are those that ship with the package and those of `promoted`, name -> YAML file.
    `also` lists further parts: each takes the keys of the study, changes some and is run too. The
    command line wins over every part, but for models that a part names itself (see `_shared`).
    `contrasts` lists which rows are compared.
    """
    from benchmark.plan.config import Study, StudyConfig, validated

    is_file = name_or_file.endswith((".yaml", ".yml"))
    names = dict(promoted or {}) | named_studies()
    path = Path(name_or_file) if is_file else find(names, name_or_file, kind="study")
    written = _keys(read_mapping(path))
    known = [*(key.name for key in fields(StudyConfig)), "also", "contrasts", *SHORT]
    check_options(written, known, where=f"study {path.name}")
    base = {"name": path.stem} | written
    further = base.pop("also", [])
    declared = checked_contrasts(base.pop("contrasts", None), path)
    if not (isinstance(further, list) and all(isinstance(part, dict) for part in further)):
        raise ConfigError(f"Study file {path}: 'also' must list mappings, each with some keys.")
    given = {key: value for key, value in overrides.items() if value is not None}
    for key in given.keys() & {field.name for field in fields(StudyConfig)} - {"set"}:
        alone = {"name": "study", "models": ("model",), key: given[key]}
        validated(StudyConfig, alone, where=f"--{key.replace('_', '-')}")
    shares = _shared(given.get("models"), base, [*map(_keys, further)])
    parts = tuple(
        checked_study(_merged(path, base, layer, given | chosen), f"study {path.name}")
        for layer, chosen in shares
    )
    for written, where in ((given, None), (base, path)):
        check_short(written, [part.dataset for part in parts], where)
    for (layer, _), part in zip(shares, parts, strict=True):
        check_short(layer, [part.dataset], path)
    return Study(str(base["name"]), parts, declared)


def _shared(
    wanted: Sequence[str] | None, base: Mapping[str, Any], further: Sequence[Mapping[str, Any]]
) -> list[tuple[Mapping[str, Any], dict[str, Any]]]:
    """Return a study's parts, each with the models of the command line that it is to run.

    A part that names models runs those of them that are wanted, in its own settings. Wanted models
    that no part names are run by the study itself and by the parts that name none. A part without
    any is left out.
    """
    parts = [{}, *further]
    if wanted is None:
        return [(part, {}) for part in parts]
    named = {name for part in further for name in _names(part)}
    common = [name for name in wanted if name in _names(base) or name not in named]
    shares = [
        [name for name in wanted if name in _names(part)] if _names(part) else common
        for part in parts
    ]
    return [(part, {"models": own}) for part, own in zip(parts, shares, strict=True) if own]


def _names(part: Mapping[str, Any]) -> list[str]:
    """Return the models that a part names; what is no list of names is refused later."""
    models = part.get("models")
    return models if isinstance(models, list) else []


def _keys(written: Mapping[Any, Any]) -> dict[str, Any]:
    """Return the keys as Python spells them."""
    return {str(key).replace("-", "_"): value for key, value in written.items()}


def _merged(path: Path, *layers: Mapping[str, Any]) -> dict[str, Any]:
    """Lay mappings over each other, the last one wins; `set` is merged key by key.

    A key of `SHORT` stands for a setting.
    """
    merged = {key: value for layer in layers for key, value in layer.items()}
    settings: dict[str, Any] = {}
    for layer in layers:
        own = layer.get("set") or {}
        if not isinstance(own, Mapping):
            raise ConfigError(
                f"Study file {path}: 'set' must map settings to values, such as"
                f" set: {{crnn.dropout: 0.5}}, got {own!r}."
            )
        settings |= with_short(layer) | dict(own)
    return {key: value for key, value in merged.items() if key not in SHORT} | {"set": settings}


def with_short(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that the short keys among the given stand for."""
    return {SHORT[key]: given[key] for key in SHORT if given.get(key) is not None}


def check_short(
    given: Mapping[str, Any], datasets: Collection[str], path: Path | None = None
) -> None:
    """Refuse a short key of a dataset that is not in the study: it would do nothing.

    `path` is the study's file where the key was written there, None on the command line.
    """
    for key in SHORT:
        owner = SHORT[key].partition(".")[0]
        if given.get(key) is not None and owner in DATASETS and owner not in datasets:
            where = f"--{key}" if path is None else f"Study file {path}: '{key}'"
            raise ConfigError(
                f"{where} belongs to dataset '{owner}', and the dataset here is"
                f" '{', '.join(sorted(set(datasets)))}'. Leave it out, or give --dataset {owner}."
            )


def checked_study(merged: Mapping[str, Any], where: str) -> "StudyConfig":
    """Refuse unknown keys, models, datasets and features, and anything asked for twice."""
    from benchmark.plan.config import StudyConfig, TrainingConfig, resolve, validated
    from benchmark.plan.protocol import ProtocolConfig

    study: StudyConfig = validated(StudyConfig, merged, where=where)
    for name in study.models:
        find(dict.fromkeys(all_names()), name, kind="model")
    dataset = find(DATASETS, study.dataset, kind="dataset")
    if study.features is not None and study.features not in dataset.every_feature_set:
        raise ConfigError(
            f"Dataset '{study.dataset}' has no features '{study.features}'."
            f"{suggestion(study.features, dataset.every_feature_set)}"
            f" Known: {', '.join(dataset.every_feature_set)}."
        )
    for what, values in (("models", study.models), ("sequence_lengths", study.sequence_lengths)):
        if len(set(values)) != len(values):
            raise ConfigError(f"{what} names something twice: {','.join(map(str, values))}.")
    _check_settings(study)
    training = resolve(study, "training", TrainingConfig)
    protocol = resolve(study, "protocol", ProtocolConfig)
    if training.validation_fraction == 0 and protocol.selection == "held_out":
        raise ConfigError(
            "training.validation_fraction=0 leaves no songs to stop on; give a fraction above 0,"
            " or set protocol.selection=last."
        )
    if protocol.fold_over == "all" and protocol.folds is None:
        raise ConfigError(
            "protocol.fold_over=all needs a number of folds; give --set protocol.folds=10 as well."
        )
    return study


def checked_contrasts(written: Any, path: Path) -> tuple[tuple[str, str], ...] | None:
    """Read which rows a study compares, as pairs; each side is a row's name, every or largest."""
    if written is None:
        return None
    known = {**MODELS, **dict.fromkeys(CONTRAST_WORDS)}
    for pair in written if isinstance(written, list) else [written]:
        if not (isinstance(pair, list) and [*map(type, pair)] == [str, str]):
            raise ConfigError(
                f"Study file {path}: 'contrasts' must list pairs of rows, such as"
                f" [crnn, linear] or ['crnn, L=60', largest], got {pair!r}."
            )
        for side in pair:
            find(known, _spaced(side).partition(",")[0], kind="model")
    return tuple((_spaced(left), _spaced(right)) for left, right in written)


def _spaced(side: str) -> str:
    """Return a row's name as tables write it: "crnn, L=60"."""
    return ", ".join(part.strip() for part in side.split(","))


def _check_settings(study: "StudyConfig") -> None:
    """Every dotted setting must belong to something that exists and takes it, run or not."""
    from benchmark.plan.config import resolve

    known = ["training", "protocol", *DATASETS, *MODELS]
    for key in study.set:
        namespace, dot, option = key.partition(".")
        if not dot or not option:
            raise ConfigError(
                f"Setting '{key}' has no dot; write MODEL.OPTION=VALUE, for example"
                " crnn.dropout=0.5, or training.OPTION=VALUE."
            )
        if namespace not in known:
            raise ConfigError(
                f"Setting '{key}': '{namespace}' is neither a model, a dataset, 'training' nor"
                f" 'protocol'.{suggestion(namespace, known)}"
            )
        if namespace in MODELS:
            resolve(study, namespace, config_of(namespace))
        elif namespace in DATASETS:
            resolve(study, namespace, DATASETS[namespace].resolve(DATASETS[namespace].options))
