"""Studies on a Ray cluster of simulated nodes: the records of one machine, whatever happens.

Needs the extra [ray].
"""

import os
import random
import subprocess
import sys
import time

import numpy as np
import pytest

from benchmark.record.store import read_predictions, read_records
from tests.benchmark.cli.cli import ROOT, clean, mer_here
from tests.conftest import USERS_FILE

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'mer-benchmark[ray]'")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # of Ray's own sockets and processes
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]
N_KILLS = 20
STUDY = (
    "run", "--models", "tiny_gru,constant,linear", "--dataset", "tiny", "--repetitions", 4,
    "--max-epochs", 40,
)  # fmt: skip


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Return a cluster of two nodes with a core each; the second has a data folder of its own."""
    from ray.cluster_utils import Cluster

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    variables = {"PYTHONPATH": str(ROOT), "MER_DATA": ""}
    cluster = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 1, "include_dashboard": False, "env_vars": variables},
    )
    cluster.add_node(num_cpus=1, env_vars=variables)
    yield cluster
    cluster.shutdown()


@pytest.fixture
def study(tmp_path, cluster):
    file = tmp_path / "mine.py"
    file.write_text(USERS_FILE)
    return [*STUDY, "--include", file, "--executor", "ray", "--address", cluster.address]


@pytest.fixture
def local(tmp_path, capfd):
    """Return the records of one machine."""
    file = tmp_path / "mine.py"
    file.write_text(USERS_FILE)
    results = tmp_path / "local"
    options = [*STUDY, "--include", file, "--no-mlflow", "--results", results]
    assert mer_here(capfd, *options).returncode == 0
    return results


def outcomes(results):
    """Return what records and predictions say, but for times and machines."""
    return {
        record.cell: (
            {**vars(record), "circumstances": None},
            {song: rows.tobytes() for song, rows in read_predictions(results, record).items()},
        )
        for record in read_records(results)
    }


def assert_equal(found, expected):
    assert found.keys() == expected.keys()
    for key, (fields, predictions) in expected.items():
        assert found[key][1] == predictions
        for name, value in fields.items():
            assert repr(found[key][0][name]) == repr(value), name


def start(arguments, results):
    return subprocess.Popen(
        [sys.executable, "-m", "benchmark", *map(str, arguments), "--results", results],
        cwd=ROOT, env=clean({}), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def test_a_cluster_leaves_the_records_of_one_machine(study, local, tmp_path, capfd):
    answer = mer_here(capfd, *study, "--results", tmp_path / "r")
    assert answer.returncode == 0, answer.stderr
    assert "Ray: 2 nodes, 2 cores, 0 GPUs" in answer.stderr
    assert_equal(outcomes(tmp_path / "r"), outcomes(local))
    again = mer_here(capfd, *study, "--results", tmp_path / "r")
    assert "0 to run" in again.stderr


def test_a_driver_killed_at_any_moment_goes_on_where_it_was(study, local, tmp_path, capfd):
    source = random.Random(1)
    results = tmp_path / "r"
    for _ in range(N_KILLS):
        process = start([*study, "--no-mlflow"], results)
        time.sleep(source.uniform(3, 12))
        process.kill()
        process.wait()
    assert mer_here(capfd, *study, "--no-mlflow", "--results", results).returncode == 0
    assert_equal(outcomes(results), outcomes(local))
    assert not [path for path in results.rglob(".mer-*") if path.stat().st_size > 0]


def test_two_drivers_on_one_folder_train_every_cell_once(study, local, tmp_path):
    results = tmp_path / "r"
    drivers = [start([*study, "--no-mlflow"], results) for _ in range(2)]
    assert [driver.wait(200) for driver in drivers] == [0, 0]
    assert_equal(outcomes(results), outcomes(local))
    assert not list((results / "claims").iterdir())


def test_a_cell_that_kills_its_process_fails_on_the_record(study, tmp_path, capfd):
    file = tmp_path / "deadly.py"
    file.write_text(
        """
import os
from models.baselines import Constant
from models.registry import ModelEntry

class Deadly(Constant):
    def fit(self, songs, trainer):
        super().fit(songs, trainer)
        if "OMP_NUM_THREADS" in os.environ:  # which Ray sets
            os._exit(3)

MODELS = {"deadly": ModelEntry(target=Deadly, summary="", kind="estimator")}
"""
    )
    options = [*study, "--include", file, "--models", "deadly,constant"]
    answer = mer_here(capfd, *options, "--no-mlflow", "--results", tmp_path / "r")
    records = {record.model: record for record in read_records(tmp_path / "r")}
    assert answer.returncode == 1
    assert records["deadly"].error == "its process was killed, twice"
    assert records["constant"].status == "done"


def test_songs_that_nodes_lack_are_named_or_sent_along(cluster, tmp_path, capfd):
    data = tmp_path / "songs"
    data.mkdir()
    file = tmp_path / "filed.py"
    file.write_text(
        """
from pathlib import Path
import numpy as np
from datasets.contract import DatasetError, Song, Split
from datasets.registry import DatasetEntry

def load(options, features, data_root):
    if data_root is None or not (data_root / "songs.npy").is_file():
        raise DatasetError(f"No songs.npy in {data_root}.")
    rows = np.load(data_root / "songs.npy")
    songs = [
        Song(f"s{index}", rows[index, :, :6].copy(), np.tanh(rows[index, :, 6:]).copy(),
             15 + 0.5 * np.arange(rows.shape[1]))
        for index in range(len(rows))
    ]
    return Split(tuple(songs[:24]), tuple(songs[24:]))

DATASETS = {"filed": DatasetEntry(load=load, summary="", feature_sets=("six",))}
"""
    )
    rows = np.random.default_rng(1).normal(size=(27, 20, 8)).astype(np.float32)
    np.save(data / "songs.npy", rows)
    options = [
        "run", "--models", "constant", "--dataset", "filed", "--include", file, "--data-root",
        data, "--executor", "ray", "--address", cluster.address, "--no-mlflow",
    ]  # fmt: skip
    variables = {"PYTHONPATH": str(ROOT), "MER_DATA": str(tmp_path)}
    without = cluster.add_node(num_cpus=1, env_vars=variables)
    try:
        named = mer_here(capfd, *options, "--results", tmp_path / "named")
        sent = mer_here(capfd, *options, "--ship-data", "--results", tmp_path / "sent")
    finally:
        cluster.remove_node(without)
    assert named.returncode == sent.returncode == 0, named.stderr + sent.stderr
    said = f"left out: dataset filed with features six not there (No songs.npy in {tmp_path}.)"
    assert said in named.stderr
    assert "left out" not in sent.stderr
    assert_equal(outcomes(tmp_path / "named"), outcomes(tmp_path / "sent"))


def test_without_a_gpu_nothing_is_planned_for_one(study, tmp_path, capfd):
    begun = time.monotonic()
    answer = mer_here(capfd, *study, "--device", "cuda", "--results", tmp_path / "r")
    assert answer.returncode == 2
    assert answer.stderr.splitlines()[-1].startswith("error: The Ray cluster has no GPU")
    assert time.monotonic() - begun < 10
