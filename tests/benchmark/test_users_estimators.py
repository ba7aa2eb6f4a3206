"""What a user's estimator may leave out, inherit, name and write into."""

from dataclasses import dataclass

import numpy as np

from benchmark.executors.contract import Means
from benchmark.plan.config import Study, StudyConfig, plain
from benchmark.run.execute import Job
from benchmark.run.jobs import executor_for, run_jobs
from benchmark.run.options import RunOptions
from benchmark.run.planning import plan_run
from benchmark.run.plugins import include_plugins
from models.contract import Estimator
from models.registry import MODELS, ModelEntry
from tests.benchmark.users import Mean, numbers, record_of, spoilt

__all__ = ["record_of"]  # a fixture


class Zero(Estimator):
    """Nothing but what must be written."""

    def __init__(self, *, n_features, config):
        pass

    def fit(self, songs, trainer):
        pass

    def predict(self, songs):
        return [np.zeros((song.n_frames, 2), np.float32) for song in songs]


def test_an_estimator_of_fit_and_predict_is_complete(record_of, tmp_path):
    record = record_of(Zero)
    assert (record.status, record.n_parameters, record.flops) == ("done", 0, 0), record.error
    assert record.components == {}
    assert not list(tmp_path.glob("weights/*/*"))


def test_an_estimator_without_the_base_class_gets_its_defaults(record_of):
    class Older:
        __init__, fit, predict = Zero.__init__, Zero.fit, Zero.predict

    assert not issubclass(Older, Estimator)
    record = record_of(Older)
    assert record.status == "done", record.error
    assert record.scores == record_of(Zero).scores


def test_a_method_that_must_be_written_is_named(record_of):
    class Unfinished(Estimator):
        __init__, fit = Zero.__init__, Zero.fit

    assert "Unfinished has no predict(songs)" in record_of(Unfinished).error


def test_a_function_that_makes_no_estimator_fails_with_what_to_inherit(record_of):
    MODELS["made"] = ModelEntry(
        target=lambda n_features, config: Mean(n_features=n_features, config=config),
        summary="made by a function", kind="estimator",
    )  # fmt: skip
    assert "let its class inherit models.contract.Estimator" in record_of("made").error


def test_components_may_be_called_as_any_score_of_the_record(record_of):
    names = ("model", "training", "training_scores", "scores", "status", "components")

    def components(self, songs):
        ones = [np.ones((song.n_frames, 2), np.float32) for song in songs]
        return {name: ones for name in names}

    plain_record, record = record_of(Mean), record_of(spoilt(components=components))
    assert (record.status, tuple(record.components)) == ("done", names)
    assert record.scores == plain_record.scores
    assert record.training_scores == plain_record.training_scores
    assert record.components["model"] == record.components["status"] != record.scores


@dataclass
class Options:
    """Not frozen, so that a model can write into it."""

    level: int = 1
    levels: tuple[int, ...] = (1, 2)


class Writing(Mean):
    """A model that writes into its own options."""

    Config = Options

    def __init__(self, *, n_features, config):
        super().__init__(n_features=n_features, config=config)
        config.level += 1
        self.level = config.level

    def other_parameters(self):
        return {"level": self.level}


def test_what_a_model_writes_into_its_options_reaches_no_record_and_no_other_cell(record_of):
    options = Options()
    first, second = (record_of(Writing, config=options) for _ in range(2))
    assert first.config == plain(Options()) == {"level": 1, "levels": [1, 2]}
    assert first.parameters == {"level": 2}
    assert numbers(second) == numbers(first)
    assert options == Options()


MADE_IN_A_FUNCTION = '''
"""Classes that no pickle can name."""
from dataclasses import dataclass
from models.baselines import Constant
from models.registry import ModelEntry

def make(level):
    @dataclass
    class Options:
        shift: float = level
        sizes: tuple[int, ...] = (1, 2)

    class Shifted(Constant):
        Config = Options

        def __init__(self, *, n_features, config):
            super().__init__(n_features=n_features)
            assert isinstance(config, Options) and config.sizes == (1, 2)
            self.shift = config.shift

        def predict(self, songs):
            return [one + self.shift for one in super().predict(songs)]

    return Shifted

MODELS = {
    f"shifted{level}": ModelEntry(target=make(level / 10), summary="", kind="estimator")
    for level in (1, 2)
}
'''


def test_options_of_classes_made_in_functions_reach_worker_processes(tmp_path, registries):
    file = tmp_path / "mine.py"
    file.write_text(MADE_IN_A_FUNCTION)
    include_plugins([file])
    part = StudyConfig(name="mine", models=("shifted1", "shifted2"), repetitions=1)
    options = RunOptions(results=tmp_path / "results", include=(file,), is_dry=True)
    records = {}
    cells = plan_run(Study("mine", (part,)), options).cells
    jobs = [Job(cell, options.results, None, "cpu") for cell in cells]
    run_jobs(
        jobs, executor_for(options, Means(n_workers=2), cells),
        on_progress=lambda _: None,
        on_record=lambda record: records.update({record.model: record}),
    )  # fmt: skip
    assert [records[f"shifted{level}"].status for level in (1, 2)] == ["done", "done"]
    assert records["shifted2"].config == {"shift": 0.2, "sizes": [1, 2]}
