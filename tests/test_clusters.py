"""The recipes for many machines do what they say, with stand-ins for Slurm, ssh and Ray."""

import json
import re
import shutil
import subprocess
import sys
import tomllib

import pytest
import yaml

from tests.cluster_stand_in import Cluster
from tests.pages import ROOT, parsed

RECIPES = ROOT / "tools" / "clusters"
SCRIPTS = sorted(RECIPES.glob("*.sh"))


@pytest.fixture
def cluster(tmp_path):
    return Cluster(tmp_path)


def option(call, name):
    """Return the value of an option of a noted call of `run`, after the command line took it."""
    words = call[2:] if call[:2] == ["-m", "benchmark"] else call
    assert parsed(words) == "run"
    return words[words.index(name) + 1]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_every_script_is_bash(script):
    checks = [["bash", "-n"], ["shellcheck"]]
    for check in checks[: 2 if shutil.which("shellcheck") else 1]:
        subprocess.run([*check, script], check=True)


def test_a_slurm_array_runs_every_share_and_queues_again_what_has_more_to_do(cluster):
    cluster.record(3, 0, 1, 0)
    codes = cluster.sbatch(
        "--array=1-3", "--export=ALL,SHARDS=3", RECIPES / "slurm_array.sh", "--study", "smoke"
    )
    assert codes == [0, 1, 0]
    calls = cluster.calls()
    assert [option(call, "--shard") for call in calls] == ["1/3", "1/3", "2/3", "3/3"]
    assert [option(call, "--results") for call in calls] == [
        f"results/shards/{shard}-of-3" for shard in (1, 1, 2, 3)
    ]
    assert {option(call, "--study") for call in calls} == {"smoke"}


def test_a_slurm_array_without_its_number_of_shards_says_so(cluster, capfd):
    cluster.record()
    assert cluster.sbatch("--array=1-1", RECIPES / "slurm_array.sh") == [1]
    assert "give --export=ALL,SHARDS=N" in capfd.readouterr().err


def test_slurm_with_ray_runs_one_driver_on_a_cluster_of_its_own(cluster):
    cluster.record(3, 0)
    assert cluster.sbatch("--nodes=2", RECIPES / "slurm_ray.sh", "--study", "smoke") == [0]
    first, second = cluster.calls()
    assert first == second
    assert option(first, "--executor") == "ray"
    assert option(first, "--address") == "node1:20101"


@pytest.mark.parametrize("name", ["slurm_array.sh", "slurm_ray.sh"])
def test_slurm_allows_more_time_than_run_begins_cells_in(name):
    text = (RECIPES / name).read_text()
    hours, minutes, _ = re.search(r"--time=(\d+):(\d+):(\d+)", text).groups()
    (timeout,) = re.findall(r"--timeout (\d+)m", text)
    assert int(timeout) < 60 * int(hours) + int(minutes)


def test_machines_reached_by_ssh_run_a_share_each_and_hand_it_over(cluster, capfd):
    cluster.record(1, 0)
    (cluster.home / "results" / "shard" / "records").mkdir(parents=True)
    code = cluster.bash(RECIPES / "ssh.sh", "ann bob", cluster.home, "--set", "crnn.dropout=.5 .6")
    assert code == 1
    assert [option(call, "--shard") for call in cluster.calls()] == ["1/2", "2/2"]
    assert {option(call, "--set") for call in cluster.calls()} == {"crnn.dropout=.5 .6"}
    machines = (cluster.folder / "machines").read_text().split()
    assert sorted(machines) == ["ann", "ann", "bob", "bob"]
    for machine in ("ann", "bob"):
        assert (cluster.home / "results" / "shards" / machine / "records").is_dir()
    assert "ended with exit code 1" in capfd.readouterr().out


def test_a_pod_of_the_indexed_job_runs_the_share_of_its_index(cluster):
    job = yaml.safe_load((RECIPES / "kubernetes.yaml").read_text())["spec"]
    (container,) = job["template"]["spec"]["containers"]
    cluster.record()
    shell, *words = [*container["command"], *container["args"]]
    assert shell == "bash"
    assert cluster.bash(*words, JOB_COMPLETION_INDEX=job["completions"] - 1) == 0
    (call,) = cluster.calls()
    assert option(call, "--shard") == f"{job['completions']}/{job['completions']}"
    assert option(call, "--workers") == container["resources"]["limits"]["cpu"]


def test_the_dockerfile_copies_and_installs_what_there_is():
    text = (RECIPES / "Dockerfile").read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for name in ("constraints.txt", "pylock.toml"):
        assert f" {name} " in text
        assert (ROOT / name).exists()
    (extras,) = re.findall(r"whl\)\[(.+)\]", text)
    assert set(extras.split(",")) <= set(project["optional-dependencies"])
    assert project["version"] in (RECIPES / "kubernetes.yaml").read_text()


@pytest.mark.slow
def test_an_array_of_three_merged_equals_one_run(cluster, users_file):
    cluster.put(cluster.folder / "python", f'exec {sys.executable} "$@"')
    cluster.env["PYTHONPATH"] = str(ROOT)
    study = ("--include", users_file, "--dataset", "tiny", "--models", "tiny_gru,constant",
             "--repetitions", 4, "--max-epochs", 2)  # fmt: skip
    array = ("--array=1-3", "--export=ALL,SHARDS=3", RECIPES / "slurm_array.sh")
    assert cluster.sbatch(*array, *study) == [0, 0, 0]
    run = "python -m benchmark run --results single --workers 1 --no-mlflow"
    assert cluster.bash("-c", f'{run} "$@"', "bash", *study) == 0
    merge = "python -m benchmark merge results/shards/* --into merged"
    assert cluster.bash("-c", merge) == 0

    def rows(folder):
        report = f"python -m benchmark report --results {folder} --no-mlflow --json >{folder}.json"
        assert cluster.bash("-c", f'{report} --include "$1"', "bash", users_file) == 0
        answer = json.loads((cluster.home / f"{folder}.json").read_text())
        return [row | {"train_seconds": None} for row in answer["rows"]]

    assert rows("merged") == rows("single")
    assert {row["n_cells"] for row in rows("merged")} >= {1, 4}
