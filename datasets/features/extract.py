"""Extract many recordings: each decoded once for all feature sets, on all cores, resumable."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import starmap
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


@dataclass(frozen=True)
class Extraction:
    """What became of one recording; `error` is the line that says what is wrong with it."""

    audio: Path
    status: Literal["extracted", "kept", "damaged"]
    seconds: float = 0.0  # of sound
    error: str = ""


OnExtraction = Callable[[Extraction], object]
Share = Callable[
    [Callable[..., Extraction], Iterable[tuple[object, ...]], OnExtraction], list[Extraction]
]


def one_by_one(
    function: Callable[..., Extraction],
    calls: Iterable[tuple[object, ...]],
    on_extraction: OnExtraction,
) -> list[Extraction]:
    """Call a function in this process, once for each tuple of arguments."""
    outcome = []
    for extraction in starmap(function, calls):
        outcome.append(extraction)
        on_extraction(extraction)
    return outcome


def extract_all(
    data_root: Path,
    audio: Sequence[Path],
    features: Sequence[str],
    on_extraction: OnExtraction = lambda extraction: None,
    *,
    kept_in: str = "",
    share: Share = one_by_one,
) -> list[Extraction]:
    """Extract what is not kept yet; a damaged recording is reported and left out.

    `kept_in` is the folder of the dataset among the extracted files, "" for DEAM. `share` calls
    a function for many arguments, here or in processes that know the feature sets, and tells of
    each result.

    Raises what is nobody's recording's fault: a missing package, a disk without space.
    """
    for name in features:
        extractor_for(name).prepare()
    if any(midi.is_midi(path) for path in audio):
        midi.prepare()
    calls = ((data_root, path, tuple(features), kept_in) for path in audio)
    return share(extract_one, calls, on_extraction)


def extract_one(
    data_root: Path, audio: Path, features: tuple[str, ...], kept_in: str = ""
) -> Extraction:
    """Extract one recording's missing feature sets from one decoding."""
    try:
        digest = audio_digest(audio)
        kept = {
            extractor: kept_file(data_root, str(Path(kept_in, audio.stem)), extractor)
            for extractor in map(_extractor, features)
        }
        missing = [each for each in kept if not _is_current(kept[each], audio, digest, each)]
        if not missing:
            return Extraction(audio, "kept")
        samples = read_samples(audio)
        if audio_digest(audio) != digest:
            raise DatasetError(f"Audio {audio} changed while it was read; extract it again.")
        made = {each: checked(audio, each, each.extract(samples)) for each in missing}
    except DatasetError as error:
        return Extraction(audio, "damaged", error=str(error))
    except OSError as error:
        return Extraction(
            audio, "damaged", error=f"Audio {audio} cannot be read ({error.strerror})."
        )
    for extractor, rows_NF in made.items():
        libraries = made_with(audio, extractor)
        write_rows(kept[extractor], rows_NF, digest, extractor, libraries)
    return Extraction(audio, "extracted", len(samples) / SAMPLING_RATE)


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
