"""BLSTM ensemble: six BLSTMs at four time scales, fused by a cubic SVR and a small ANN.

Source  Li et al., "DBLSTM-based multi-scale fusion for dynamic emotion prediction in music",
        ICME 2016, as described by Malik et al. 2017, section 3.4

Members   Network k reads sequences of `sequence_lengths[k]` frames and stops on the k-th sixth of
          the songs, which it does not train on; together the six train on every song.
Voices    Networks of the same length are averaged first, so the fusion hears one voice per length.
Fusion    Learns from predictions of songs the predicting network never trained on. For that,
          every length is trained once per sixth; the six members are among those networks, so
          four lengths cost 24 trainings and none is repeated. SVR and ANN are averaged.
"""

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR
from torch import nn

from datasets.contract import TARGETS, Song
from datasets.splits import song_folds
from models.blstm import BLSTM, BLSTMConfig
from models.contract import FittedNetwork, Predictions, Trainer

Frames = Annotated[int, Field(ge=1)]


@dataclass(frozen=True)
class BLSTMEnsembleConfig:
    """The members' lengths and shape, and the two fusing regressors."""

    sequence_lengths: Annotated[tuple[Frames, ...], Field(min_length=2)] = (10, 20, 30, 60, 10, 10)
    layers: Annotated[int, Field(ge=1)] = 5
    units: Annotated[int, Field(ge=1)] = 128  # per direction
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    svr_degree: Annotated[int, Field(ge=1)] = 3
    svr_cost: Annotated[float, Field(gt=0)] = 1.0
    ann_units: Annotated[int, Field(ge=1)] = 14
    fusion_stride: Annotated[int, Field(ge=1)] = 1  # fuse on every n-th frame of a song


class BLSTMEnsemble:
    """Six networks and their fusion, one regressor of each kind per target."""

    Config = BLSTMEnsembleConfig

    def __init__(self, *, n_features: int, config: BLSTMEnsembleConfig) -> None:
        """Take width and configuration; everything is learned by `fit`."""
        self.n_features = n_features
        self.config = config
        self.members: list[FittedNetwork] = []
        self.fusion: list[list[Pipeline]] = []  # per target: SVR, ANN

    def fit(self, songs: Sequence[Song], trainer: Trainer) -> None:
        """Train every length on every sixth, keep six networks, fuse on unseen songs."""
        sixths = song_folds(songs, len(self.config.sequence_lengths), trainer.seed("sixths"))
        members: dict[int, FittedNetwork] = {}
        heard: list[list[Predictions]] = [[] for _ in sixths]  # per sixth: one entry a voice
        for length in self._voices():
            for index, sixth in enumerate(sixths):
                network = self._train(length, index, sixths, trainer)
                heard[index].append(network.predict(sixth))
                if self.config.sequence_lengths[index] == length:
                    members[index] = network
        self.members = [members[index] for index in range(len(sixths))]
        self._fuse(sixths, heard, trainer)

    def _voices(self) -> list[int]:
        """Return the distinct lengths, in the order of their first member."""
        return list(dict.fromkeys(self.config.sequence_lengths))

    def _train(
        self, length: int, index: int, sixths: Sequence[Sequence[Song]], trainer: Trainer
    ) -> FittedNetwork:
        """Train one network on all sixths but one, which it stops on."""
        config = BLSTMConfig(
            layers=self.config.layers, units=self.config.units, dropout=self.config.dropout
        )
        training = [song for other, sixth in enumerate(sixths) if other != index for song in sixth]
        return trainer.fit(
            lambda: BLSTM(n_features=self.n_features, config=config),
            training,
            sixths[index],
            sequence_length=length,
            name=f"length {length}, without sixth {index}",
        )

    def _fuse(
        self,
        sixths: Sequence[Sequence[Song]],
        heard: Sequence[Sequence[Predictions]],
        trainer: Trainer,
    ) -> None:
        """Fit SVR and ANN of each target on out-of-fold voices (N, voices)."""
        stride = self.config.fusion_stride
        voices, labels = [], []
        for sixth, of_each_voice in zip(sixths, heard, strict=True):
            for song, one_song in zip(sixth, zip(*of_each_voice, strict=True), strict=True):
                voices.append(np.stack(one_song, axis=-1)[::stride])
                labels.append(song.annotations[::stride])
        voices_N2V, labels_N2 = np.concatenate(voices), np.concatenate(labels)
        self.fusion = [
            [
                regressor.fit(voices_N2V[:, target], labels_N2[:, target])
                for regressor in self._regressors(trainer.seed(f"ann {name}"))
            ]
            for target, name in enumerate(TARGETS)
        ]

    def _regressors(self, seed: int) -> list[Pipeline]:
        """Build the two regressors that are averaged."""
        config = self.config
        # coef0=1 keeps the lower powers: a purely cubic kernel cannot even repeat one voice
        svr = SVR(kernel="poly", degree=config.svr_degree, coef0=1.0, C=config.svr_cost)
        ann = MLPRegressor(
            hidden_layer_sizes=(config.ann_units,), max_iter=1000, random_state=seed % 2**32
        )
        return [make_pipeline(StandardScaler(), regressor) for regressor in (svr, ann)]

    def voices(self, songs: Sequence[Song]) -> list[NDArray[np.float32]]:
        """Return what the fusion hears, (T, 2, voices) per song: members averaged per length."""
        heard = [member.predict(songs) for member in self.members]
        lengths = np.array(self.config.sequence_lengths)
        return [
            np.stack(
                [
                    np.mean([heard[k][index] for k in np.flatnonzero(lengths == length)], axis=0)
                    for length in self._voices()
                ],
                axis=-1,
            )
            for index in range(len(songs))
        ]

    def predict(self, songs: Sequence[Song]) -> Predictions:
        """Average SVR and ANN for each target."""
        return [self._fused(voices_T2V) for voices_T2V in self.voices(songs)]

    def _fused(self, voices_T2V: NDArray[np.float32]) -> NDArray[np.float32]:
        """Map the voices of one song (T, 2, voices) to (T, 2)."""
        columns = [
            np.mean([one.predict(voices_T2V[:, target]) for one in regressors], axis=0)
            for target, regressors in enumerate(self.fusion)
        ]
        return np.stack(columns, axis=1).astype(np.float32)

    def networks(self) -> list[nn.Module]:
        """Return the six members."""
        return [member.network for member in self.members]

    def other_parameters(self) -> dict[str, int]:
        """Count support-vector coefficients with intercepts, and the ANN's weights and biases."""
        svr = [pipeline[-1] for pipeline, _ in self.fusion]
        ann = [pipeline[-1] for _, pipeline in self.fusion]
        return {
            "svr": sum(one.dual_coef_.size + one.intercept_.size for one in svr),
            "ann": sum(part.size for one in ann for part in [*one.coefs_, *one.intercepts_]),
        }

    def other_flops(self) -> int:
        """Per frame: one inner product and one weight per support vector, one per ANN weight."""
        svr = [pipeline[-1] for pipeline, _ in self.fusion]
        ann = [pipeline[-1] for _, pipeline in self.fusion]
        per_svr = [one.support_vectors_.size + one.dual_coef_.size for one in svr]
        per_layer = [weights.size for one in ann for weights in one.coefs_]
        return int(sum(per_svr + per_layer))
