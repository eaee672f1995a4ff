"""The migration that ``docs/coming-from/airflow.md`` tells of, carried out as it stands there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PAGE = HERE.parents[2] / "docs" / "coming-from" / "airflow.md"


@pytest.mark.engine
def test_the_commands_of_the_page(tmp_path: Path) -> None:
    shutil.copytree(HERE / "sources" / "etl", tmp_path / "etl")
    blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    told = {command: ran(command, tmp_path) for block in blocks for command in block.splitlines()}
    assert len(told) == 6
    assert "source, local agree" in told["bridge verify etl/shop_dag.py --on source,local"]
    assert "airflow" not in (tmp_path / "moved" / "functions.py").read_text("utf-8")
    assert any("FlowSpec" in p.read_text("utf-8") for p in (tmp_path / "flow").glob("*.py"))
    written = (tmp_path / "dags" / "shop_dag.py").read_text("utf-8")
    for kept in ('pool="interfaces"', "outlets=[", 'tags=["daily", "shop"]', 'title="Shop"'):
        assert kept in written


def ran(command: str, folder: Path) -> str:
    scripts = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**os.environ, "PATH": scripts, "BRIDGE_HOME": str(folder / ".bridge")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr
