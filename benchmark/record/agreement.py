"""Whether a record agrees with itself, with the name of its file and with its neighbours.

The types of a record are checked where it is read. Here its digests are computed again, so that
no name of a cell becomes a path or a row of a table unless it is that of the settings beside it.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from math import isfinite
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from benchmark.errors import ResultsError
from benchmark.evaluate.registry import METRICS, RANKED_BY, metric_of, names_of
from benchmark.files import content_of
from benchmark.plan.cell import DECIDING, DECIDING_GROUP, digest_of, name_of
from benchmark.record.reading import AGAIN, adapter_of, hidden_characters, reason_of
from benchmark.record.record import SCHEMA, RunRecord
from benchmark.record.shapes import PerSong
from datasets.contract import TARGETS
from datasets.names import flaw_of_file_name

DIGEST_CHARACTERS = 12  # of the cell digest in file names
SCORES = names_of(RANKED_BY)  # of every finished cell
PER_SONG = ("song_id", "n_frames", *(f"{RANKED_BY}_{target}" for target in TARGETS))
TYPED = frozenset(PerSong.__annotations__)  # were checked when the record was read


def checked_record(path: Path) -> RunRecord:
    """Read one record; one that is damaged, changed, renamed or of another version is named."""
    try:
        content = content_of(path)
    except OSError as error:
        raise ResultsError(f"Record {path} cannot be read: {error.strerror}. {AGAIN}") from error
    record = parsed_record(content, str(path))
    folder, name = folder_of(record), stem_of(record) + ".json"
    if path.name != name or path.parent.name != folder:
        raise ResultsError(
            f"Record {path} is not in its place, which is {folder}/{name}. Rename it back, or"
            " remove it and run again."
        )
    return record


def parsed_record(content: bytes, path: str) -> RunRecord:
    """Return a file's content as a record that agrees with itself."""
    try:
        record: RunRecord = adapter_of(RunRecord).validate_json(content)
    except ValidationError as error:
        raise ResultsError(_damage(path, content, error)) from error
    flaw = _schema_flaw(record.schema) or flaw_of(record)
    if not flaw and (hidden := hidden_characters(content, record)):
        flaw = f"{hidden}. {AGAIN}"
    if flaw:
        raise ResultsError(f"Record {path} {flaw}")
    return record


def folder_of(record: Any) -> str:
    """Return the folder of a cell or record: dataset and features."""
    return f"{record.dataset}-{record.features}"


def stem_of(record: RunRecord) -> str:
    """Return the name of a record's files, without the ending."""
    return f"{record.name}-{record.cell[:DIGEST_CHARACTERS]}"


def flaw_of(record: RunRecord) -> str:
    """Return what in a record contradicts the rest of it, and what to do; "" if nothing does."""
    values = vars(record)
    digests = digest_of(values, DECIDING), digest_of(values, DECIDING_GROUP)
    if (record.cell, record.group) != digests:
        return (
            f"was changed: its settings have digest {digests[0][:DIGEST_CHARACTERS]} and group"
            f" {digests[1][:DIGEST_CHARACTERS]}, it says {record.cell[:DIGEST_CHARACTERS]} and"
            f" {record.group[:DIGEST_CHARACTERS]}. {AGAIN}"
        )
    name = name_of(record.model, record.sequence_length, record.repetition)
    if record.name != name:
        return f"calls itself {record.name!a}, and its cell is called {name!a}. {AGAIN}"
    for part in (record.name, folder_of(record)):
        if flaw := _name_flaw(part):
            return f"has {part!a} for a name, which {flaw}. {AGAIN}"
    wholes = record.config, record.training, record.protocol
    for key, value in record.settings.items():
        if not any(key in whole and whole[key] == value for whole in wholes):
            return f"sets {key!a} in its settings, and not in what they are part of. {AGAIN}"
    if not record.circumstances:
        return f"is incomplete: it has no 'circumstances'. {AGAIN}"
    return _value_flaw(record) or (_result_flaw(record) if record.status == "done" else "")


def _schema_flaw(schema: Any) -> str:
    if schema == SCHEMA:
        return ""
    return (
        f"has schema {schema!a:.20}, this version reads {SCHEMA}. Use the version that wrote it, or"
        " another --results folder."
    )


def _value_flaw(record: RunRecord) -> str:
    """Return which value cannot be: an error below 0, a curve that misses epochs."""
    parts, references = record.components.values(), record.references.values()
    for scores in (record.scores, record.training_scores, *parts, *references):
        for name, value in scores.items():
            if value is not None and value < 0 and _is_error(name):
                return f"is damaged: {name!a} is {value}, and no error is below 0. {AGAIN}"
    for network, curve in record.curves.items():
        n_epochs, n_errors = len(curve["training_loss"]), len(curve["validation_rmse"])
        if n_errors not in (0, n_epochs) or curve["best_epoch"] > n_epochs:
            return (
                f"is damaged: the curves of {network!a} have {n_epochs} epochs, {n_errors}"
                f" validation errors, the best of epoch {curve['best_epoch']}. {AGAIN}"
            )
    return ""


def _result_flaw(record: RunRecord) -> str:
    for name in SCORES:
        if record.scores.get(name) is None:
            return f"is incomplete: status is done, and there is no score {name!a}. {AGAIN}"
    songs = record.per_song
    n_songs = len(songs.get("song_id", ()))
    for name in PER_SONG:
        if not songs.get(name):
            return f"is incomplete: status is done, and there is no {name!a} of songs. {AGAIN}"
    for name, values in songs.items():
        if not isinstance(values, list) or len(values) != n_songs:
            return f"is damaged: {name!a} has not one value for each of {n_songs} songs. {AGAIN}"
        if name not in TYPED and not all(map(_is_score, values)):
            return f"is damaged: {name!a} holds what is no finite number. {AGAIN}"
    if len(set(songs["song_id"])) != n_songs:
        return f"is damaged: it names a song twice. {AGAIN}"
    if not min(songs["n_frames"]):
        return f"is damaged: a song has no frames. {AGAIN}"
    if not record.parameters:
        return f"is incomplete: status is done, and there are no 'parameters'. {AGAIN}"
    if "train_seconds" not in record.circumstances:
        return f"is incomplete: status is done, and there are no 'train_seconds'. {AGAIN}"
    return ""


def _is_error(score: str) -> bool:
    """Tell whether a score is of a metric of ours whose best value is 0."""
    metric = METRICS.get(metric_of(score))
    return metric is not None and metric.is_ours and metric.better == "lower"


def _is_score(value: Any) -> bool:
    """Tell whether a song's score of a metric of a user's own can be one."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value is None or (is_number and isfinite(value))


def _damage(path: str, content: bytes, error: ValidationError) -> str:
    """Return what is wrong with a record that has another form."""
    try:
        values = from_json(content)
    except ValueError:
        values = {}
    if isinstance(values, dict) and "schema" in values and (flaw := _schema_flaw(values["schema"])):
        return f"Record {path} {flaw}"
    return f"Record {path} is damaged: {reason_of(error)}. {AGAIN}"


@lru_cache(maxsize=10_000)
def _name_flaw(name: str) -> str:
    return flaw_of_file_name(name)


def check_together(records: Iterable[RunRecord], path_of: Callable[[RunRecord], Path]) -> None:
    """Refuse finished records of the same songs that name other songs, and groups of other parts.

    Tables pair the songs of rows, and average parts over repetitions. `path_of` says where a
    record lies.
    """
    firsts: dict[tuple[Any, ...], RunRecord] = {}
    for record in records:
        if record.status != "done":
            continue
        keys = (record.dataset_digest, record.folds, record.folds_over), (record.group,)
        for key, agree in zip(keys, (_same_songs, _same_parts), strict=True):
            first = firsts.setdefault(key, record)
            if first is not record and not agree(first, record):
                raise ResultsError(
                    f"Records {path_of(first)} and {path_of(record)} are of the same dataset"
                    " and name other songs, frames, families or components. Remove the wrong one"
                    " and run again."
                )


def _same_songs(first: RunRecord, other: RunRecord) -> bool:
    """Tell whether two records name the same songs, with their frames and families."""
    songs, others = first.per_song, other.per_song
    names: Sequence[str] = ("song_id", "n_frames", "family")
    return all(songs.get(name) == others.get(name) for name in names)


def _same_parts(first: RunRecord, other: RunRecord) -> bool:
    return first.components.keys() == other.components.keys()
