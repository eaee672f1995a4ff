"""The migration that the documentation tells of, as it tells it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "coming-from" / "metaflow.md"


@pytest.mark.engine
@pytest.mark.slow
def test_the_commands_of_the_page_do_what_it_says(tmp_path: Path) -> None:
    blocks = dict(enumerate(re.findall(r"```(bash|python)\n(.*?)```", PAGE.read_text(), re.DOTALL)))
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONHASHSEED": "0",
        "METAFLOW_HOME": str(tmp_path / "metaflow"),
        "METAFLOW_USER": "somebody",
    }
    commands = "\n".join(text for kind, text in blocks.values() if kind == "bash")
    assert commands.count("bridge ") == 7
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    functions = (tmp_path / "movies" / "functions.py").read_text()
    (shown,) = (text for kind, text in blocks.values() if kind == "python")
    assert shown in functions
    assert "metaflow" not in functions
    assert (tmp_path / "again" / "functions.py").read_text() == functions
