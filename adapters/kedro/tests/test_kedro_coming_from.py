"""The migration that ``docs/coming-from/kedro.md`` tells of, carried out as it stands there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PAGE = HERE.parents[2] / "docs" / "coming-from" / "kedro.md"


@pytest.mark.engine
def test_the_commands_of_the_page(tmp_path: Path) -> None:
    shutil.copytree(HERE / "sources" / "spaceflights", tmp_path / "spaceflights")
    blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    commands = [command for block in blocks for command in block.splitlines()]
    moved = [command for command in commands if "moved" in command]
    others = [command for command in commands if command not in moved]
    with ThreadPoolExecutor() as threads:  # each process imports all that the project does
        told = dict(pair for pairs in threads.map(partial(ran, tmp_path), [moved, others])
                    for pair in pairs)  # fmt: skip
    assert len(told) == 7
    assert "source, local agree" in told["bridge verify spaceflights --on source,local"]
    assert list((tmp_path / "dags").rglob("*.py"))
    assert (tmp_path / "moved" / "pipeline.py").is_file()
    assert not (tmp_path / "moved" / "functions.py").exists()
    catalog = (tmp_path / "again" / "conf" / "base" / "catalog.yml").read_text("utf-8")
    assert '"active_modelling_pipeline.regressor"' in catalog or (
        "active_modelling_pipeline.regressor:" in catalog
    )


def ran(folder: Path, commands: list[str]) -> list[tuple[str, str]]:
    """The commands, one after the other, each with what it said."""
    return [(command, said(command, folder)) for command in commands]


def said(command: str, folder: Path) -> str:
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
