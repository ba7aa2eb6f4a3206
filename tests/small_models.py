"""Models small enough for tests, and cells that train them for two epochs."""

import torch

from benchmark.plan.cell import Cell
from benchmark.plan.config import TrainingConfig
from benchmark.plan.protocol import ProtocolConfig
from benchmark.train.trainer import CellTrainer, build_estimator
from models.registry import MODELS

SMALL = {
    "reservoir": {"states": 20},
    "blstm": {"layers": 2, "units": 8},
    "blstm_ensemble": {
        "layers": 2,
        "units": 4,
        "pretrained_layers": 1,
        "sequence_lengths": (5, 10, 5),
    },
}


def build(name, n_features=6, **settings):
    network_class = MODELS[name].load()
    torch.manual_seed(0)
    config = network_class.Config(**SMALL.get(name, {}) | settings)
    return network_class(n_features=n_features, config=config)


def make_cell(name, **changes):
    config_class = MODELS[name].config_class
    config = config_class(**SMALL.get(name, {})) if config_class else None
    training = TrainingConfig(max_epochs=2, batch_size=16)
    values = {
        "dataset": "test", "dataset_options": {}, "dataset_digest": "d" * 64, "features": "six",
        "model": name, "model_version": "1", "config": config, "settings": {},
        "training": training, "protocol": ProtocolConfig(), "sequence_length": 10,
        "repetition": 1, "base_seed": 7,
    }  # fmt: skip
    return Cell(**values | changes)


def fitted(name, split, **changes):
    cell = make_cell(name, **changes)
    trainer = CellTrainer(cell, "cpu", lambda progress: None)
    estimator = build_estimator(cell, split.n_features)
    estimator.fit(split.development, trainer)
    return estimator
