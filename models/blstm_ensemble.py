"""BLSTM ensemble: six BLSTMs at four time scales, fused by a cubic SVR and a small ANN.

Source  Li et al., "DBLSTM-based multi-scale fusion for dynamic emotion prediction in music",
        ICME 2016, as described by Malik et al. 2017, section 3.4

First layers  Pre-trained once per fold of the songs, which they never train on, and copied into
              every network that leaves this fold out. How is open in both papers: see
              `pretraining`.
Members   Network k reads sequences of `sequence_lengths[k]` frames and stops on the k-th fold of
          the songs, on which it does not train; together they train on every song.
Inputs    Networks of the same length are averaged first, so the fusion gets one input per length.
Fusion    Learns from predictions of songs the predicting network never trained on. For that,
          every length is trained once per fold; the six members are among those networks, so
          four lengths cost 24 trainings and none is repeated. `mean` and `best` need the six
          members alone.
Beware    The predicting network's epoch was chosen on these songs: what the fusion learns from is a
          little too good. A length of several members is one network to it, then their mean.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field
from pydantic.dataclasses import dataclass
from torch import nn

from datasets.contract import TARGETS, DatasetError, Song, UnannotatedSong
from datasets.splits import families_of, song_folds
from models.blstm import BLSTM, BLSTMConfig
from models.contract import (
    Estimator,
    FittedNetwork,
    Predictions,
    Restorer,
    State,
    Trainer,
    part_of,
    with_prefix,
)
from models.fusion import REGRESSORS, Fusion, FusionConfig

Frames = Annotated[int, Field(ge=1)]
Part = Literal["svr", "ann", "elm", "mean", "best"]
Folds = Sequence[Sequence[Song]]
OutOfFold = list[list[Predictions]]  # per fold: what each input predicts for it


def _as_tuple(value: object) -> object:
    """Take one part by its name alone, as people write it."""
    return (value,) if isinstance(value, str) else value


@dataclass(frozen=True)
class BLSTMEnsembleConfig(FusionConfig):
    """The members' lengths and shape, how they begin, and what fuses them.

    `pretraining`: `stacked` trains a shallow BLSTM on the annotations, `autoencoder` one that
    returns its own features; `none` starts every layer at random. `fusion`: the parts that are
    averaged; `mean` is the plain mean of the members, `best` the member that improves most on a
    constant, each on the fold it never trained on (folds are not equally hard).
    """

    sequence_lengths: Annotated[tuple[Frames, ...], Field(min_length=2)] = (10, 20, 30, 60, 10, 10)
    layers: Annotated[int, Field(ge=1)] = 5
    units: Annotated[int, Field(ge=1)] = 128  # per direction
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    pretraining: Literal["stacked", "autoencoder", "none"] = "stacked"
    pretrained_layers: Annotated[int, Field(ge=1)] = 2
    fusion: Annotated[tuple[Part, ...], BeforeValidator(_as_tuple), Field(min_length=1)] = (
        "svr",
        "ann",
    )
    fusion_stride: Annotated[int, Field(ge=1)] = 1  # fuse on every n-th frame of a song

    def __post_init__(self) -> None:
        """Refuse to pre-train layers that are not there and to average a part twice."""
        if self.pretraining != "none" and self.pretrained_layers > self.layers:
            raise ValueError(
                f"pretrained_layers={self.pretrained_layers} exceeds layers={self.layers};"
                " give more layers, pre-train fewer, or set pretraining=none"
            )
        if len(set(self.fusion)) != len(self.fusion):
            raise ValueError(f"fusion names a part twice: {','.join(self.fusion)}")


class BLSTMEnsemble(Estimator):
    """Six networks and their fusion, one regressor of each kind per target."""

    Config = BLSTMEnsembleConfig

    def __init__(self, *, n_features: int, config: BLSTMEnsembleConfig) -> None:
        """Take width and configuration; everything is learned by `fit`."""
        self.n_features = n_features
        self.config = config
        self.members: list[FittedNetwork] = []
        self.errors: list[float] = []  # of each member on its unseen fold; a constant has 1
        self.fusion = Fusion(config)

    def fit(self, songs: Sequence[Song], trainer: Trainer) -> None:
        """Train all networks, then fuse on songs they never saw."""
        folds, out_of_fold = self.train_networks(songs, trainer)
        if self._fits_regressors:
            self._fuse(folds, out_of_fold, trainer)

    def train_networks(self, songs: Sequence[Song], trainer: Trainer) -> tuple[Folds, OutOfFold]:
        """Train one network per length and fold, keep six; return all out-of-fold predictions."""
        lengths, fits_regressors = self.config.sequence_lengths, self._fits_regressors
        if (n_apart := len(families_of(songs))) < len(lengths):
            raise DatasetError(
                f"blstm_ensemble leaves out one fold of the songs for each of its {len(lengths)}"
                f" networks, and {n_apart} songs or families make fewer folds. Give more songs, or"
                " leave this model out of --models."
            )
        folds = song_folds(songs, len(lengths), trainer.seed("sixths"))
        first_layers = [self._pretrain(index, folds, trainer) for index in range(len(folds))]
        members: dict[int, FittedNetwork] = {}
        out_of_fold: OutOfFold = [[] for _ in folds]
        for length in self._distinct_lengths():
            for index, fold in enumerate(folds):
                if not (fits_regressors or lengths[index] == length):
                    continue
                network = self._train(length, index, folds, first_layers[index], trainer)
                out_of_fold[index].append(network.predict(fold))
                if lengths[index] == length:
                    members[index] = network
        self.members = [members[index] for index in range(len(folds))]
        own = [
            0 if not fits_regressors else self._distinct_lengths().index(length)
            for length in lengths
        ]
        self.errors = [
            _relative_error(out_of_fold[index][place], folds[index], _all_but(index, folds))
            for index, place in enumerate(own)
        ]
        return folds, out_of_fold

    @property
    def _fits_regressors(self) -> bool:
        """Tell whether a regressor is fitted, for which every length is trained on every fold."""
        return bool(REGRESSORS.keys() & set(self.config.fusion))

    def _distinct_lengths(self) -> list[int]:
        return list(dict.fromkeys(self.config.sequence_lengths))

    def _network(self, layers: int, n_outputs: int = len(TARGETS)) -> BLSTM:
        config = BLSTMConfig(layers=layers, units=self.config.units, dropout=self.config.dropout)
        return BLSTM(n_features=self.n_features, config=config, n_outputs=n_outputs)

    def _pretrain(self, index: int, folds: Folds, trainer: Trainer) -> nn.Module | None:
        """Train the first layers on all folds but one, as a shallow network of their own."""
        if self.config.pretraining == "none":
            return None
        copies_itself = self.config.pretraining == "autoencoder"
        n_outputs = self.n_features if copies_itself else len(TARGETS)
        fitted = trainer.fit(
            lambda: self._network(self.config.pretrained_layers, n_outputs),
            _all_but(index, folds),
            folds[index],
            sequence_length=self.config.sequence_lengths[0],
            name=f"first layers, without sixth {index}",
            target="features" if copies_itself else "annotations",
        )
        return fitted.network

    def _train(
        self,
        length: int,
        index: int,
        folds: Folds,
        first_layers: nn.Module | None,
        trainer: Trainer,
    ) -> FittedNetwork:
        """Train one network on all folds but one, which it stops on."""

        def build() -> nn.Module:
            network = self._network(self.config.layers)
            if first_layers is not None:
                copy_first_layers(first_layers, network)
            return network

        return trainer.fit(
            build,
            _all_but(index, folds),
            folds[index],
            sequence_length=length,
            name=f"length {length}, without sixth {index}",
        )

    def _fuse(self, folds: Folds, out_of_fold: OutOfFold, trainer: Trainer) -> None:
        """Fit every kind of regressor for each target on out-of-fold inputs (N, inputs)."""
        stride = self.config.fusion_stride
        inputs, labels = [], []
        for fold, of_each_input in zip(folds, out_of_fold, strict=True):
            for song, one_song in zip(fold, zip(*of_each_input, strict=True), strict=True):
                inputs.append(np.stack(one_song, axis=-1)[::stride])
                labels.append(song.annotations[::stride])
        self.fusion.fit(np.concatenate(inputs), np.concatenate(labels), trainer.seed)

    def predict(self, songs: Sequence[UnannotatedSong]) -> Predictions:
        """Average the parts of the fusion."""
        by_member = self._member_predictions(songs)
        return _averaged([self._part(part, by_member) for part in self.config.fusion])

    def components(self, songs: Sequence[UnannotatedSong]) -> dict[str, Predictions]:
        """Return what each member, their mean, the best one and every regressor predict."""
        by_member = self._member_predictions(songs)
        lengths = self.config.sequence_lengths
        names = (f"member {k}, L={length}" for k, length in enumerate(lengths, start=1))
        return dict(zip(names, by_member, strict=True)) | {
            part: self._part(part, by_member) for part in ("best", "mean", *self.fusion.regressors)
        }

    def _member_predictions(self, songs: Sequence[UnannotatedSong]) -> list[Predictions]:
        return [member.predict(songs) for member in self.members]

    def _part(self, part: str, by_member: Sequence[Predictions]) -> Predictions:
        if part == "best":
            return by_member[int(np.argmin(self.errors))]
        if part == "mean":
            return _averaged(by_member)
        return [
            self.fusion.predict(part, inputs_T2V) for inputs_T2V in self._fusion_inputs(by_member)
        ]

    def _fusion_inputs(self, by_member: Sequence[Predictions]) -> list[NDArray[np.float32]]:
        """Return what the fusion takes, (T, 2, inputs) per song: members averaged per length."""
        of_length = [
            [
                member
                for member, own in zip(by_member, self.config.sequence_lengths, strict=True)
                if own == length
            ]
            for length in self._distinct_lengths()
        ]
        return [
            np.stack(
                [np.mean([own[index] for own in alike], axis=0) for alike in of_length], axis=-1
            )
            for index in range(len(by_member[0]))
        ]

    def state(self) -> State:
        """Return the members, their errors and the regressors in use."""
        state: State = {"errors": np.array(self.errors)}
        for k, member in enumerate(self.members):
            state |= with_prefix(f"member{k}", member.state())
        return state | self.fusion.state(self.config.fusion)

    def restore(self, state: State, restorer: Restorer) -> None:
        """Take members and regressors that were kept."""
        self.errors = state["errors"].tolist()
        self.members = [
            restorer.network(
                lambda: self._network(self.config.layers), part_of(state, f"member{k}")
            )
            for k in range(len(self.config.sequence_lengths))
        ]
        self.fusion.restore(state, self.config.fusion)

    def networks(self) -> list[nn.Module]:
        """Return the members that are asked: all six, or the best one alone."""
        if self.config.fusion == ("best",):
            return [self.members[int(np.argmin(self.errors))].network]
        return [member.network for member in self.members]

    def other_parameters(self) -> dict[str, int]:
        """Count what the regressors in use learned, by kind."""
        return self.fusion.parameters(self.config.fusion)

    def other_flops(self) -> int:
        """Count the multiply-adds per frame of the regressors in use."""
        return self.fusion.flops_per_frame(self.config.fusion)


def copy_first_layers(source: nn.Module, network: nn.Module) -> None:
    """Copy the recurrent layers of a shallower BLSTM into the first layers of a deeper one."""
    layers = {name: value for name, value in source.state_dict().items() if name.startswith("lstm")}
    missing = network.load_state_dict(layers, strict=False)
    assert not missing.unexpected_keys, "the shallow network is deeper than the deep one"


def _all_but(index: int, folds: Folds) -> list[Song]:
    return [song for other, fold in enumerate(folds) if other != index for song in fold]


def _relative_error(
    predictions: Predictions, songs: Sequence[Song], training: Sequence[Song]
) -> float:
    """Return the RMSE over all frames and both targets, a training mean's RMSE being 1."""
    annotations = np.concatenate([song.annotations for song in songs]).astype(np.float64)
    mean = np.concatenate([song.annotations for song in training]).mean(axis=0, dtype=np.float64)
    errors, constant = np.concatenate(predictions) - annotations, mean - annotations
    return float(np.sqrt(np.mean(np.square(errors)) / np.mean(np.square(constant))))


def _averaged(parts: Sequence[Predictions]) -> Predictions:
    return [np.mean(curves, axis=0).astype(np.float32) for curves in zip(*parts, strict=True)]
