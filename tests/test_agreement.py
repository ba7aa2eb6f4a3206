"""The agreement of compiled and plain layers is what `results/README.md` says it is."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

RESULTS = Path(__file__).parents[1] / "results"


def test_the_printed_script_gives_the_printed_numbers_and_the_figure(tmp_path):
    text = (RESULTS / "README.md").read_text()
    section = text.partition("## agreement-fused")[2].partition("\n## ")[0]
    for kind in ("fused", "plain"):
        source = RESULTS / f"agreement-{kind}" / "records"
        shutil.copytree(source, tmp_path / f"agreement-{kind}" / "records")
    (tmp_path / "agreement-fused" / "figures").mkdir()
    (script,) = re.findall(r"```python\n(.*?)```", section, re.S)
    answer = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    told = dict(re.findall(r"(\w+) mean 0(\.\d+ spread 0\.\d+)", answer.stdout))
    rows = re.findall(r"^\| (crnn\w*) \|.*\| (\.\d+) \| (\.\d+) \|", section, re.M)
    faster = re.findall(r"^\| (crnn\w*) \|.*\| ([\d.]+) \|$", section, re.M)
    assert dict(re.findall(r"(\w+) mean .* seconds ([\d.]+)", answer.stdout)) == dict(faster)
    assert len(rows) == 2
    for model, mean, spread in rows:
        assert told[model] == f"{mean} spread 0{spread}"
        assert min(float(mean), float(spread)) > 0.05  # no difference that 20 seeds would show
    assert (tmp_path / "agreement-fused" / "figures" / "agreement.png").stat().st_size > 5000
    assert (RESULTS / "agreement-fused" / "figures" / "agreement.png").is_file()
