"""Names for people, folders and MLflow: short, readable, and the same for the same records.

A value that is long (a list of song ids) or that no file name can hold stays out of the name. The
first characters of the split's digest stand for it, and MLflow's parameters say it in full.
"""

import hashlib
import re

from benchmark.plan.config import as_text, defaults
from benchmark.record.record import RunRecord
from datasets.registry import DATASETS

SHORT = re.compile(r"[\w.,=+-]{1,32}")  # a value that may stand in a name
UNSAFE = re.compile(r"[^\w.,=+-]")
LONGEST = 120  # bytes; MLflow and figures add their own, and file names end at 255
DIGEST = 8  # characters


def short_name(*parts: str) -> str:
    """Join parts to a name that any file system and MLflow take; what it loses, a digest replaces.

    A name that is short and plain stays as it is.
    """
    whole = "-".join(part for part in parts if part)
    plain = UNSAFE.sub("_", whole)
    if plain == whole and len(whole.encode()) <= LONGEST and whole.strip("."):
        return whole
    digest = hashlib.sha256(whole.encode(errors="surrogatepass")).hexdigest()[:DIGEST]
    return f"{plain.encode()[:LONGEST].decode(errors='ignore')}-{digest}"


def folds_name(folds: int | None, folds_over: str) -> str:
    """Return what kind of evaluation it is: "" on evaluation songs, "10fold", "10fold-all"."""
    return f"{folds}fold{'-all' if folds_over == 'all' else ''}" if folds else ""


def experiment_name(record: RunRecord) -> str:
    """Return the experiment a record belongs to: dataset, its options, features, folds."""
    folds = folds_name(record.folds, record.folds_over)
    return short_name(record.dataset, *_options(record), record.features, folds)


def _options(record: RunRecord) -> list[str]:
    """Return the dataset's options: names and whole numbers always, others where not default.

    Those that are not short are left out, and the digest of the songs follows once.
    """
    entry = DATASETS.get(record.dataset)
    usual = defaults(entry.resolve(entry.options)) if entry else {}
    texts = [
        str(value) if is_name else f"{key}={as_text(value)}"
        for key, value in record.dataset_options.items()
        if (is_name := type(value) in (str, int)) or key not in usual or usual[key] != value
    ]
    short = [text for text in texts if SHORT.fullmatch(text)]
    return short if short == texts else [*short, record.dataset_digest[:DIGEST]]
