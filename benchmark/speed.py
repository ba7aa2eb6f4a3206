"""How fast each model trains and predicts here, against a bare PyTorch loop and the machine.

Competitors  bare     the plain network in a loop as anyone would write it: DataLoader, Adam
             harness  the plain network in this suite's loop: the difference is the suite's cost
             product  what `run` does: fused layers where the model has them
Method       random data of the paper's shapes, one thread, all competitors in turns, the median
             over rounds of each round's ratio; memory in a fresh process each
"""

import math
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from benchmark.evaluate.complexity import count_flops, count_parameters
from benchmark.plan.config import TrainingConfig
from benchmark.plan.seeds import make_deterministic
from benchmark.preload import METHOD
from benchmark.record.environment import peak_memory_bytes
from benchmark.train.batches import Windows, predict_windows
from benchmark.train.kernels import Kernels, equipped, kernels_for
from benchmark.train.loop import adam, rmse_loss, train_epoch
from benchmark.workers import n_cores
from models.registry import MODELS

N_FEATURES = 260
SHORTEST_SECONDS = 0.3  # of one timed pass, so that the clock and the machine's noise stay small
EXPECTED_RATIO = 2.5  # a fused model that is not this much faster than a bare loop fell behind
BACKWARD = 3  # a training step costs about three forward passes


@dataclass(frozen=True)
class Limits:
    """What this device reaches at best, with one thread."""

    gemm_gflops: float  # float32 matrix product, 2 operations per multiply-add
    copy_gb_per_second: float  # read and written together


@dataclass(frozen=True)
class SpeedRow:
    """One model at one sequence length; times in milliseconds per training step of a batch."""

    model: str
    sequence_length: int
    parameters: int
    kernels: Kernels
    bare_ms: float
    harness_ms: float
    product_ms: float
    ratio: float  # bare over product, the median of rounds
    overhead: float  # harness over bare, minus 1
    all_cores_ms: float  # bare, with as many threads as cores
    side_by_side_ms: float  # product, in as many processes as cores
    five_repetitions: float  # time of five by product over that of one by bare, on all cores
    training_frames_per_second: float
    prediction_frames_per_second: float
    plain_prediction_frames_per_second: float
    gflop_per_step: float
    share_of_gemm: float
    plain_mb: float  # memory that training adds to a fresh process
    product_mb: float

    @property
    def fell_behind(self) -> bool:
        """Tell whether fused layers are slower than they should be."""
        return self.kernels == "fused" and self.ratio < EXPECTED_RATIO


def measure_limits(device: str) -> Limits:
    """Time a large matrix product and a large copy."""
    make_deterministic(0)
    one = torch.rand(1024, 1024, device=device)
    large = torch.rand(2**25, device=device)
    target = torch.empty_like(large)
    product = _median_seconds(lambda: one @ one, device, n_rounds=9)
    copy = _median_seconds(lambda: target.copy_(large), device, n_rounds=9)
    return Limits(2 * 1024**3 / product / 1e9, 2 * large.numel() * 4 / copy / 1e9)


def measure(
    model: str, sequence_length: int, device: str, limits: Limits, n_rounds: int
) -> SpeedRow:
    """Time one network model in turns."""
    kernels = kernels_for(model, device, "fused")
    config = TrainingConfig()
    bare = _bare(model, sequence_length, device, config)
    competitors: dict[str, Callable[[], int]] = {
        "bare": bare,
        "harness": _harness(model, sequence_length, device, config, "plain"),
        "product": _harness(model, sequence_length, device, config, kernels),
    }
    if kernels == "plain":
        del competitors["product"]
    rounds = _in_turns(competitors, device, n_rounds)
    product = rounds.get("product", rounds["harness"])
    network = _build(model, device, "plain")
    multiply_adds, _ = count_flops(network, N_FEATURES, sequence_length)
    gflop = BACKWARD * 2 * config.batch_size * multiply_adds / 1e9
    product_seconds = statistics.median(product)
    n_frames = config.batch_size * sequence_length
    predictions = {
        kind: _prediction_seconds(model, sequence_length, device, kind, config, n_rounds)
        for kind in sorted({"plain", kernels})
    }
    all_cores = _with_threads(
        n_cores(), lambda: _in_turns({"bare": bare}, device, n_rounds)["bare"]
    )
    side_by_side = _side_by_side(model, sequence_length, device, kernels)
    all_cores_seconds = statistics.median(all_cores)
    memory = {kind: _memory(model, sequence_length, device, kind) for kind in predictions}
    return SpeedRow(
        model=model,
        sequence_length=sequence_length,
        parameters=count_parameters([network]),
        kernels=kernels,
        bare_ms=1e3 * statistics.median(rounds["bare"]),
        harness_ms=1e3 * statistics.median(rounds["harness"]),
        product_ms=1e3 * product_seconds,
        ratio=_median_ratio(rounds["bare"], product),
        overhead=_median_ratio(rounds["harness"], rounds["bare"]) - 1,
        all_cores_ms=1e3 * all_cores_seconds,
        side_by_side_ms=1e3 * side_by_side,
        five_repetitions=5 / _n_processes(device) * side_by_side / all_cores_seconds,
        training_frames_per_second=n_frames / product_seconds,
        prediction_frames_per_second=n_frames / predictions[kernels],
        plain_prediction_frames_per_second=n_frames / predictions["plain"],
        gflop_per_step=gflop,
        share_of_gemm=gflop / product_seconds / limits.gemm_gflops,
        plain_mb=memory["plain"],
        product_mb=memory[kernels],
    )


def _in_turns(
    competitors: dict[str, Callable[[], int]], device: str, n_rounds: int
) -> dict[str, list[float]]:
    """Return the seconds per step of every round; each competitor returns its number of steps."""
    passes = {}
    for name, run in competitors.items():
        run()  # compiles and warms up
        seconds, _ = _timed(run, device)
        passes[name] = max(1, math.ceil(SHORTEST_SECONDS / seconds))
    times: dict[str, list[float]] = {name: [] for name in competitors}
    for _ in range(n_rounds):
        for name, run in competitors.items():
            timed = [_timed(run, device) for _ in range(passes[name])]
            times[name].append(sum(one for one, _ in timed) / sum(n for _, n in timed))
    return times


def _bare(
    model: str, sequence_length: int, device: str, config: TrainingConfig
) -> Callable[[], int]:
    """Return one pass of the loop that anyone would write."""
    network = _build(model, device, "plain")
    features, annotations = _data(sequence_length, config.batch_size, device)
    loader: DataLoader[tuple[Tensor, ...]] = DataLoader(
        TensorDataset(features, annotations), batch_size=config.batch_size, shuffle=True
    )
    optimizer = torch.optim.Adam(network.parameters(), lr=config.learning_rate)
    penalty: Any = getattr(network, "penalty", None)

    def run() -> int:
        network.train()
        for batch, target in loader:
            optimizer.zero_grad()
            loss = rmse_loss(network(batch), target)
            if penalty is not None:
                loss = loss + penalty()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        return len(loader)

    return run


def _harness(
    model: str, sequence_length: int, device: str, config: TrainingConfig, kernels: Kernels
) -> Callable[[], int]:
    """Return one epoch as `run` trains it."""
    network = _build(model, device, kernels)
    windows = [_windows(sequence_length, config.batch_size, device)]
    optimizer = adam(network, config, is_fused=kernels == "fused")
    generator = torch.Generator().manual_seed(0)
    return lambda: train_epoch(network, windows, config.batch_size, optimizer, generator)[1]


def _prediction_seconds(
    model: str,
    sequence_length: int,
    device: str,
    kernels: Kernels,
    config: TrainingConfig,
    n_rounds: int,
) -> float:
    """Return the seconds of predicting one batch."""
    network = _build(model, device, kernels)
    windows = _windows(sequence_length, config.batch_size, device)
    n_batches = len(windows.origins) // config.batch_size
    seconds = _median_seconds(lambda: predict_windows(network, [windows]), device, n_rounds)
    return seconds / n_batches


def _n_processes(device: str) -> int:
    """Return how many cells `run` trains at once."""
    return n_cores() if device == "cpu" else 1


def _with_threads(n_threads: int, call: Callable[[], list[float]]) -> list[float]:
    """Call with as many torch threads, then go back to one."""
    torch.set_num_threads(n_threads)
    try:
        return call()
    finally:
        torch.set_num_threads(1)


def _side_by_side(model: str, sequence_length: int, device: str, kernels: Kernels) -> float:
    """Return the seconds per step of processes that train at the same time, as `run` does."""
    n = _n_processes(device)
    arguments = (model, sequence_length, device, kernels)
    with ProcessPoolExecutor(n, mp_context=get_context(METHOD)) as pool:
        futures = [pool.submit(_seconds_per_step, *arguments) for _ in range(n)]
        return statistics.mean(one.result() for one in futures)


def _seconds_per_step(model: str, sequence_length: int, device: str, kernels: Kernels) -> float:
    """Train for a while in this process and return the median seconds per step."""
    make_deterministic(0)
    run = _harness(model, sequence_length, device, TrainingConfig(), kernels)
    run()
    until = time.perf_counter() + 10 * SHORTEST_SECONDS
    steps: list[float] = []
    while time.perf_counter() < until or len(steps) < 3:
        seconds, n_steps = _timed(run, device)
        steps.append(seconds / n_steps)
    return statistics.median(steps)


def _memory(model: str, sequence_length: int, device: str, kernels: Kernels) -> float:
    """Return the MB that two training steps add to a fresh process, or to the GPU."""
    with ProcessPoolExecutor(1, mp_context=get_context(METHOD)) as pool:
        return pool.submit(_added_memory, model, sequence_length, device, kernels).result() / 1e6


def _added_memory(model: str, sequence_length: int, device: str, kernels: Kernels) -> int:
    """Train two steps in this process and return the growth of its peak."""
    make_deterministic(0)
    config = TrainingConfig()
    run = _harness(model, 1, device, config, kernels)
    run()  # libraries and compiled code are loaded, almost no data
    del run
    run = _harness(model, sequence_length, device, config, kernels)
    before = torch.cuda.memory_allocated() if device == "cuda" else peak_memory_bytes()
    run()
    after = torch.cuda.max_memory_allocated() if device == "cuda" else peak_memory_bytes()
    return after - before


def _build(model: str, device: str, kernels: Kernels) -> nn.Module:
    """Build a model with its default configuration."""
    make_deterministic(0)
    model_class = MODELS[model].load()
    config_class = getattr(model_class, "Config", None)
    arguments = {} if config_class is None else {"config": config_class()}
    network: nn.Module = model_class(n_features=N_FEATURES, **arguments)
    return equipped(network.to(device), model, kernels)


def _data(sequence_length: int, batch_size: int, device: str) -> tuple[Tensor, Tensor]:
    """Return random features and annotations of a few batches: as many frames at any length."""
    n_windows = batch_size * max(1, 60 // sequence_length)
    features = torch.randn(n_windows, sequence_length, N_FEATURES, device=device)
    return features, 0.3 * torch.randn(n_windows, sequence_length, 2, device=device)


def _windows(sequence_length: int, batch_size: int, device: str) -> Windows:
    """Return the same data as the harness holds them."""
    features, annotations = _data(sequence_length, batch_size, device)
    return Windows(features, annotations, tuple((index, 0) for index in range(len(features))))


def _timed(run: Callable[[], int], device: str) -> tuple[float, int]:
    """Return the seconds and steps of one pass."""
    _wait(device)
    started = time.perf_counter()
    n_steps = run()
    _wait(device)
    return time.perf_counter() - started, n_steps


def _median_seconds(run: Callable[[], Any], device: str, n_rounds: int) -> float:
    """Return the median seconds of a call, after one that warms up."""
    run()
    return statistics.median(_timed(run, device)[0] for _ in range(n_rounds))


def _wait(device: str) -> None:
    """Wait until the device has done what it was given."""
    if device == "cuda":
        torch.cuda.synchronize()
    elif device == "mps":
        torch.mps.synchronize()


def _median_ratio(slower: Sequence[float], faster: Sequence[float]) -> float:
    """Return the median over rounds of the ratio within a round."""
    return statistics.median(one / two for one, two in zip(slower, faster, strict=True))
