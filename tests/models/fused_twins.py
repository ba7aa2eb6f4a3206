"""A plain network and its fused twin, and data to compare them on."""

from copy import deepcopy

import torch
from torch import nn

from models.crnn import CRNN, CRNNConfig
from models.fused.crnn import fuse


def networks(kind=CRNN, n_features=11, dtype=torch.float64, **settings):
    """Return a plain network and its fused twin with the same first weights."""
    torch.manual_seed(3)
    plain = kind(n_features=n_features, config=CRNNConfig(**{"dropout": 0.0} | settings)).to(dtype)
    for parameter in plain.front.norms.parameters():
        nn.init.normal_(parameter, 0.5, 0.5)  # scales of both signs
    return plain, fuse(deepcopy(plain))


def data(shape=(4, 7, 11), dtype=torch.float64):
    generator = torch.Generator().manual_seed(5)
    features = torch.randn(shape, generator=generator, dtype=dtype)
    return features, torch.rand((*shape[:2], 2), generator=generator, dtype=dtype) - 0.5
