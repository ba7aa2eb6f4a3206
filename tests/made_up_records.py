"""Records made by hand, with scores a reader can check in the head."""

from dataclasses import replace

from benchmark.plan.cell import DECIDING, DECIDING_GROUP, digest_of, name_of
from benchmark.record.record import RunRecord


def make_record(**changes):
    """Return a finished record; whatever decides its outcome also changes its cell and group."""
    model, repetition = changes.get("model", "crnn"), changes.get("repetition", 1)
    length = changes.get("sequence_length", 60)
    scores = {
        f"rmse_{target}{suffix}": value
        for suffix, shift in (("", 0.0), ("_per_song", -0.05))
        for target, value in zip(
            ("valence", "arousal", "average"), (0.3 + shift, 0.2 + shift, 0.25 + shift), strict=True
        )
    }
    values = {
        "name": name_of(model, length, repetition),
        "status": "done",
        "model": model,
        "model_version": "1",
        "config": {"dropout": 0.25},
        "settings": {},
        "training": {"max_epochs": 5},
        "protocol": {"selection": "held_out", "folds": None, "test_sequence_length": None},
        "harness": 2,
        "dataset": "tiny",
        "dataset_options": {"labels": "deam"},
        "dataset_digest": "d" * 64,
        "features": "six",
        "n_features": 6,
        "n_songs": {"development": 24, "evaluation": 3},
        "sequence_length": length,
        "repetition": repetition,
        "base_seed": 2017,
        "scores": scores,
        "training_scores": {key: value / 2 for key, value in scores.items()},
        "per_song": {
            "song_id": ["e0", "e1", "e2"], "n_frames": [7, 20, 33],
            "rmse_valence": [0.2, 0.25, 0.3], "rmse_arousal": [0.1, 0.15, 0.2],
        },
        "references": {"oracle of song means": {key: 0.1 for key in scores}},
        "parameters": {"networks": 35_000},
        "flops": 1_000,
        "curves": {
            "network": {
                "training_loss": [0.5, 0.4], "validation_rmse": [0.6, 0.5],
                "best_epoch": 2, "n_steps": 8,
            }
        },
        "circumstances": {
            "device": "cpu", "started": 1_700_000_000, "train_seconds": 2.0,
            "predict_seconds": 0.1, "total_seconds": 2.5, "peak_memory_bytes": 1,
            "environment": {"commit": "abc"},
        },
    }  # fmt: skip
    return RunRecord(**digests(values | changes) | values | changes)


def digests(values):
    """Return the cell and the group that a record of these values belongs to."""
    return {"cell": digest_of(values, DECIDING), "group": digest_of(values, DECIDING_GROUP)}


def changed(record, **changes):
    """Return the record of another cell, which differs in these values."""
    values = vars(record) | changes
    name = name_of(values["model"], values["sequence_length"], values["repetition"])
    return replace(record, **changes, **digests(values), name=name)
