"""What `search` refuses, before anything is trained: another meaning, bad input, taken names."""

import shutil
import sqlite3
from contextlib import closing
from types import SimpleNamespace

import optuna
import pytest

from benchmark.search.search import open_study
from tests.benchmark.cli.cli import mer_once
from tests.benchmark.search.searching import found, options, search, write_file


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """Search with one trial under the name `mine`."""
    folder = tmp_path_factory.mktemp("searched")
    write_file(folder)
    done = mer_once("search", *options(folder, trials=1, name="mine"))
    assert done.returncode == 0, done.stderr
    return folder / "results"


@pytest.fixture
def mine(searched, tmp_path):
    """Return a folder of one's own with that search."""
    shutil.copytree(searched, tmp_path / "results")
    return tmp_path


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"folds": 3}, "folds: 2 before, 3 now"),
        ({"max_epochs": 4}, "settings training.max_epochs: 3 before, 4 now"),
        ({"set": "narrow.width=3"}, "space narrow.width: 1 to 8, whole before, None now"),
        ({"sampler": "nsga2"}, "objectives: "),
        ({"seed": 1}, "seed: 2017 before, 1 now"),
        ({"space": "grid"}, "space "),
        ({"set": "protocol.test_sequence_length=whole"},
         "settings protocol.test_sequence_length: None before, whole now"),
    ],
)  # fmt: skip
def test_a_search_that_means_something_else_is_refused(capfd, mine, changed, said):
    before = found(mine, "mine")
    answer = search(capfd, mine, **{"trials": 2, "name": "mine"} | changed)
    assert answer.returncode == 2
    assert "Search 'mine' exists and differs." in answer.stderr
    assert said in answer.stderr
    assert found(mine, "mine") == before


def test_a_setting_that_came_later_had_its_default_before(capfd, mine):
    storage = f"sqlite:///{mine}/results/optuna.db"
    study = optuna.load_study(study_name="mine", storage=storage)
    identity = study.user_attrs["mer-benchmark"]
    assert identity["settings"].pop("training.precision") == "float32"
    study.set_user_attr("mer-benchmark", identity)
    assert search(capfd, mine, trials=2, name="mine").returncode == 0
    study.set_user_attr("mer-benchmark", identity)
    answer = search(capfd, mine, trials=3, name="mine", precision="bf16")
    assert answer.returncode == 2
    assert "settings training.precision: float32 before, bf16 now" in answer.stderr


def test_the_default_protocol_has_no_place_in_a_search_s_identity(capfd, mine):
    search(capfd, mine, trials=1, name="whole", set="protocol.test_sequence_length=whole")
    named = {"protocol.test_sequence_length": "whole"}
    usual = found(mine, "mine")["identity"]["settings"]
    assert not any(key.startswith("protocol.") for key in usual)
    assert found(mine, "whole")["identity"]["settings"] == usual | named
    answer = search(capfd, mine, trials=2, name="whole")
    assert answer.returncode == 2
    assert "settings protocol.test_sequence_length: whole before, None now" in answer.stderr


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a/b", "begins with a letter or digit"),
        ("../x", "begins with a letter or digit"),
        ("smoke", "ships with the suite"),
        ("mine", "mine.yaml is there and not from this search"),
    ],
)
def test_a_name_that_cannot_be_promoted_is_refused_before_anything_is_trained(
    capfd, tmp_path, name, said
):
    studies = tmp_path / "results" / "studies"
    studies.mkdir(parents=True)
    (studies / "mine.yaml").write_bytes(b"models: [crnn]  # \xff\n")  # nor UTF-8
    answer = search(capfd, tmp_path, trials=1, promote=name)
    assert answer.returncode == 2
    assert said in answer.stderr
    assert [path.name for path in (tmp_path / "results").iterdir()] == ["studies"]
    assert (studies / "mine.yaml").read_bytes() == b"models: [crnn]  # \xff\n"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"model": "linear"}, "Model 'linear' has no search space. Models that have one: crnn"),
        ({"model": "linear"}, "in its row: ModelEntry(..., spaces={'mine': {...}})"),
        ({"model": "crn"}, "No model is called 'crn'. Did you mean 'crnn'?"),
        ({"space": "smal"}, "Did you mean 'small'?"),
        ({"space": "impossible"}, "allows what its configuration refuses"),
        ({"space": "unknown"}, "names 'narrow.depth'"),
        ({"space": "opening"}, "names 'protocol.selection'"),
        ({"trials": "many"}, "trials='many'"),
        ({"trials": 0}, "trials"),
        ({"folds": 1}, "folds"),
        ({"folds": 25}, "24 songs|25"),
        ({"sampler": "best"}, "sampler='best'"),
        ({"pruner": "axe"}, "pruner='axe'"),
        ({"timeout": "soon"}, "--timeout='soon' is no duration such as 90s, 50m, 2h or 1h30m."),
        ({"set": "protocol.selection=evaluation"}, "never on evaluation songs"),
        ({"set": "protocol.folds=3"}, "Use --folds"),
        ({"set": "narrow.width=99"}, "width"),
        ({"sampler": "grid"}, "training.learning_rate is a range"),
        ({"workers": 2}, "SQLite serves one process. Use --storage journal:"),
        ({"storage": "nowhere"}, "write sqlite:///FILE"),
        ({"dataset": "synthetik"}, "Did you mean 'synthetic'?"),
        ({"model": "blstm_ensemble", "sequence_length": 10}, "takes no --sequence-length"),
    ],
)
def test_bad_input_is_one_clear_line(capfd, tmp_path, changed, said):
    answer = search(capfd, tmp_path, **{"trials": 2} | changed)
    assert answer.returncode == 2
    assert answer.stdout == ""
    errors = [line for line in answer.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert any(part in errors[0] for part in said.split("|"))


@pytest.mark.parametrize("table", ["studies", "study_directions"])
def test_a_storage_whose_tables_are_gone_is_named_in_one_line(capfd, mine, table):
    with closing(sqlite3.connect(mine / "results" / "optuna.db")) as database, database:
        database.execute(f"DROP TABLE {table}")
    answer = search(capfd, mine, trials=2, name="mine")
    assert answer.returncode == 2
    assert "is damaged: tables or rows are missing. Remove it" in answer.stderr


def test_a_storage_that_is_a_link_out_of_the_folder_is_refused(capfd, tmp_path, users_file):
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "optuna.db").symlink_to(tmp_path / "outside.db")
    answer = search(capfd, tmp_path, trials=1)
    assert answer.returncode == 2
    assert "optuna.db is a link out of results folder" in answer.stderr
    assert not (tmp_path / "outside.db").exists()


def test_a_study_of_another_program_is_refused(capfd, tmp_path, users_file, monkeypatch):
    monkeypatch.setattr("benchmark.search.search.SECONDS_TO_NAME", 0)
    (tmp_path / "results").mkdir()
    optuna.create_study(storage=f"sqlite:///{tmp_path}/results/optuna.db", study_name="mine")
    answer = search(capfd, tmp_path, trials=1, name="mine")
    assert answer.returncode == 2
    assert "holds a study 'mine' that this suite did not make" in answer.stderr


def test_a_study_that_another_process_is_making_is_waited_for(tmp_path, users_file, monkeypatch):
    study = optuna.create_study(storage=f"sqlite:///{tmp_path}/optuna.db", study_name="mine")
    said = []

    def after_a_while(_):
        said.append(study.set_user_attr("mer-benchmark", {"objectives": ["rmse"]}))

    monkeypatch.setattr("benchmark.search.search.time.sleep", after_a_while)
    search_of = SimpleNamespace(
        name="mine", identity=lambda digest: {"objectives": ["rmse"]}, is_two_objective=False
    )
    monkeypatch.setattr("benchmark.search.search.make_sampler", lambda _: None)
    monkeypatch.setattr("benchmark.search.search.make_pruner", lambda _: None)
    assert open_study(search_of, "d" * 64, study._storage).study_name == "mine"
    assert len(said) == 1


def test_a_storage_that_takes_no_more_trials_is_said_in_one_line(capfd, mine):
    with closing(sqlite3.connect(mine / "results/optuna.db")) as database:
        full = "SELECT RAISE(ABORT, 'database or disk is full')"
        database.execute(f"CREATE TRIGGER full BEFORE INSERT ON trials BEGIN {full}; END")
    answer = search(capfd, mine, trials=2, name="mine")
    assert answer.returncode == 2
    assert "cannot be read or written" in answer.stderr
    assert "database or disk is full" in answer.stderr
    assert "Traceback" not in answer.stderr
