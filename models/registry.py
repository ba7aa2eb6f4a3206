"""All models, one row each: start here. Targets are text, so listing them imports no torch."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pkgutil import resolve_name
from typing import Any, Literal

from models.spaces import (
    BLSTM_SPACES,
    CONTEXT_SPACES,
    DIAGONAL_SPACES,
    ENSEMBLE_SPACES,
    GRU_SMALL_SPACES,
    RESERVOIR_SPACES,
    TCN_SPACES,
    TRANSFORMER_SPACES,
    TWO_PATHS_SPACES,
    Space,
    crnn_spaces,
)


@dataclass(frozen=True, kw_only=True)
class Variant:
    """Settings of a model that people call by name, as `crnn:keras1`."""

    summary: str
    settings: Mapping[str, Any]
    parameters: int | None = None  # as for the model itself; None: depends on the data


@dataclass(frozen=True, kw_only=True)
class ModelEntry:
    """One row: where a model lives and what the harness must know about it."""

    target: str | type  # "module:Class", imported on first use, or the class itself
    summary: str
    kind: Literal["network", "estimator"] = "network"
    parameters: int | None = None  # as torch builds the default from 260 features
    uses_sequence_length: bool = True  # False: one cell serves every sequence length
    uses_seed: bool = True  # False: repetitions would be identical, so one is run
    is_floor: bool = False  # shown in every table, whatever was asked for
    note: str = ""  # printed under tables that show the model
    variants: Mapping[str, Variant] = field(default_factory=dict)
    spaces: Mapping[str, Space] = field(default_factory=dict)  # for `search`; the first by default
    fused: str = ""  # "module:function" that gives a network faster CPU layers, the same numbers
    version: str = "1"  # raise it when the same settings, or none, would give other numbers

    def load(self) -> Any:
        """Import the model class; a missing optional package fails here, not at start-up."""
        return resolve_name(self.target) if isinstance(self.target, str) else self.target

    @property
    def config_class(self) -> type | None:
        """The class of the model's options; None for a model without any."""
        return getattr(self.load(), "Config", None)

    def build(self, n_features: int, config: Any = None) -> Any:
        """Build the model, unfitted, with a copy of its options, or with its default options."""
        kind, config_class = self.load(), self.config_class
        if self.kind == "estimator":
            from models.contract import with_defaults

            kind = with_defaults(kind)
        elif config_class is None:
            return kind(n_features=n_features)
        if config is None and config_class is not None:
            config = config_class()
        return kind(n_features=n_features, config=deepcopy(config))  # it may write into them


KERAS1 = Variant(
    summary="with the GRU, first weights and batch normalisation of Keras 1",
    settings={
        "gru": "keras1",
        "initialisation": "keras1",
        "batch_norm_momentum": 0.01,
        "batch_norm_epsilon": 1e-3,
    },
)


def _sized(parameters: int, **settings: Any) -> Variant:
    """Return a smaller or larger form of a compact model."""
    return Variant(
        summary=f"about {round(parameters, -3):,} parameters",
        settings=settings,
        parameters=parameters,
    )


MODELS: dict[str, ModelEntry] = {
    "crnn": ModelEntry(
        target="models.crnn:CRNN",
        summary="convolution, then one recurrent branch per target (Malik et al. 2017)",
        parameters=35_256,
        note="crnn: at 260 features 35,160 by the paper's arithmetic, 35,256 with the second bias"
        " of torch's GRU",
        variants={"keras1": replace(KERAS1, parameters=35_160)},
        spaces=crnn_spaces("crnn"),
        fused="models.fused.crnn:fuse",
    ),
    "crnn_nb": ModelEntry(
        target="models.crnn_nb:CRNNNB",
        summary="the CRNN without branches: one recurrent stack for both targets",
        parameters=17_744,
        note="crnn_nb: at 260 features 17,696 by the paper's arithmetic, 17,744 with the second"
        " bias of torch's GRU",
        variants={"keras1": replace(KERAS1, parameters=17_696)},
        spaces=crnn_spaces("crnn_nb"),
        fused="models.fused.crnn:fuse",
    ),
    "blstm": ModelEntry(
        target="models.blstm:BLSTM",
        summary="five bidirectional LSTM layers, 128 units per direction (Li et al. 2016)",
        parameters=1_980_930,
        note="blstm: at 260 features 1,975,553 with one bias per gate and one output, 1,980,930"
        " with torch's two biases and two outputs",
        spaces=BLSTM_SPACES,
    ),
    "blstm_ensemble": ModelEntry(
        target="models.blstm_ensemble:BLSTMEnsemble",
        summary="six BLSTMs at four time scales, fused by SVR and ANN (Li et al. 2016)",
        kind="estimator",
        parameters=11_885_580,
        uses_sequence_length=False,
        note="blstm_ensemble: networks, support-vector coefficients and ANN weights together;"
        " `list` shows the six networks alone, as the fusion's size depends on the data",
        variants={
            "svr": Variant(summary="fused by the SVR alone", settings={"fusion": ("svr",)}),
            "ann": Variant(summary="fused by the ANN alone", settings={"fusion": ("ann",)}),
            "elm": Variant(
                summary="fused by an extreme learning machine, as the best entry of 2015",
                settings={"fusion": ("elm",)},
            ),
            "mean": Variant(
                summary="the plain mean of the six members",
                settings={"fusion": ("mean",)},
                parameters=11_885_580,
            ),
            "best": Variant(
                summary="the member that improves most on a constant on songs it never saw",
                settings={"fusion": ("best",)},
                parameters=1_980_930,
            ),
            "scratch": Variant(
                summary="without pre-trained layers", settings={"pretraining": "none"}
            ),
            "autoencoder": Variant(
                summary="first layers pre-trained as an autoencoder",
                settings={"pretraining": "autoencoder"},
            ),
        },
        spaces=ENSEMBLE_SPACES,
        version="2",
    ),
    "gru_small": ModelEntry(
        target="models.gru_small:GRUSmall",
        summary="16 combinations of the features, then one GRU (Cho et al. 2014)",
        parameters=5_458,
        variants={
            "3k": _sized(2_987, columns=9, units=6),
            "10k": _sized(9_648, columns=22, units=16),
        },
        spaces=GRU_SMALL_SPACES,
    ),
    "diagonal": ModelEntry(
        target="models.diagonal:Diagonal",
        summary="linear recurrence of independent complex channels (Orvieto et al. 2023)",
        parameters=5_838,
        variants={
            "3k": _sized(3_050, columns=8, channels=8),
            "10k": _sized(9_518, columns=20, channels=14),
            "fixed": Variant(
                summary="poles not trained", settings={"poles": "fixed"}, parameters=5_774
            ),
        },
        spaces=DIAGONAL_SPACES,
    ),
    "tcn": ModelEntry(
        target="models.tcn:TCN",
        summary="separable convolutions that reach 60 s (Bai et al. 2018)",
        parameters=5_938,
        variants={"3k": _sized(3_089, columns=9), "10k": _sized(9_674, columns=24)},
        spaces=TCN_SPACES,
    ),
    "two_paths": ModelEntry(
        target="models.two_paths:TwoPaths",
        summary="level by running means, changes by near frames (after Feichtenhofer et al. 2019)",
        parameters=5_872,
        variants={
            "3k": _sized(2_993, columns=9, units=8),
            "10k": _sized(9_804, columns=22, units=24),
        },
        spaces=TWO_PATHS_SPACES,
    ),
    "transformer": ModelEntry(
        target="models.transformer:Transformer",
        summary="self-attention that fades with distance (Vaswani et al. 2017, Press et al. 2022)",
        parameters=6_202,
        variants={
            "3k": _sized(2_858, columns=8),
            "10k": _sized(9_746, layers=2, hidden=48),
        },
        spaces=TRANSFORMER_SPACES,
    ),
    "reservoir": ModelEntry(
        target="models.reservoir:Reservoir",
        summary="random memories, never trained, and ridge regression on them (Jaeger 2001)",
        kind="estimator",
        parameters=3_002,
        uses_sequence_length=False,
        note="reservoir: learned weights; random ones, 260 for every state, are not counted",
        variants={"6k": _sized(6_002, states=2_740), "10k": _sized(9_982, states=4_730)},
        spaces=RESERVOIR_SPACES,
    ),
    "constant": ModelEntry(
        target="models.baselines:Constant",
        summary="the development mean at every frame: a floor to beat",
        kind="estimator",
        parameters=2,
        uses_sequence_length=False,
        uses_seed=False,
        is_floor=True,
    ),
    "linear": ModelEntry(
        target="models.baselines:Linear",
        summary="ridge regression on single frames: a floor to beat",
        kind="estimator",
        parameters=522,
        uses_sequence_length=False,
        uses_seed=False,
        is_floor=True,
    ),
    "context": ModelEntry(
        target="models.context:Context",
        summary="ridge regression on frames and running means of 5 s and 20 s: a floor with memory",
        kind="estimator",
        parameters=1_562,
        uses_sequence_length=False,
        uses_seed=False,
        is_floor=True,
        variants={
            "so_far": Variant(
                summary="with mean and deviation since the first frame",
                settings={"so_far": "both"},
                parameters=2_602,
            ),
            "smooth": Variant(
                summary="its predictions smoothed",
                settings={"smoothing": (0.0, 1.0, 2.0, 5.0, 10.0)},
                parameters=1_564,
            ),
        },
        spaces=CONTEXT_SPACES,
    ),
}


def split_name(name: str) -> tuple[str, str]:
    """Return the model and the variant of a name such as `crnn:keras1`; "" for none."""
    model, _, variant = name.partition(":")
    return model, variant


def all_names() -> list[str]:
    """Return every name that `--models` takes: models, each followed by its variants."""
    return [
        name
        for model, row in MODELS.items()
        for name in (model, *(f"{model}:{variant}" for variant in row.variants))
    ]
