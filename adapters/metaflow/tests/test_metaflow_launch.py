"""A flow whose steps are copies of one process runs as it would by itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bridge_metaflow.engine import program

FLOW = """
import os
import random
import signal
import sys

from metaflow import FlowSpec, current, environment, retry, step


class Kept:
    pass


class CopiesFlow(FlowSpec):
    @step
    def start(self):
        self.kept, self.items = Kept(), [0, 1, 2]
        print("in", sys.executable, os.path.basename(sys.path[0]))
        print("bridge:", "bridge" in sys.modules, "_launch" in globals())
        self.next(self.draw, foreach="items")

    @retry(times=1, minutes_between_retries=0)
    @step
    def draw(self):
        if self.input == 1 and not current.retry_count:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.input == 2 and not current.retry_count:
            os._exit(7)
        self.drawn = random.random()
        self.next(self.join)

    @environment(vars={"PYTHONHASHSEED": "5", "OWN": "a\\nb"})
    @step
    def join(self, inputs):
        assert len({i.drawn for i in inputs}) == 3
        assert isinstance(inputs[0].kept, Kept)
        print("hashed:", hash("x"), repr(os.environ["OWN"]))
        self.next(self.end)

    @step
    def end(self):
        raise ValueError("at the end")


if __name__ == "__main__":
    CopiesFlow()
"""


@pytest.mark.engine
@pytest.mark.skipif(sys.platform != "linux", reason="processes are copied on Linux alone")
def test_steps_are_copies_that_live_and_die_alone(tmp_path: Path) -> None:
    flow = tmp_path / "project" / "copies.py"
    flow.parent.mkdir()
    flow.write_text(FLOW)
    home = {"METAFLOW_HOME": str(tmp_path), "METAFLOW_DATASTORE_SYSROOT_LOCAL": str(tmp_path)}
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    done = subprocess.run(
        [*program(str(flow)), "--quiet", "--no-pylint", "--metadata=local", "run"],
        cwd=tmp_path,
        env={**os.environ, **home, "METAFLOW_USER": "somebody", "TMPDIR": str(scratch)},
        capture_output=True,
        text=True,
    )
    printed = done.stdout + done.stderr
    seed = {**os.environ, "PYTHONHASHSEED": "5"}
    asked = [sys.executable, "-c", "print(hash('x'))"]
    hashed = subprocess.run(asked, env=seed, capture_output=True, text=True).stdout.strip()
    assert f"in {sys.executable} project" in printed
    assert "bridge: False False" in printed
    assert f"hashed: {hashed} 'a\\nb'" in printed
    assert printed.count("Task is starting (retry).") == 2
    assert "ValueError: at the end" in printed
    assert done.returncode == 1
    assert not [*scratch.iterdir()]
