"""Extract many recordings: each decoded once for all feature sets, on all cores, resumable."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Literal

from datasets import midi
from datasets.audio import SAMPLING_RATE, read_samples
from datasets.contract import DatasetError
from datasets.features.cache import (
    audio_digest,
    checked,
    kept_file,
    made_with,
    read_extracted,
    write_rows,
)
from datasets.features.registry import Extractor, extractor_for

QUEUED_PER_WORKER = 4  # enough to keep workers busy, few enough to keep memory flat


@dataclass(frozen=True)
class Heard:
    """What became of one recording; `error` is the line that says what is wrong with it."""

    audio: Path
    status: Literal["extracted", "kept", "damaged"]
    seconds: float = 0.0  # of sound
    error: str = ""


def extract_all(
    data_root: Path,
    audio: Sequence[Path],
    features: Sequence[str],
    n_workers: int | None = None,
    on_heard: Callable[[Heard], None] = lambda heard: None,
    kept_in: str = "",
    begin: Callable[[], None] | None = None,
) -> list[Heard]:
    """Extract what is not kept yet; a damaged recording is reported and left out.

    `kept_in` is the folder of the dataset among the extracted files, "" for DEAM. `begin` is
    called in every process first, to know feature sets of a user's own.

    Raises what is nobody's recording's fault: a missing package, a disk without space.
    """
    for name in features:
        extractor_for(name).prepare()
    if any(midi.is_midi(path) for path in audio):
        midi.prepare()
    n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    workers = min(n_workers or n_cores or 1, max(1, len(audio)))
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=begin)
    outcome = []
    try:
        for recording in _in_turn(pool, data_root, audio, tuple(features), workers, kept_in):
            outcome.append(recording)
            on_heard(recording)
        pool.shutdown()
    except BrokenProcessPool as error:
        raise DatasetError(
            "A process that extracts features was killed, perhaps for want of memory. What is"
            " extracted is kept: run the same command again, with --workers 1 if it happens again."
        ) from error
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    return outcome


def _in_turn(
    pool: ProcessPoolExecutor,
    data_root: Path,
    audio: Sequence[Path],
    features: tuple[str, ...],
    workers: int,
    kept_in: str,
) -> Iterator[Heard]:
    """Yield results as they come, with only a few recordings queued at a time."""
    todo = iter(audio)
    running: set[Future[Heard]] = set()
    while True:
        room = workers * QUEUED_PER_WORKER - len(running)
        running |= {
            pool.submit(hear, data_root, path, features, kept_in) for path in islice(todo, room)
        }
        if not running:
            return
        done, running = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            yield future.result()


def hear(data_root: Path, audio: Path, features: tuple[str, ...], kept_in: str = "") -> Heard:
    """Extract one recording's missing feature sets from one decoding."""
    try:
        digest = audio_digest(audio)
        kept = {
            extractor: kept_file(data_root, str(Path(kept_in, audio.stem)), extractor)
            for extractor in map(_extractor, features)
        }
        missing = [each for each in kept if not _is_current(kept[each], audio, digest, each)]
        if not missing:
            return Heard(audio, "kept")
        samples = read_samples(audio)
        if audio_digest(audio) != digest:
            raise DatasetError(f"Audio {audio} changed while it was read; extract it again.")
        made = {each: checked(audio, each, each.extract(samples)) for each in missing}
    except DatasetError as error:
        return Heard(audio, "damaged", error=str(error))
    except OSError as error:
        return Heard(audio, "damaged", error=f"Audio {audio} cannot be read ({error.strerror}).")
    for extractor, rows_NF in made.items():
        libraries = made_with(audio, extractor)
        write_rows(kept[extractor], rows_NF, digest, extractor, libraries)
    return Heard(audio, "extracted", len(samples) / SAMPLING_RATE)


@lru_cache
def _extractor(name: str) -> Extractor:
    """Set an extractor up once per process."""
    return extractor_for(name)


def _is_current(kept: Path, audio: Path, digest: str, extractor: Extractor) -> bool:
    """Tell whether a kept file is whole, made from this very audio and by what is installed.

    So the command makes alike what different programs made, which `made_alike` refuses.
    """
    try:
        file = read_extracted(kept, extractor)
    except DatasetError:
        return False
    return (file.audio_sha256, file.libraries) == (digest, made_with(audio, extractor))
