"""What cells cost: timed here for people, or reckoned, alike on every machine, to be shared."""

from math import isqrt

from torch import nn

from benchmark.errors import USER_ERRORS, ModelBroken
from benchmark.plan.cell import Cell
from benchmark.plan.classes import ends_the_run
from benchmark.plan.config import TrainingConfig
from benchmark.train.batches import Windows
from benchmark.train.estimate import Estimate, StepTimes, estimate
from benchmark.train.kernels import Kernels
from benchmark.users_code import users_code
from datasets.contract import Split

# of one frame, in a unit of our own, chosen after the committed seconds of an epoch: blstm takes
# 12 times those of crnn (13 here), crnn_nb 0.8 (0.75); other machines and layers differ by 2 or 3,
# which evens out, since repetitions of a model go to different shards
WITHOUT_TRAINING = 50_000  # loading, a floor row's regression, prediction
OF_ANY_NETWORK = 1_500


def cost(
    cell: Cell, split: Split, device: str, kernels: Kernels, step_times: StepTimes
) -> Estimate:
    """Estimate a cell; a model that cannot even take a step is left to fail on the record."""
    try:
        with users_code(cell.name, ModelBroken):
            return estimate(cell, split, device, kernels, step_times)
    except (ModelBroken, *USER_ERRORS) as error:  # training meets it again and records it
        if ends_the_run(error, cell.model):
            raise
        return Estimate(n_networks=1, n_epochs=1, seconds=0.0)


def work(cell: Cell, split: Split) -> float:
    """Return what a cell costs in a unit of no meaning, without a look at this machine."""
    n_frames = sum(song.n_frames for song in split.development)
    untrained = (cell.protocol.folds or 1) * n_frames * WITHOUT_TRAINING
    return untrained + cost(cell, split, "cpu", "plain", StepWork()).seconds


class StepWork(StepTimes):
    """Work instead of seconds, from sizes alone.

    Larger matrices are multiplied faster, hence parameters to the power of 3/4, in whole numbers:
    the last digit of a real one depends on the machine, and would deal cells otherwise.
    """

    def of_step(self, network: nn.Module, window: Windows, training: TrainingConfig) -> float:
        """Return the work of one training step on a full batch."""
        size = sum(one.numel() for one in network.parameters())
        of_frame = OF_ANY_NETWORK + isqrt(size * isqrt(size))
        return training.batch_size * window.features.shape[1] * of_frame
