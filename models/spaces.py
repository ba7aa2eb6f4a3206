"""Search spaces: which values of its settings a model is searched over. Data, no behaviour.

A space maps dotted settings, and `sequence_length`, to domains. Names as in a study's `set`.

`paper`  the grid that Malik et al. 2017 print for their network, section 3.3
`wide`   what a practitioner would search today; of compact models, 10,000 parameters at most
         at 260 features
"""

from collections.abc import Mapping
from dataclasses import dataclass

Value = bool | int | float | str | tuple[str, ...] | tuple[float, ...]


@dataclass(frozen=True)
class Choice:
    """One of the listed values, in no order."""

    values: tuple[Value, ...]


@dataclass(frozen=True)
class Integer:
    """A whole number from `low` to `high`, both included."""

    low: int
    high: int
    is_log: bool = False


@dataclass(frozen=True)
class Real:
    """A number from `low` to `high`, both included."""

    low: float
    high: float
    is_log: bool = False


@dataclass(frozen=True)
class Switched:
    """Either the value `off`, or one from a domain that does not hold it, as 0 on a log scale."""

    off: float
    domain: Real


@dataclass(frozen=True)
class OnlyIf:
    """Asked only where another setting, asked before, has one of these values."""

    setting: str
    values: tuple[Value, ...]
    domain: Choice | Integer | Real


Domain = Choice | Integer | Real | Switched | OnlyIf
Space = Mapping[str, Domain]

SEQUENCE_LENGTH = "sequence_length"
LENGTHS = Choice((10, 20, 30, 60))  # frames; 5 s to 30 s
LONG = Choice((20, 60, 120, 240))  # for models whose memory is long; 10 s to 2 min
LAYERS, UNITS = Choice((1, 2, 3)), Choice((4, 8, 16, 32))
BOTH = Choice((True, False))
PENALTIES = Choice((1.0, 0.1, 0.01, 0.001, 0.0001))
LEARNING_RATES = Real(1e-4, 1e-2, is_log=True)


def crnn_spaces(model: str) -> dict[str, Space]:
    """Return the spaces of the CRNN under the name of one of its forms."""
    paper: dict[str, Domain] = {
        f"{model}.conv_layers": LAYERS,
        f"{model}.dense_layers": LAYERS,
        f"{model}.gru_layers": LAYERS,
        f"{model}.channels": UNITS,
        f"{model}.dense_units": UNITS,
        f"{model}.gru_units": UNITS,
        f"{model}.dropout": Choice((0.25, 0.5, 0.75)),
        f"{model}.l1": PENALTIES,
        f"{model}.l2": PENALTIES,
        "training.batch_size": Choice((16, 32, 64, 128)),
        SEQUENCE_LENGTH: LENGTHS,
    }
    wide: dict[str, Domain] = {
        f"{model}.conv_layers": Integer(1, 3),
        f"{model}.dense_layers": Integer(1, 3),
        f"{model}.gru_layers": Integer(1, 3),
        f"{model}.channels": Integer(2, 32, is_log=True),
        f"{model}.dense_units": Integer(4, 64, is_log=True),
        f"{model}.gru_units": Integer(4, 64, is_log=True),
        f"{model}.maxout_pieces": Choice((1, 2, 4)),
        f"{model}.dropout": Real(0.0, 0.75),
        f"{model}.l1": Switched(0.0, Real(1e-4, 1.0, is_log=True)),
        f"{model}.l2": Switched(0.0, Real(1e-5, 0.1, is_log=True)),
        f"{model}.gru": Choice(("torch", "keras1")),
        "training.learning_rate": LEARNING_RATES,
        "training.batch_size": Choice((16, 32, 64, 128)),
        SEQUENCE_LENGTH: LENGTHS,
    }
    return {"paper": paper, "wide": wide}


BLSTM_SPACES: dict[str, Space] = {
    "wide": {
        "blstm.layers": Integer(1, 5),
        "blstm.units": Integer(8, 256, is_log=True),
        "blstm.dropout": OnlyIf("blstm.layers", (2, 3, 4, 5), Real(0.0, 0.6)),  # between layers
        "training.learning_rate": LEARNING_RATES,
        "training.batch_size": Choice((16, 32, 64, 128)),
        SEQUENCE_LENGTH: LENGTHS,
    }
}

ENSEMBLE_SPACES: dict[str, Space] = {
    "wide": {
        "blstm_ensemble.layers": Integer(2, 5),
        "blstm_ensemble.units": Integer(8, 128, is_log=True),
        "blstm_ensemble.dropout": Real(0.0, 0.6),
        "blstm_ensemble.pretraining": Choice(("stacked", "autoencoder", "none")),
        "blstm_ensemble.pretrained_layers": OnlyIf(
            "blstm_ensemble.pretraining", ("stacked", "autoencoder"), Integer(1, 2)
        ),
        "blstm_ensemble.fusion": Choice(
            (("svr", "ann"), ("svr",), ("ann",), ("elm",), ("mean",), ("best",))
        ),
        "training.learning_rate": LEARNING_RATES,
        "training.batch_size": Choice((16, 32, 64)),
    }
}


def compact_spaces(model: str, own: Mapping[str, Domain]) -> dict[str, Space]:
    """Return the space of a compact network: its own settings and those that all of them have."""
    wide: dict[str, Domain] = {f"{model}.{name}": domain for name, domain in own.items()}
    wide |= {
        f"{model}.both_ways": BOTH,
        f"{model}.input_dropout": Real(0.0, 0.5),
        f"{model}.dropout": Real(0.0, 0.6),
        "training.learning_rate": LEARNING_RATES,
        "training.batch_size": Choice((16, 32, 64)),
        SEQUENCE_LENGTH: LONG,
    }
    return {"wide": wide}


GRU_SMALL_SPACES = compact_spaces("gru_small", {"columns": Integer(4, 20), "units": Integer(4, 16)})
DIAGONAL_SPACES = compact_spaces(
    "diagonal",
    {
        "columns": Integer(4, 19),
        "channels": Integer(4, 16),
        "poles": Choice(("learned", "fixed")),
    },
)
TCN_SPACES = compact_spaces(
    "tcn",
    {
        "columns": Integer(4, 22),
        "kernel": Choice((3, 5, 9)),
        "dilations": Choice(((1, 2, 4), (1, 2, 4, 8), (1, 2, 4, 8, 16))),
    },
)
TWO_PATHS_SPACES = compact_spaces(
    "two_paths",
    {
        "columns": Integer(4, 20),
        "units": Integer(4, 24),
        "time_constants": Choice(((20.0,), (10.0, 60.0), (5.0, 20.0, 60.0))),
        "kernel": Choice((3, 5, 9, 15)),
    },
)
TRANSFORMER_SPACES = compact_spaces(
    "transformer",
    {
        "columns": Choice((8, 12, 16)),
        "heads": Choice((1, 2, 4)),
        "layers": Integer(1, 2),
        "hidden": Integer(8, 48, is_log=True),
    },
)
RESERVOIR_SPACES: dict[str, Space] = {
    "wide": {
        "reservoir.states": Integer(250, 4700, is_log=True),
        "reservoir.shortest_seconds": Real(0.5, 5.0, is_log=True),
        "reservoir.longest_seconds": Real(20.0, 120.0, is_log=True),
        "reservoir.gain": Real(0.1, 3.0, is_log=True),
        "reservoir.penalty_per_target": BOTH,
    }
}
CONTEXT_SPACES: dict[str, Space] = {
    "wide": {
        "context.time_constants": Choice(((20.0,), (5.0, 20.0), (2.0, 8.0, 32.0), (5.0, 60.0))),
        "context.so_far": Choice(("none", "mean", "both")),
        "context.penalty_per_target": BOTH,
        "context.smoothing": Choice(((0.0,), (0.0, 1.0, 2.0, 5.0, 10.0))),
    }
}
