"""Storages of searches are merged study by study, and a merged search goes on."""

import shutil
import sqlite3
from contextlib import closing

import optuna
import pytest
from filelock import FileLock

from benchmark.errors import ConfigError, ResultsError
from benchmark.plan.config import validated
from benchmark.record.places import prepare_folder
from benchmark.run.plugins import include_plugins
from benchmark.search.merge import merge_folders
from benchmark.search.search import SearchOptions, search_on
from benchmark.search.spec import SearchConfig, checked_search
from benchmark.search.storage import default_storage, open_storage, sqlite_address
from tests.benchmark.search.searching import write_file
from tests.made_up_folders import contents, touched

FILES = ("optuna.db", "optuna.log")


def storage_of(folder, file):
    path = folder / file
    return open_storage(sqlite_address(path) if file == "optuna.db" else f"journal:{path}")


def add_study(folder, file, name, n_trials):
    """Add finished trials to a study of a folder's storage."""
    (folder / "plans").mkdir(parents=True, exist_ok=True)
    study = optuna.create_study(
        study_name=name, storage=storage_of(folder, file), load_if_exists=True
    )
    study.set_user_attr("made by", "tests")
    for number in range(len(study.trials), n_trials):
        trial = study.ask({"x": optuna.distributions.FloatDistribution(0, 10)})
        trial.set_user_attr("cell", str(number))
        trial.report(float("nan"), 1)
        study.tell(trial, 0.1 * number)


def trials_of(folder, file, name):
    study = optuna.load_study(study_name=name, storage=storage_of(folder, file))
    return [
        (trial.number, trial.state, trial.values, trial.params, trial.user_attrs, trial.duration)
        for trial in study.trials
    ]


@pytest.fixture(scope="module", params=FILES)
def searched(request, tmp_path_factory):
    """Return a storage's name and a folder of folders: two searches, one of them twice."""
    folder, file = tmp_path_factory.mktemp("searched"), request.param
    add_study(folder / "one", file, "first", 1)
    shutil.copytree(folder / "one", folder / "longer")
    add_study(folder / "longer", file, "first", 2)
    add_study(folder / "other", file, "second", 1)
    return file, folder


@pytest.fixture
def folders(searched, tmp_path, monkeypatch):
    """Return the storage's name and copies of the folders."""
    file, folder = searched
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    monkeypatch.setattr("os.fsync", lambda descriptor: None)
    return file, tmp_path / "one", tmp_path / "longer", tmp_path / "other"


def test_studies_of_several_storages_come_into_one_and_the_second_time_nothing(folders, tmp_path):
    file, one, _, other = folders
    both = tmp_path / "both"
    before = touched(one) | touched(other)
    merge_folders([one, other], both)
    for name, folder in (("first", one), ("second", other)):
        assert trials_of(both, file, name) == trials_of(folder, file, name)
        assert len(trials_of(both, file, name)) == 1
    assert touched(one) | touched(other) == before
    before = touched(both)
    assert not merge_folders([one, other], both).files
    assert touched(both) == before


def test_a_search_that_two_folders_hold_differently_is_named_until_one_is_preferred(
    folders, tmp_path
):
    file, one, longer, other = folders
    before = contents(one)
    with pytest.raises(ResultsError, match=r"search first, 2 trials; search first, 1 trials"):
        merge_folders([longer, other], one)
    assert contents(one) == before
    merge_folders([other, longer], one, "newest")
    assert trials_of(one, file, "first") == trials_of(longer, file, "first")
    assert trials_of(one, file, "second") == trials_of(other, file, "second")


def hot_database(folder):
    """Leave a database as a kill in the middle of a large transaction does."""
    path = folder / "optuna.db"
    (folder / "live").mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("pragma cache_size=1")
        database.execute("begin")
        database.execute("delete from studies")
        database.execute("create table waste (x)")
        for _ in range(300):
            database.execute("insert into waste values (?)", ("x" * 500,))
        for name in ("optuna.db", "optuna.db-journal"):
            shutil.copy(folder / name, folder / "live")
    for file in (folder / "live").iterdir():
        shutil.move(file, folder / file.name)
    (folder / "live").rmdir()


@pytest.mark.parametrize("searched", ["optuna.db"], indirect=True)
def test_a_database_that_a_kill_left_in_a_transaction_counts_as_before_it(folders, tmp_path):
    file, one, longer, other = folders
    hot_database(one)
    before = contents(one)
    assert "optuna.db-journal" in before
    merge_folders([one], tmp_path / "both")
    assert contents(one) == before
    assert len(trials_of(tmp_path / "both", file, "first")) == 1
    hot_database(other)
    merge_folders([longer], other)
    assert len(trials_of(other, file, "first")) == 2
    assert len(trials_of(other, file, "second")) == 1


@pytest.mark.parametrize("searched", ["optuna.db"], indirect=True)
def test_a_database_that_a_search_holds_is_not_replaced(folders):
    _, one, _, other = folders
    before = contents(one)
    with (
        FileLock(one / "optuna.db.lock", is_singleton=False),
        pytest.raises(ConfigError, match="Another process is searching in"),
    ):
        merge_folders([other], one)
    assert contents(one) == before


@pytest.mark.parametrize("searched", ["optuna.db"], indirect=True)
@pytest.mark.parametrize(
    ("content", "message"),
    [(b"SQLite format 3" + bytes(2000), "cannot be read: "), (b"x" * 2000, "not a database")],
)
def test_what_is_no_storage_is_named_and_other_logs_are_left(folders, tmp_path, content, message):
    _, one, _, other = folders
    (other / "notes.log").write_text("mine")
    (one / "optuna.db").write_bytes(content)
    with pytest.raises(ResultsError, match=message) as caught:
        merge_folders([other, one], tmp_path / "both")
    assert str(one / "optuna.db") in str(caught.value)
    assert not (tmp_path / "both").exists()
    (one / "optuna.db").write_bytes(b"")  # a search that was killed as it began
    merge_folders([other, one], tmp_path / "both")
    assert not (tmp_path / "both" / "notes.log").exists()


def searched_to(folder, n_trials):
    """Search in a folder, without figures and MLflow, to so many trials; return their values."""
    options = SearchOptions(results=folder, storage=default_storage(folder))
    given = {
        "model": "narrow", "dataset": "tiny", "folds": 2, "trials": n_trials, "sampler": "random",
        "set": {"training.max_epochs": 1},
    }  # fmt: skip
    prepare_folder(folder)
    study = search_on(
        checked_search(validated(SearchConfig, given, where="search")), options,
        on_begin=lambda trials: None, on_trial=lambda trial: None, on_epoch=lambda *epoch: None,
    )  # fmt: skip
    return [(trial.params, trial.value) for trial in study.trials]


@pytest.mark.usefixtures("registries")
def test_a_merged_search_goes_on_where_it_stopped(tmp_path):
    include_plugins([write_file(tmp_path)])
    first = searched_to(tmp_path / "there", 2)
    add_study(tmp_path / "here", "optuna.db", "mine", 1)
    merge_folders([tmp_path / "there"], tmp_path / "here")
    third = searched_to(tmp_path / "here", 3)
    assert third[:2] == first
    assert third == searched_to(tmp_path / "there", 3)  # as if it had not been moved
