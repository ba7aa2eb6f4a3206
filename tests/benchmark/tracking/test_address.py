"""The address of a tracking server is checked before anything is trained, and keeps its secrets."""

import pytest

from benchmark.errors import ConfigError
from benchmark.tracking.address import checked_address, shown, without_secrets
from tests.benchmark.cli.cli import mer_here


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:5000", "https://mlflow.example.org/team", "http://me:pw@host:80"],
)
def test_an_address_of_a_server_is_taken_as_it_is(address):
    assert checked_address(address) == address
    assert checked_address(f"{address}/") == address


def test_a_database_gets_the_driver_that_is_installed_and_an_end_to_waiting():
    assert checked_address("postgresql://me:p%40w@host/runs") == (
        "postgresql+psycopg://me:p%40w@host/runs?connect_timeout=10"
    )


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("http://", "is no address of a server: write http://HOST:PORT"),
        ("http://host:port", "is no address of a server"),
        ("http://a host", "is no address of a server"),
        ("https://[", "is no address of a server"),
        ("postgresql://me:s3cr3t@host", "is no address of a database"),
        ("postgresql+nothing://host/runs", "the driver 'nothing' is not installed"),
        ("sqlite:///runs.db", "is no server: give http://, https:// or postgresql://"),
        ("file:./mlruns", "The copy in a file is made anyway, beside the records"),
        ("mlruns", "is no server"),
        ("ftp://me:s3cr3t@host", "is no server"),
    ],
)
def test_anything_else_is_refused_in_one_line(address, message):
    with pytest.raises(ConfigError) as refused:
        checked_address(address)
    assert message in str(refused.value)
    assert "s3cr3t" not in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize("command", ["run", "search", "report"])
def test_a_bad_address_ends_every_command_before_it_begins(tmp_path, capfd, command):
    results = tmp_path / "results"
    done = mer_here(capfd, command, "--results", results, "--tracking-uri", "file:runs")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "--tracking-uri 'file:runs' is no server" in line
    assert not results.exists()


def test_a_place_in_mlflows_own_variable_is_meant_for_other_programs(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "databricks")
    assert checked_address("databricks") is None


@pytest.mark.parametrize(
    ("address", "seen"),
    [
        ("http://me:s3cr3t@host/x", "http://***@host/x"),
        ("https://s3cr3t@host", "https://***@host"),
        ("postgresql://me:s3cr3t@host/x", "postgresql://me@host/x"),
        ("postgresql://host/x?password=s3cr3t&a=1", "postgresql://host/x?password=***&a=1"),
    ],
)
def test_no_secret_is_shown(address, seen):
    assert shown(address) == seen
    assert without_secrets(f"cannot reach {address}, s3cr3t", address).count("s3cr3t") == 0


def test_a_quoted_secret_is_hidden_in_both_forms():
    text = without_secrets("p%40w or p@w", "postgresql://me:p%40w@host/x")
    assert text == "*** or ***"
