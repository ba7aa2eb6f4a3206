"""One row per model and sequence length: times, ratios, memory, share of the machine's limit."""

import statistics
from dataclasses import dataclass

import torch

from benchmark.evaluate.complexity import count_flops, count_parameters
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
from benchmark.train.kernels import Kernels, kernels_for
from benchmark.workers import n_cores

EXPECTED_RATIO = 2.5  # a fused model that is not this much faster than a bare loop fell behind
BACKWARD = 3  # a training step costs about three forward passes
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
    product = median_seconds(lambda: one @ one, device, n_rounds=9)
    copy = median_seconds(lambda: target.copy_(large), device, n_rounds=9)
    return Limits(2 * 1024**3 / product / 1e9, 2 * large.numel() * 4 / copy / 1e9)


def measure(subject: Subject, limits: Limits, n_rounds: int) -> SpeedRow:
    """Time one network model in turns."""
    kernels = kernels_for(subject.model, subject.device, "fused")
    kinds: set[Kernels] = {"plain", kernels}
    bare = bare_loop(subject)
    loops: dict[str, Pass] = {kind: harness_loop(subject, kind) for kind in kinds}
    times = in_turns({"bare": bare} | loops, subject.device, n_rounds)
    seconds = {name: statistics.median(one) for name, one in times.items()}
    all_cores = _on_all_cores(subject, n_rounds)
    beside = side_by_side(subject, kernels)
    predictions = {kind: prediction_seconds(subject, kind, n_rounds) for kind in kinds}
    memory = {kind: added_memory(subject, kind) for kind in kinds}
    network = subject.network()
    multiply_adds, _ = count_flops(network, N_FEATURES, subject.sequence_length)
    gflop = BACKWARD * 2 * CONFIG.batch_size * multiply_adds / 1e9
    n_frames = subject.frames_per_step
    return SpeedRow(
        model=subject.model,
        sequence_length=subject.sequence_length,
        parameters=count_parameters([network]),
        kernels=kernels,
        bare_ms=1e3 * seconds["bare"],
        harness_ms=1e3 * seconds["plain"],
        product_ms=1e3 * seconds[kernels],
        ratio=median_ratio(times["bare"], times[kernels]),
        overhead=median_ratio(times["plain"], times["bare"]) - 1,
        all_cores_ms=1e3 * all_cores,
        side_by_side_ms=1e3 * beside,
        five_repetitions=N_REPETITIONS * beside / n_processes(subject.device) / all_cores,
        training_frames_per_second=n_frames / seconds[kernels],
        prediction_frames_per_second=n_frames / predictions[kernels],
        plain_prediction_frames_per_second=n_frames / predictions["plain"],
        gflop_per_step=gflop,
        share_of_gemm=gflop / seconds[kernels] / limits.gemm_gflops,
        plain_mb=memory["plain"],
        product_mb=memory[kernels],
    )


def _on_all_cores(subject: Subject, n_rounds: int) -> float:
    """Return the seconds per step of the bare loop with as many threads as cores."""
    run = bare_loop(subject)
    torch.set_num_threads(n_cores())
    try:
        return statistics.median(in_turns({"bare": run}, subject.device, n_rounds)["bare"])
    finally:
        torch.set_num_threads(1)
