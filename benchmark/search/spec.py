"""What a search is: a model, its space, the songs it is scored on, and how it is run."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from statistics import median_low
from typing import Annotated, Any, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as checked

from benchmark.errors import ConfigError
from benchmark.plan.cell import HARNESS, Cell
from benchmark.plan.classes import config_of
from benchmark.plan.config import StudyConfig, TrainingConfig, plain, resolve
from benchmark.plan.expand import dataset_of, expand
from benchmark.plan.protocol import ProtocolConfig
from benchmark.plan.studies import checked_study
from benchmark.search.space import as_setting, described, probes, space_of, suggest, without
from datasets.contract import Split
from models.registry import MODELS, split_name
from models.spaces import SEQUENCE_LENGTH, Space

Count = Annotated[int, Field(ge=1)]
Sampler = Literal["tpe", "random", "grid", "nsga2"]
Pruner = Literal["median", "hyperband", "none"]
FOLDS = "protocol.folds"
OPENING = ("protocol.selection", "protocol.fold_over", FOLDS)  # settings that decide what is seen


@checked(frozen=True)
class SearchConfig:
    """The options of `search`; those above the line decide what a trial's value means."""

    model: str
    space: str | None = None  # None: the model's first
    name: Annotated[str, Field(pattern=r"^\w[\w.-]*$", max_length=100)] | None = None
    dataset: str = "synthetic"
    features: str | None = None
    sequence_length: Count | None = None  # None: searched over, or what the songs allow
    folds: Annotated[int, Field(ge=2)] = 5
    seed: Annotated[int, Field(ge=0)] = 2017
    set: dict[str, Any] = field(default_factory=dict)
    # ---
    trials: Count = 50  # in total, however often the search is resumed
    sampler: Sampler = "tpe"
    pruner: Pruner = "median"
    max_parameters: Count | None = None
    timeout: float | None = None  # seconds after which no trial begins
    finalists: Annotated[int, Field(ge=0)] = 3
    repetitions: Count = 5  # of every finalist


@dataclass(frozen=True)
class Search:
    """A checked search: everything a worker needs to suggest a trial and make a cell of it."""

    config: SearchConfig
    space_name: str
    space: Space  # what is left to search over
    base: StudyConfig  # the study of one trial, but for what the trial draws

    @property
    def model(self) -> str:
        """Return the model without its variant."""
        return split_name(self.config.model)[0]

    @cached_property
    def name(self) -> str:
        """Return the name people resume it by."""
        parts = (
            self.config.model.replace(":", "-"),
            self.space_name,
            self.base.dataset,
            self.features,
        )
        return self.config.name or "-".join(parts)

    @property
    def features(self) -> str:
        """Return the feature set."""
        return dataset_of(self.base)[2]

    @property
    def is_two_objective(self) -> bool:
        """Tell whether parameters are minimised beside the error."""
        return self.config.sampler == "nsga2"

    @cached_property
    def known(self) -> dict[str, Any]:
        """Return every setting's value where no trial changes it: what was set, else default."""
        return _dotted(self.base)

    @cached_property
    def defaults(self) -> dict[str, Any]:
        """Return every setting's value where nothing was set."""
        return _dotted(replace(self.base, set={}))

    def for_songs(self, split: Split) -> "Search":
        """Return the search with sequences no longer than half of the development songs.

        That is where neither the command line nor the space says how long they are.
        """
        is_given = self.config.sequence_length is not None or SEQUENCE_LENGTH in self.space
        if is_given or not MODELS[self.model].uses_sequence_length:
            return self
        usual = median_low(song.n_frames for song in split.development)
        length = min(self.base.sequence_lengths[0], usual)
        return replace(self, base=replace(self.base, sequence_lengths=(length,)))

    def suggest(self, trial: Any) -> dict[str, Any]:
        """Draw a trial's values."""
        return suggest(trial, self.space, self.known)

    def study(self, values: Mapping[str, Any], name: str, repetitions: int = 1) -> StudyConfig:
        """Return the study that trains these values on development songs."""
        settings = {
            key: as_setting(value) for key, value in values.items() if key != SEQUENCE_LENGTH
        }
        lengths = (values.get(SEQUENCE_LENGTH, self.base.sequence_lengths[0]),)
        return replace(
            self.base,
            name=name,
            sequence_lengths=lengths,
            repetitions=repetitions,
            set=self.base.set | settings,
        )

    def cell(self, values: Mapping[str, Any], digest: str) -> Cell:
        """Return the cell of a trial."""
        return expand(self.study(values, self.name), digest)[-1]

    def identity(self, digest: str) -> dict[str, Any]:
        """Return what must be the same when the search is resumed, JSON-ready.

        A protocol is named where it is not the default, so that searches from before it was
        named stay the same.
        """
        row = MODELS[self.model]
        return {
            "model": self.config.model,
            "model version": row.version,
            "harness": HARNESS,
            "objectives": ["rmse_average", "parameters"][: 1 + self.is_two_objective],
            "space": described(self.space),
            "dataset": self.base.dataset,
            "dataset digest": digest,
            "features": self.features,
            "folds": self.config.folds,
            "seed": self.config.seed,
            "settings": {
                key: value
                for key, value in sorted(self.known.items())
                if key not in self.space
                and key not in OPENING
                and not (key.startswith("protocol.") and value == self.defaults[key])
            },
        }


def checked_search(config: SearchConfig) -> Search:
    """Check a search: names exist, nothing leaks, and no suggestion can be impossible."""
    model, _ = split_name(config.model)
    space_name, space = space_of(model, config.space)
    for key in config.set:
        if key in OPENING:
            raise ConfigError(
                f"{key} cannot be set in a search: trials are scored on held-out development"
                " songs, never on evaluation songs. Use --folds for the number of folds."
            )
    written: dict[str, Any] = {
        "name": config.name or "search",
        "models": (config.model,),
        "dataset": config.dataset,
        "features": config.features,
        "repetitions": 1,
        "seed": config.seed,
        "set": dict(config.set) | {FOLDS: config.folds},
    }
    pinned = dict(config.set)
    if config.sequence_length is not None:
        if not MODELS[model].uses_sequence_length:
            raise ConfigError(f"Model '{model}' takes no --sequence-length.")
        written["sequence_lengths"] = (config.sequence_length,)
        pinned[SEQUENCE_LENGTH] = config.sequence_length
    base = checked_study(written, f"search {config.model}")
    search = Search(config, space_name, without(space, pinned), base)
    _refuse_impossible(search)
    return search


def _refuse_impossible(search: Search) -> None:
    """Build the configuration of many members of the space: each must be possible."""
    for values in probes(search.space, search.known):
        for name in values:
            is_known = name in search.known and not name.startswith("protocol.")
            if name != SEQUENCE_LENGTH and not is_known:
                raise ConfigError(f"Space '{search.space_name}' names '{name}', which no one has.")
        study = search.study(values, "probe")
        try:
            _dotted(study)
        except ConfigError as error:
            raise ConfigError(
                f"Space '{search.space_name}' of {search.config.model} allows what its"
                f" configuration refuses: {error} Correct the space."
            ) from error


def _dotted(study: StudyConfig) -> dict[str, Any]:
    """Return every setting of the study's model, of training, the protocol and the dataset."""
    model, variant = split_name(study.models[0])
    row, (entry, options, _) = MODELS[model], dataset_of(study)
    named = row.variants[variant].settings if variant else {}
    owners = {
        model: resolve(study, model, config_of(model), named),
        "training": resolve(study, "training", TrainingConfig),
        "protocol": resolve(study, "protocol", ProtocolConfig),
        study.dataset: options if entry.options else None,
    }
    return {
        f"{owner}.{key}": value
        for owner, config in owners.items()
        for key, value in plain(config).items()
    } | {SEQUENCE_LENGTH: study.sequence_lengths[0]}
