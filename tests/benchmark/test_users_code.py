"""A user's file, options or loader that does not behave becomes one line."""

import os
import signal
import time

import numpy as np
import pytest

from benchmark import users_code
from benchmark.errors import ConfigError, PluginError, ResultsError
from benchmark.plan.config import StudyConfig
from benchmark.plan.expand import expand
from benchmark.predict.predictor import Predictor
from benchmark.run.execute import Job, execute
from benchmark.run.loading import _cached_split, load_split
from benchmark.run.plugins import include_plugins
from benchmark.users_code import described, time_limit
from datasets.contract import DatasetError
from datasets.features.registry import extractor_for
from datasets.ranges import FeatureRange
from datasets.registry import DATASETS, DatasetEntry
from models.registry import MODELS, ModelEntry
from tests.benchmark.cli.cli import mer_here
from tests.benchmark.users import raising, record_of, spoilt
from tests.conftest import USERS_FILE

__all__ = ["record_of"]  # a fixture

ROW = "from models.registry import ModelEntry\nMODELS = {'a': ModelEntry(target=3, summary='b')}"
DATA = (
    "from datasets.registry import DatasetEntry\n"
    "DATASETS = {'a': DatasetEntry(load=print, summary='b', feature_sets=())}"
)
TEXTLESS = "class Odd(Exception):\n    __str__ = None\nraise Odd"
FILES = {
    "import sys; sys.exit(0)": "SystemExit: 0 in ",
    "raise KeyboardInterrupt": "KeyboardInterrupt in ",
    TEXTLESS: "Odd: its text raises TypeError in ",
    "import warnings, numpy; numpy.seterr(all='raise'); warnings.simplefilter('error'); 1/0":
        "ZeroDivisionError: division by zero",
    "MODELS = 3": r"MODELS is no dictionary of names \(text\) and rows",
    "DATASETS = ['a']": "DATASETS is no dictionary",
    "MODELS = {3: None}": "MODELS is no dictionary",
    ROW: "'a', target.*: ",
    DATA: "'a' has no feature_sets; name at least one",
}  # fmt: skip


@pytest.mark.parametrize(("text", "message"), FILES.items())
def test_a_file_that_misbehaves_is_refused_in_one_line(tmp_path, registries, text, message):
    path = tmp_path / "mine.py"
    path.write_text(text)
    with pytest.raises(PluginError, match=message) as caught:
        include_plugins([path])
    assert str(path) in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    "text",
    [
        "while True: pass",
        "import time; time.sleep(60)",
        "while True:\n    try:\n        while True: pass\n    except Exception: pass",
        "import os\nname = __file__ + '.fifo'\nos.mkfifo(name)\nopen(name)",
    ],
)
def test_an_import_that_never_ends_is_ended(tmp_path, registries, monkeypatch, text):
    monkeypatch.setattr(users_code, "IMPORT_SECONDS", 0.3)
    path = tmp_path / "mine.py"
    path.write_text(text)
    before, started = signal.getsignal(signal.SIGALRM), time.monotonic()
    with pytest.raises(PluginError, match=r"TookTooLong: it did not end within 0\.3 s"):
        include_plugins([path])
    assert time.monotonic() - started < 20
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_an_import_that_ends_in_time_is_left_alone():
    with time_limit(0.05):
        pass
    time.sleep(0.1)


def test_text_of_any_length_and_kind_is_one_printable_line():
    line = described(ValueError("a\nb\x1b[1m" + 10_000 * "c"))
    assert line.startswith("ValueError: a b?[1mccc")
    assert len(line) <= len("ValueError: ") + 2000


@pytest.mark.parametrize(
    ("load", "message"),
    [
        (lambda *_: 1 / 0, "Dataset 'odd' cannot be loaded: ZeroDivisionError: division by zero"),
        (lambda *_: exit(), "Dataset 'odd' cannot be loaded: SystemExit"),
        (lambda *_: 3, "Dataset 'odd': its loader returned a int, not a Split"),
        ("nowhere:load", "Dataset 'odd' cannot be loaded: ModuleNotFoundError"),
    ],
)
def test_a_loader_that_misbehaves_is_named(registries, load, message):
    DATASETS["odd"] = DatasetEntry(load=load, summary="odd", feature_sets=("six",))
    _cached_split.cache_clear()
    with pytest.raises(DatasetError, match=message):
        load_split("odd", {}, "six", None)


def test_a_model_that_cannot_be_imported_is_named(registries):
    MODELS["odd"] = ModelEntry(target="nowhere:Net", summary="odd")
    with pytest.raises(PluginError, match=r"Model 'odd' \(nowhere:Net\): ModuleNotFoundError"):
        expand(StudyConfig(name="s", models=("odd",)), "")


def test_options_that_cannot_be_are_refused(registries):
    from dataclasses import dataclass, field

    @dataclass(frozen=True)
    class Config:
        path: object = field(default_factory=object)

    @dataclass(frozen=True)
    class Leaving:
        def __post_init__(self):
            raise SystemExit(0)

    for config, message in (
        (Config, "Config.path is a object; a setting is a finite number, text"),
        (Leaving, "odd: the class of its options: SystemExit: 0"),
        (print, "Model 'odd': its Config is no dataclass"),
    ):
        target = type("Net", (), {"Config": config})
        MODELS["odd"] = ModelEntry(target=target, summary="odd")
        with pytest.raises((ConfigError, PluginError), match=message):
            expand(StudyConfig(name="s", models=("odd",)), "")


def test_a_model_that_cannot_predict_a_recording_is_named(tmp_path, monkeypatch):
    features = np.zeros((4, 64), np.float32)
    monkeypatch.setattr("benchmark.predict.predictor.extract_file", lambda *_: features)
    learned = FeatureRange(features[0], features[0])
    model = spoilt(predict=raising(SystemExit(0)))(n_features=64, config=None)
    predictor = Predictor("mine", [model], extractor_for("logmel"), learned)
    with pytest.raises(ResultsError, match=r"a.wav: model mine cannot predict it: SystemExit: 0"):
        predictor.predict(tmp_path / "a.wav")


def test_listing_names_a_model_that_cannot_be_built(registries, capfd, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(ROW.replace("target=3", "target=dict"))
    answer = mer_here(capfd, "list", "models", "--include", path)
    assert answer.returncode == 2
    assert answer.stderr.startswith("error: Model 'a' cannot be built with its defaults: ")


def test_a_users_kind_of_our_error_fails_its_cell(record_of):
    class MineError(DatasetError):
        """An error that cannot be pickled: it takes two arguments."""

        def __init__(self, one, two):
            super().__init__(one)

    failed = record_of(spoilt(fit=raising(MineError("too", "few"))))
    assert (failed.status, failed.error.partition(" in ")[0]) == ("failed", "MineError: too")


def test_a_command_ended_by_someone_elses_exit_is_no_success(capfd, monkeypatch):
    monkeypatch.setattr("benchmark.plan.studies.read_study", lambda *_: exit(0))
    answer = mer_here(capfd, "run", "--executor", "inline")
    assert answer.returncode == 2
    assert answer.stderr.startswith("error: A model, dataset or package called sys.exit(0)")


CHANGING = USERS_FILE.replace(
    '[20] * 24, 1)', '[20] * 24, 1 if multiprocessing.parent_process() is None else 3)'
).replace("import numpy", "import multiprocessing\nimport numpy")  # fmt: skip


@pytest.fixture
def changing(tmp_path):
    """Write a user's file whose songs are others in every worker process."""
    assert "parent_process" in CHANGING
    path = tmp_path / "changing.py"
    path.write_text(CHANGING)
    return path


def only_line(answer, start):
    """See that a command was refused in one line."""
    assert answer.returncode == 2, answer.stderr
    assert "Traceback" not in answer.stderr
    lines = [line for line in answer.stderr.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1
    assert lines[0].startswith(start)


def test_a_run_refuses_cells_whose_songs_changed_after_planning(changing, tmp_path, capfd):
    results = tmp_path / "r"
    answer = mer_here(capfd, "run", "--dataset", "tiny", "--models", "tiny_gru", "--max-epochs", 1,
                 "--include", changing, "--workers", 2, "--results", results)  # fmt: skip
    only_line(answer, "error: Dataset 'tiny' changed: ")
    assert not list(results.glob("records/*/*.json"))


def test_a_search_refuses_trials_whose_songs_changed(changing, tmp_path, capfd):
    results = tmp_path / "r"
    common = ("--model", "crnn", "--dataset", "tiny", "--trials", 2, "--folds", 2,
              "--max-epochs", 1, "--include", changing, "--results", results)  # fmt: skip
    storage = f"journal:{tmp_path / 'log'}"
    answer = mer_here(capfd, "search", *common, "--workers", 2, "--storage", storage)
    only_line(answer, "error: Search 'crnn-")
    assert "dataset digest" in answer.stderr
    assert not list(results.glob("records/*/*.json"))


def test_a_search_refuses_finalists_whose_songs_changed(changing, tmp_path, capfd):
    results = tmp_path / "r"
    answer = mer_here(
        capfd, "search", "--model", "crnn", "--dataset", "tiny", "--trials", 1, "--folds", 2,
        "--max-epochs", 1, "--repetitions", 3, "--include", changing, "--results", results,
    )  # fmt: skip
    only_line(answer, "error: Dataset 'tiny' changed: ")
    assert len(list(results.glob("records/*/*.json"))) == 1  # of the trial


def test_a_file_that_misbehaves_in_workers_alone_is_named(changing, tmp_path, capfd):
    changing.write_text(CHANGING + "if multiprocessing.parent_process(): raise SystemExit(0)\n")
    answer = mer_here(capfd, "run", "--dataset", "tiny", "--models", "tiny_gru", "--max-epochs", 1,
                 "--include", changing, "--workers", 2, "--results", tmp_path / "r")  # fmt: skip
    only_line(answer, f"error: --include {changing} failed while it was loaded: SystemExit: 0")


def test_jobs_of_other_songs_leave_nothing(tmp_path, registries):
    from tests.small_models import make_cell

    cell = make_cell("constant", dataset="synthetic", features="logmel", dataset_digest="f" * 64)
    with pytest.raises(DatasetError, match="Dataset 'synthetic' changed"):
        execute(Job(cell, tmp_path, None, "cpu"), lambda *_: None)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("caught", ["swallowed", "turned into an error"])
def test_a_stop_that_a_users_code_catches_stops_all_the_same(caught):
    def load():
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1)
        except BaseException as error:
            if caught != "swallowed":
                raise ValueError("mine") from error

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may ignore it
    try:
        with pytest.raises(KeyboardInterrupt), users_code.users_code("It", ConfigError):
            load()
    finally:
        signal.signal(signal.SIGINT, before)
