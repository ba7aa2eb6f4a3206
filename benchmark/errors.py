"""The errors a user can cause. Each carries one line: given, expected, what to do.

MerError
    UnknownNameError    a name that is in no registry
    ConfigError         an option or a YAML key with an impossible value
    PluginError         a file or package of the user's that cannot be included
    ResultsError        a results folder or record that cannot be read or written
    DeviceError         a device this machine does not have
TrainingDiverged        not the user's fault: the loss left the finite numbers
TrainingStopped         not an error: whoever watches has seen enough, and nothing is recorded
ModelBroken             not the user's fault: a model failed while it was priced or counted
RecordFlawed            not the user's fault: a model's outcome fits into no record
WorkerLost              not the user's fault: a worker process was killed
"""

from datasets.contract import DatasetError


class MerError(Exception):
    """Something the user must change; shown as one line, exit code 2."""


class UnknownNameError(MerError):
    """A name that no registry row has."""


class ConfigError(MerError):
    """A setting that is unknown, malformed or out of range."""


class PluginError(MerError):
    """A user's file or package that cannot be included."""


class ResultsError(MerError):
    """A results folder or record that cannot be read or written."""


class DeviceError(MerError):
    """A device that was asked for and is not there."""


class TrainingDiverged(Exception):  # noqa: N818 - an outcome of training, not a mistake
    """The loss or a prediction became NaN or infinite; the cell is recorded as diverged."""


class ModelBroken(Exception):  # noqa: N818 - training meets it again, and records it
    """A user's model failed while it was priced or counted."""


class RecordFlawed(Exception):  # noqa: N818 - the cell is recorded as failed instead
    """A record just made that could not be read back: its model returned what none can hold."""


class TrainingStopped(Exception):  # noqa: N818 - a wish, not a mistake
    """Raised by a watcher of training to end it; the cell leaves no record."""


class WorkerLost(Exception):  # noqa: N818 - told in one line, exit code 1
    """A worker process was killed from outside; what is recorded stays."""


USER_ERRORS = (MerError, DatasetError)
