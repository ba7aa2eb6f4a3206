"""CRNN in Keras 3 on TensorFlow, timed in turns with what `run` does (only door to keras).

Run     python -m tools.keras_peer [threads]     threads of TensorFlow; default: all
Needs   pip install -e '.[keras]', into an environment of its own: TensorFlow is large
Same    layers, ElasticNet, dropout, RMSE, Adam, batches of 32; 128 songs of random data
"""

import json
import os
import statistics
import sys
from collections.abc import Callable
from typing import Any

from benchmark.plan.config import plain
from benchmark.record.environment import environment
from benchmark.speed.clock import Pass, in_turns, median_ratio
from benchmark.speed.loops import CONFIG, N_FEATURES, Subject, harness_loop
from benchmark.speed.processes import n_processes, side_by_side
from models.crnn import CRNNConfig

N_ROUNDS = 5
SETTINGS = CRNNConfig()
N_SONGS, N_SONG_FRAMES = 128, 60  # four full batches at L = 60, as many frames at L = 10


def keras_epoch(sequence_length: int) -> Pass:
    """Return an epoch of the paper's CRNN as Keras trains it; XLA would take six times as long."""
    import keras
    import numpy as np

    network = keras_crnn(keras, sequence_length)
    network.compile(
        optimizer=keras.optimizers.Adam(CONFIG.learning_rate, epsilon=CONFIG.adam_epsilon),
        loss=rmse_of(keras.ops),
        jit_compile=False,
    )
    rng = np.random.default_rng(0)
    shape = (N_SONGS * N_SONG_FRAMES // sequence_length, sequence_length)
    features = rng.normal(size=(*shape, N_FEATURES, 1)).astype(np.float32)
    annotations = rng.normal(0, 0.3, (*shape, 2)).astype(np.float32)
    n_steps = -(-shape[0] // CONFIG.batch_size)

    def run() -> int:
        network.fit(features, annotations, batch_size=CONFIG.batch_size, epochs=1, verbose=0)
        return n_steps

    return run


def keras_crnn(keras: Any, sequence_length: int) -> Any:
    """Build the paper's CRNN with one bias per gate: 35,160 parameters."""
    layers, elastic = keras.layers, keras.regularizers.L1L2(SETTINGS.l1, SETTINGS.l2)
    inputs = keras.Input((sequence_length, N_FEATURES, 1))
    maps = layers.Conv2D(
        SETTINGS.channels,
        3,
        padding="same",
        kernel_regularizer=elastic,
        activity_regularizer=keras.regularizers.L1L2(
            SETTINGS.l1 / (sequence_length * N_FEATURES),
            SETTINGS.l2 / (sequence_length * N_FEATURES),
        ),  # Keras averages over the batch, this averages over positions, too
    )(inputs)
    maps = layers.ReLU()(layers.BatchNormalization()(maps))
    maps = layers.Dropout(SETTINGS.dropout)(maps)
    frames = layers.Reshape((sequence_length, N_FEATURES * SETTINGS.channels))(maps)
    outputs = []
    for _ in range(2):
        states = layers.Dense(SETTINGS.dense_units)(frames)
        gru = layers.GRU(SETTINGS.gru_units, return_sequences=True, reset_after=False)
        states = layers.Dropout(SETTINGS.dropout)(layers.Bidirectional(gru)(states))
        pieces = layers.Dense(SETTINGS.maxout_pieces)(states)
        outputs.append(
            layers.Lambda(lambda one: keras.ops.max(one, axis=-1, keepdims=True))(pieces)
        )
    return keras.Model(inputs, layers.Concatenate()(outputs))


def rmse_of(ops: Any) -> Callable[[Any, Any], Any]:
    """Return the loss: RMSE over the batch per target, averaged over targets."""

    def loss(annotations: Any, predicted: Any) -> Any:
        return ops.mean(ops.sqrt(ops.mean(ops.square(predicted - annotations), axis=(0, 1))))

    return loss


def compare(sequence_length: int) -> dict[str, Any]:
    """Time Keras and one process of `run` in turns; then as many processes as `run` takes."""
    subject = Subject("crnn", sequence_length, "cpu", "fused")
    competitors: dict[str, Pass] = {
        "keras": keras_epoch(sequence_length),
        "run": harness_loop(subject),
    }
    times = in_turns(competitors, "cpu", N_ROUNDS)
    beside = side_by_side(subject) / n_processes("cpu")  # per repetition, all cores busy
    milliseconds = {name: 1e3 * statistics.median(one) for name, one in times.items()}
    return {
        "sequence_length": sequence_length,
        "ms_per_step": milliseconds,
        "run_ms_per_step_and_repetition_on_all_cores": 1e3 * beside,
        "ratio_one_process": median_ratio(times["keras"], times["run"]),
        "ratio_per_repetition_on_all_cores": milliseconds["keras"] / (1e3 * beside),
    }


def main(threads: int) -> None:
    """Print what was measured as JSON; `threads` 0 lets TensorFlow take all cores."""
    os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    import keras
    import tensorflow

    tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
    tensorflow.config.threading.set_inter_op_parallelism_threads(threads)
    told = {
        "keras": keras.__version__,
        "tensorflow": tensorflow.__version__,
        "tensorflow_threads": threads or "all",
        "settings": plain(SETTINGS),
        "environment": environment(),
        "rows": [compare(length) for length in (10, 60)],
    }
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
