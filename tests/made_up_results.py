"""Results folders made by hand, as a page finds them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.record.annotations import keep_annotations
from benchmark.record.places import write_whole
from benchmark.record.record import RunRecord
from benchmark.record.store import Plan, _file_name, write_record
from benchmark.report.answer import answer_from_records
from benchmark.report.page.write import Tracked, write_page
from benchmark.report.write import write_answer
from datasets.contract import Song, Split
from datasets.raters import Raters
from tests.conftest import make_split
from tests.made_up_records import make_record

HOSTILE_MODEL = '<img src=x onerror="hacked=1">&amp;'
HOSTILE_ERROR = "ValueError: </script><script>hacked=1</script> <b>bold</b> %{x}"
PER_SONG = {
    "song_id": ["e0", "e1", "e2"], "n_frames": [7, 20, 33],
    "rmse_valence": [0.3, 0.2, 0.4], "rmse_arousal": [0.2, 0.1, 0.2],
}  # fmt: skip
SPLIT = make_split(lengths=(7, 20, 33))


def rated(song: Song) -> Song:
    """Return a song with three raters, in hundredths: one falls, one leaps, one rests."""
    n = song.n_frames
    lines_RT = [np.linspace(0.9, -0.9, n), np.where(np.arange(n) % 2, 1.0, -1.0), np.full(n, 0.05)]
    curves_RT2 = np.stack([lines_RT, np.negative(lines_RT)], axis=2)
    return replace(song, raters=Raters(np.round(curves_RT2, 2).astype(np.float32)))


RATED = Split(tuple(map(rated, SPLIT.development)), tuple(map(rated, SPLIT.evaluation)))
PREDICTED = {1: 0.1, 2: 0.4}  # repetition -> what it predicts at every frame
SHORT_PREDICTS_MORE = 0.05  # by the rows of length 10, so that their curves are others
WRONG = {"scores": {}, "training_scores": {}, "per_song": {}, "parameters": {}, "curves": {}}


def records():
    """Return two lengths of a model, a floor row, a hostile name and what can go wrong."""
    done = [
        make_record(
            sequence_length=length,
            repetition=repetition,
            scores=scores_of(shift + 0.01 * repetition),
            per_song=PER_SONG,
        )
        for length, shift in ((60, 0.0), (10, 0.02))
        for repetition in (1, 2)
    ]
    done += [make_record(model="constant", sequence_length=None, scores=scores_of(0.1), curves={})]
    done += [make_record(model=HOSTILE_MODEL, parameters={"networks": 500}, scores=scores_of(0.05))]
    failed = make_record(model="crnn_nb", status="failed", error=HOSTILE_ERROR, **WRONG)
    diverged = make_record(
        model="crnn_nb", repetition=2, status="diverged", error="loss inf in epoch 3", **WRONG
    )
    return [*done, failed, diverged]


def scores_of(shift: float) -> dict[str, float]:
    """Return scores that lie `shift` above those of `make_record`."""
    return {name: value + shift for name, value in make_record().scores.items()}


def write_results(folder: Path, *, has_curves: bool = True, split: Split = SPLIT) -> Path:
    """Write records, a plan that asks for one cell more, predictions and annotations."""
    made = records()
    for record in made:
        is_done = has_curves and record.status == "done"
        write_record(folder, record, predictions_of(record) if is_done else {})
    groups = {record.cell: record.group for record in made}
    write_groups(folder, "mine", groups | {"f" * 64: made[-1].group})
    if has_curves:
        keep_annotations(folder, "tiny", made[0].dataset_digest, split)
    return folder


def predictions_of(record: RunRecord) -> dict[str, NDArray[np.float32]]:
    """Return what a record predicts: one value at every frame of every song."""
    shift = SHORT_PREDICTS_MORE if record.sequence_length == 10 else 0
    level = PREDICTED[record.repetition] + shift
    return {
        song.song_id: np.full((song.n_frames, 2), level, np.float32) for song in SPLIT.evaluation
    }


def write_groups(folder: Path, study: str, groups: dict[str, str]) -> None:
    """Write the plan of a study that asked for these cells, each of its group."""
    asked = Plan(study, groups)
    content = json.dumps({"study": study, "groups": groups}).encode()
    write_whole(folder / "plans" / _file_name(asked), content)


def write_mine(folder: Path, **options: Any) -> Path:
    """Write the results and their page, figures drawn."""
    write_results(folder, **options)
    answer = answer_from_records(folder, "mine")
    write_answer(answer, folder)
    group = make_record().group
    return write_page(answer, folder, {group: Tracked("crnn-L60", "http://127.0.0.1:5000/#/x")})


def write_unfinished_beside(folder: Path) -> Path:
    """Write the results with a second dataset, none of whose cells finished, and their page."""
    write_results(folder)
    failed = make_record(
        dataset="other", dataset_digest="e" * 64, status="failed", error="no memory",
        **WRONG,
    )  # fmt: skip
    write_record(folder, failed, {})
    write_groups(folder, "mine", {failed.cell: failed.group})
    return write_page(answer_from_records(folder, "mine"), folder, {})
