"""CRNN_NB: the CRNN without branches; one recurrent stack serves both targets.

Source  Malik et al., SMC 2017, figure 2; https://arxiv.org/abs/1706.02292
"""

from torch import Tensor, nn

from models.crnn import N_TARGETS, ConvolutionalFront, CRNNConfig, RecurrentBranch, initialise


class CRNNNB(nn.Module):
    """Emotion per frame from one convolution and one recurrent stack."""

    Config = CRNNConfig

    def __init__(self, *, n_features: int, config: CRNNConfig) -> None:
        """Build for F = `n_features`."""
        super().__init__()
        self.front = ConvolutionalFront(config)
        self.branch = RecurrentBranch(config.channels * n_features, N_TARGETS, config)
        initialise(self, config)

    def forward(self, features_BTF: Tensor) -> Tensor:
        """Map (B, T, F) features to (B, T, 2) valence and arousal."""
        return self.branch(self.front(features_BTF))  # type: ignore[no-any-return]

    def penalty(self) -> Tensor:
        """Return the ElasticNet term of the last forward pass."""
        return self.front.penalty()
