"""The study that asks for the same cells again, read back from the records."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import yaml

from benchmark.plan.cell import DECIDING, digest_of
from benchmark.plan.config import TrainingConfig, defaults
from benchmark.plan.protocol import ProtocolConfig
from benchmark.record.record import RunRecord
from datasets.registry import DATASETS
from models.registry import MODELS


@dataclass
class Part:
    """Cells that one mapping of a study's file asks for."""

    shared: dict[str, Any]
    settings: dict[str, Any]  # dotted; not default
    usual: dict[str, Any]  # the value in use of every dotted setting, of all its models
    models: list[str]
    lengths: list[int]


def same_study(study: str, records: Sequence[RunRecord], asked: Mapping[str, str]) -> str:
    """Return a study's YAML; running it asks for the cells of these records and no others.

    `asked` maps cells to groups; of a group or a seed without any record nothing is known, so it
    is left out. Floor rows join every part by themselves. The first part is the base of the others,
    which therefore say where they keep a default that the base changes.
    """
    rows = _rows(records, asked)
    trained = {_songs(record, seed) for record, seed, _ in rows if not _is_floor(record)}
    parts = [
        _part(record, seed, repetitions)
        for record, seed, repetitions in rows
        if not _is_floor(record) or _songs(record, seed) not in trained
    ]
    parts = _joined(_joined(parts, "models", "lengths"), "lengths", "models")
    parts.sort(key=lambda part: len(part.settings))
    base, others = parts[0], parts[1:]
    written = {"name": study.replace(" ", "-"), **_keys(base)}
    if others:
        written["also"] = [_against(base, part) for part in others]
    text: str = yaml.safe_dump(written, sort_keys=False, default_flow_style=None, width=88)
    return text


def _rows(
    records: Sequence[RunRecord], asked: Mapping[str, str]
) -> list[tuple[RunRecord, int, int]]:
    """Return a record of every group, a base seed and the repetitions asked for with it.

    The repetitions of a seed are counted from 1, so the last one recorded or asked for tells them.
    """
    groups = {record.group: record for record in records}
    last: dict[tuple[str, int], int] = defaultdict(int)
    for record in records:
        place = record.group, record.base_seed
        last[place] = max(last[place], record.repetition)
    seeds = sorted({record.base_seed for record in records})
    rows = []
    for group, record in groups.items():
        for seed in seeds:
            repetitions = last.get((group, seed), 0)
            while _key(record, seed, repetitions + 1) in asked:
                repetitions += 1
            if repetitions:
                rows.append((record, seed, repetitions))
    return rows


def _key(record: RunRecord, seed: int, repetition: int) -> str:
    """Return the digest of the cell that differs from a record's in seed and repetition only."""
    return digest_of(vars(record) | {"base_seed": seed, "repetition": repetition}, DECIDING)


def _songs(record: RunRecord, seed: int) -> tuple[Any, ...]:
    """Return what decides the floor rows beside a row: songs, features, folds and seed."""
    folds = record.folds, record.folds_over
    return record.dataset, record.dataset_digest, record.features, *folds, seed


def _is_floor(record: RunRecord) -> bool:
    return record.model in MODELS and MODELS[record.model].is_floor


def _part(record: RunRecord, seed: int, repetitions: int) -> Part:
    named = {option: f"{_owner(option, record)}.{option}" for option in _used(record)}
    options = _usual_options(record) | record.dataset_options  # those left out are default
    dataset = {f"{record.dataset}.{key}": value for key, value in options.items()}
    changed = {named[option]: value for option, value in record.settings.items()}
    usual = {named[option]: value for option, value in _used(record).items()}
    return Part(
        shared={
            "dataset": record.dataset,
            "features": record.features,
            "repetitions": repetitions,
            "seed": seed,
        },
        settings=dict(sorted({**_changed_options(record), **changed}.items())),
        usual=usual | dataset,
        models=[record.model],
        lengths=[] if record.sequence_length is None else [record.sequence_length],
    )


def _used(record: RunRecord) -> dict[str, Any]:
    return {**record.config, **record.training, **record.protocol}


def _owner(option: str, record: RunRecord) -> str:
    """Return the name before an option's dot; no model has an option called as one of these."""
    owners = {"training": TrainingConfig, "protocol": ProtocolConfig}
    for name, config_class in owners.items():
        if option in {field.name for field in fields(config_class)}:
            return name
    return record.model


def _changed_options(record: RunRecord) -> dict[str, Any]:
    """Return the dataset's options that are not default, dotted; all where it is not known."""
    usual = _usual_options(record)
    return {
        f"{record.dataset}.{key}": value
        for key, value in record.dataset_options.items()
        if key not in usual or usual[key] != value
    }


def _usual_options(record: RunRecord) -> dict[str, Any]:
    """Return the default options of a record's dataset; none where it is not known."""
    entry = DATASETS.get(record.dataset)
    return defaults(entry.resolve(entry.options)) if entry else {}


def _joined(parts: list[Part], alike: str, joined: str) -> list[Part]:
    """Make one of parts that say the same and are alike in one list: the other is joined.

    What two records say alike, as of a model's two versions, is said once.
    """
    found: list[Part] = []
    for part in parts:
        for earlier in found:
            if all(
                getattr(earlier, key) == getattr(part, key) for key in ("shared", "settings", alike)
            ):
                both = [*getattr(earlier, joined), *getattr(part, joined)]
                setattr(earlier, joined, list(dict.fromkeys(both)))
                earlier.usual |= part.usual
                break
        else:
            found.append(part)
    return found


def _keys(part: Part) -> dict[str, Any]:
    lengths = {"sequence_lengths": part.lengths} if part.lengths else {}
    settings = {"set": part.settings} if part.settings else {}
    return {"models": part.models, **part.shared, **lengths, **settings}


def _against(base: Part, part: Part) -> dict[str, Any]:
    """Return the keys of a part that differ from its base's, from which it takes all others."""
    kept = {key: part.usual[key] for key in base.settings if key in part.usual}
    settings = {
        key: value
        for key, value in (kept | part.settings).items()
        if key not in base.settings or base.settings[key] != value
    }
    keys = {key: value for key, value in _keys(part).items() if key != "set"}
    own = {key: value for key, value in keys.items() if _keys(base).get(key) != value}
    return {"models": part.models, **own, **({"set": settings} if settings else {})}
