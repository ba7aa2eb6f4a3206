"""One row per model and sequence length: times, ratios, memory, share of the machine's limit."""

import statistics
from dataclasses import dataclass

import torch

from benchmark.evaluate.complexity import count_activations, count_flops, count_parameters
from benchmark.executors.starting import n_cores
from benchmark.plan.config import Precision
from benchmark.plan.seeds import make_deterministic
from benchmark.speed.clock import Pass, in_turns, median_ratio, median_seconds
from benchmark.speed.loops import (
    CONFIG,
    N_FEATURES,
    Subject,
    bare_loop,
    harness_loop,
    prediction_seconds,
)
from benchmark.speed.processes import added_memory, n_processes, side_by_side
from benchmark.train.kernels import Kernels

EXPECTED_RATIO = 2.5  # a fused model that is not this much faster than a bare loop fell behind
BACKWARD = 3  # a training step costs about three forward passes
TRAFFIC = 4 * 4  # bytes: each value of 4 is written and read, and so is its gradient
N_REPETITIONS = 5


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
    precision: Precision
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
    least_mb_per_step: float  # features and what every layer writes must cross memory
    share_of_copy: float  # above 1 where caches hold it
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
    product = median_seconds(lambda: one @ one, device, n_rounds=9)
    copy = median_seconds(lambda: target.copy_(large), device, n_rounds=9)
    return Limits(2 * 1024**3 / product / 1e9, 2 * large.numel() * 4 / copy / 1e9)


def measure(subject: Subject, limits: Limits, n_rounds: int) -> SpeedRow:
    """Time one network model in turns."""
    definition = subject.definition
    loops: dict[Subject | None, Pass] = {None: bare_loop(subject)}  # None: not this suite's loop
    loops |= {kind: harness_loop(kind) for kind in (definition, subject)}  # may be one and the same
    times = in_turns(loops, subject.device, n_rounds)
    seconds = {kind: statistics.median(turns) for kind, turns in times.items()}
    all_cores = _on_all_cores(subject, n_rounds)
    beside = side_by_side(subject)
    predictions = {kind: prediction_seconds(kind, n_rounds) for kind in {definition, subject}}
    memory = {kind: added_memory(kind) for kind in {definition, subject}}
    network, n_frames = definition.network(), subject.frames_per_step
    multiply_adds, _ = count_flops(network, N_FEATURES, subject.sequence_length)
    gflop = BACKWARD * 2 * CONFIG.batch_size * multiply_adds / 1e9
    n_values = count_activations(network, N_FEATURES, subject.sequence_length)
    traffic = TRAFFIC * (CONFIG.batch_size * n_values + n_frames * N_FEATURES)
    return SpeedRow(
        model=subject.model,
        sequence_length=subject.sequence_length,
        parameters=count_parameters([network]),
        kernels=subject.kernels,
        precision=subject.precision,
        bare_ms=1e3 * seconds[None],
        harness_ms=1e3 * seconds[definition],
        product_ms=1e3 * seconds[subject],
        ratio=median_ratio(times[None], times[subject]),
        overhead=median_ratio(times[definition], times[None]) - 1,
        all_cores_ms=1e3 * all_cores,
        side_by_side_ms=1e3 * beside,
        five_repetitions=N_REPETITIONS * beside / n_processes(subject.device) / all_cores,
        training_frames_per_second=n_frames / seconds[subject],
        prediction_frames_per_second=n_frames / predictions[subject],
        plain_prediction_frames_per_second=n_frames / predictions[definition],
        gflop_per_step=gflop,
        share_of_gemm=gflop / seconds[subject] / limits.gemm_gflops,
        least_mb_per_step=traffic / 1e6,
        share_of_copy=traffic / 1e9 / seconds[subject] / limits.copy_gb_per_second,
        plain_mb=memory[definition],
        product_mb=memory[subject],
    )


def _on_all_cores(subject: Subject, n_rounds: int) -> float:
    """Return the seconds per step of the bare loop with as many threads as cores."""
    run = bare_loop(subject)
    torch.set_num_threads(n_cores())
    try:
        return statistics.median(in_turns({None: run}, subject.device, n_rounds)[None])
    finally:
        torch.set_num_threads(1)
