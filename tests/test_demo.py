"""The MNIST example on every engine there is, small enough for a test."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.adapter import installed

ROOT = Path(__file__).parent.parent


@pytest.mark.engine
def test_all_engines_agree_on_the_example(here):
    engines = ["local", *(name for name in installed() if name != "fake")]
    command = [
        Path(sys.executable).with_name("bridge"),
        "compare",
        ROOT / "examples/mnist/pipeline.py",
    ]
    small = ["-p", "epochs=1", "-p", "train_size=1000", "-p", 'sizes={"small": 8, "large": 16}']
    done = subprocess.run(
        [*command, "--on", ",".join(engines), *small, "-o", "report"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((here / "report" / "report.json").read_text())
    assert report["differences"] == []
    assert [run["on"] for run in report["runs"]] == engines
    for run in report["runs"]:
        assert set(run["metrics"]) == {"accuracy_small", "accuracy_large", "accuracy", "macro_f1"}
        assert len(run["objects"]) == 5
        assert set(run["files"]) == {"digits.npz", "predictions.csv", "confusion.png", "report.txt"}
        assert len(run["steps"]) == 8
