"""Stand-ins for Slurm, ssh and Ray: as much of each as the scripts of `tools/clusters` use."""

import argparse
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

PROGRAMS = {
    "scontrol": """
        case "$1" in
            requeue) touch "$STAND_IN/requeued" ;;
            show) echo node1; echo node2 ;;
        esac""",
    "srun": 'while [[ $1 == -* ]]; do shift; done; exec "$@"',
    "ray": 'while [[ $1 != -- ]]; do shift; done; shift; exec "$@"',
    "ssh": 'echo "$2" >>"$STAND_IN/machines"; shift 2; exec bash -c "$*"',
}
# in place of the program itself: notes the arguments, ends with the next of the wanted codes
RECORDER = """
    printf '%s\\n' "${*@Q}" >>"$STAND_IN/calls"
    code=$(head -n 1 "$STAND_IN/codes" 2>/dev/null) && sed -i 1d "$STAND_IN/codes"
    exit "${code:-0}" """


class Cluster:
    """A folder with stand-ins, first in the PATH of what runs here."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "stand-ins"
        self.home = folder / "clone"
        self.home.mkdir()
        self.folder.mkdir()
        for name, body in PROGRAMS.items():
            self.put(self.folder / name, body)
        path = f"{self.folder}{os.pathsep}{os.environ['PATH']}"
        self.env = {**os.environ, "PATH": path, "STAND_IN": str(self.folder)}

    def put(self, path: Path, body: str) -> None:
        """Write a program in bash."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/usr/bin/env bash\n{body}\n")
        path.chmod(0o755)

    def record(self, *codes: int) -> None:
        """Let `python` and `mer-benchmark` note their arguments, and end with these codes."""
        for path in (
            self.folder / "python",
            self.folder / "mer-benchmark",
            self.home / ".venv" / "bin" / "python",
        ):
            self.put(path, RECORDER)
        (self.folder / "codes").write_text("".join(f"{code}\n" for code in codes))

    def calls(self) -> list[list[str]]:
        """Return the noted arguments, sorted."""
        return sorted(map(shlex.split, (self.folder / "calls").read_text().splitlines()))

    def bash(self, *words: object, **env: object) -> int:
        """Run bash in the clone; return its exit code."""
        variables = {**self.env, **{name: str(value) for name, value in env.items()}}
        words = ("bash", *map(str, words))
        return subprocess.run(words, cwd=self.home, env=variables, check=False).returncode

    def sbatch(self, *words: object) -> list[int]:
        """Run a script as Slurm would: a copy of it, once per task and again when requeued."""
        options, script, arguments = self._submitted([str(word) for word in words])
        spooled = Path(shutil.copy(script, self.folder / "slurm_script"))
        name, _, value = (options.export or "").removeprefix("ALL,").partition("=")
        first, _, last = (options.array or "1-1").partition("-")
        codes = []
        for task in range(int(first), int(last) + 1):
            env = {
                "SLURM_ARRAY_TASK_ID": task, "SLURM_JOB_ID": 100 + task,
                "SLURM_CPUS_PER_TASK": 1, "SLURM_CPUS_ON_NODE": 1,
                "SLURM_JOB_NODELIST": "node[1-2]", "SLURM_JOB_NUM_NODES": options.nodes,
            } | ({name: value} if name else {})  # fmt: skip
            code = self.bash(spooled, *arguments, **env)
            requeued = self.folder / "requeued"
            while requeued.exists():
                requeued.unlink()
                n_restarts = int(env.get("SLURM_RESTART_COUNT", 0)) + 1
                env["SLURM_RESTART_COUNT"] = n_restarts
                code = self.bash(spooled, *arguments, **env)
            codes.append(code)
        return codes

    def _submitted(self, words: list[str]) -> tuple[argparse.Namespace, Path, list[str]]:
        """Read options of the command and of the script's #SBATCH lines; Slurm knows no others."""
        parser = argparse.ArgumentParser("sbatch", exit_on_error=False)
        for option in ("array", "cpus-per-task", "export", "job-name", "mem-per-cpu", "nodes",
                       "ntasks-per-node", "open-mode", "output", "time"):  # fmt: skip
            parser.add_argument(f"--{option}")
        for switch in ("exclusive", "requeue"):
            parser.add_argument(f"--{switch}", action="store_true")
        n_options = next(n for n, word in enumerate(words) if not word.startswith("-"))
        script = Path(words[n_options])
        lines = re.findall(r"^#SBATCH (.+)", script.read_text(), re.M)
        options = parser.parse_args([*lines, *words[:n_options]])
        return options, script, words[n_options + 1 :]
