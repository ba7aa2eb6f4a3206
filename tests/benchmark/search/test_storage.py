"""Where searches live: addresses, what is wrong with them, and a journal that was torn."""

import json

import optuna
import pytest

from benchmark.errors import ConfigError, MerError
from benchmark.search.storage import open_storage, repair_journal, serves_many
from benchmark.tracking.address import shown

LINE = '{"op_code":4,"worker_id":"w","study_id":0,"datetime_start":"2026-01-01T00:00:00"}'


def journal_of(path, n_trials):
    """Write a real journal with some finished trials."""
    study = optuna.create_study(
        storage=open_storage(f"journal:{path}"), study_name="s", load_if_exists=True
    )
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=n_trials)


def trials_of(path):
    return optuna.load_study(study_name="s", storage=open_storage(f"journal:{path}")).trials


def test_a_torn_last_line_is_dropped_and_the_search_goes_on(tmp_path):
    path = tmp_path / "search.log"
    journal_of(path, 3)
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])  # the kill came while trial 2 wrote its value
    journal_of(path, 2)
    kept = [one for one in trials_of(path) if one.state.name == "COMPLETE"]
    assert [one.number for one in kept] == [0, 1, 3, 4]
    assert (tmp_path / "search.log.torn").read_bytes() == whole[:-20]


def test_optuna_itself_cannot_read_on_after_a_torn_line(tmp_path):
    path = tmp_path / "search.log"
    journal_of(path, 2)
    path.write_bytes(path.read_bytes()[:-20] + f"{LINE}\n{LINE}\n".encode())
    with pytest.raises(json.JSONDecodeError):
        optuna.load_study(
            study_name="s",
            storage=optuna.storages.JournalStorage(
                optuna.storages.journal.JournalFileBackend(str(path))
            ),
        )
    assert repair_journal(path) == 1
    assert len(trials_of(path)) == 4  # the torn line fell, both that followed were kept


def test_a_whole_journal_is_left_alone(tmp_path):
    path = tmp_path / "search.log"
    journal_of(path, 2)
    before = path.read_bytes()
    assert repair_journal(path) == 0
    assert path.read_bytes() == before
    assert not (tmp_path / "search.log.torn").exists()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("results/x.db", "write sqlite:///FILE, journal:FILE or"),
        ("mysql://root@localhost/x", "write sqlite:///FILE"),
        ("postgresql+psycopg://me:secret@127.0.0.1:1/x", "cannot be opened"),
        ("postgresql+nodriver://me@127.0.0.1/x", "no database address|not installed"),
        ("sqlite:////proc/none/x.db", "cannot be opened"),
        ("journal:/proc/none/x.log", "cannot be opened"),
    ],
)
def test_an_address_that_leads_nowhere_is_one_clear_error(url, said):
    with pytest.raises(MerError, match=said) as error:
        open_storage(url)
    assert "secret" not in str(error.value)


def test_sqlite_serves_one_process_and_the_others_many():
    assert not serves_many("sqlite:///x.db")
    assert serves_many("journal:x.log") and serves_many("postgresql+psycopg://h/x")


def test_a_password_is_never_shown():
    assert shown("postgresql+psycopg://me:secret@host/x") == "postgresql+psycopg://me@host/x"
    assert shown("sqlite:///x.db") == "sqlite:///x.db"
    for url in (
        "postgresql+psycopg://me@host:x/x?password=secret&a=1",
        "postgresql+psycopg://me:secret@host:notaport/x?sslpassword=secret",
    ):
        assert "secret" not in shown(url)
        with pytest.raises(ConfigError, match="is no database address: ") as raised:
            open_storage(url)
        assert "secret" not in str(raised.value)
