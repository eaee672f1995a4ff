"""Scripts as users of the ``runnable`` SDK write them, and the way to run one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

CALL = '\nif __name__ == "__main__":\n    main()\n'


def notebook(*cells: str, parameters: str = "") -> str:
    """A notebook of these cells, with a first one for the parameters if there are any."""

    def cell(number: int, source: str, tags: list[str]) -> dict[str, Any]:
        shared = {"cell_type": "code", "execution_count": None, "outputs": []}
        return {**shared, "id": f"c{number}", "metadata": {"tags": tags}, "source": source}

    first = [cell(0, parameters, ["parameters"])] if parameters else []
    rest = [cell(i, source, []) for i, source in enumerate(cells, 1)]
    return json.dumps({"cells": first + rest, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@dataclass
class Script:
    """A script with what it needs, and what its run must have given.

    ``steps`` are those that did not simply succeed, by their status; ``says`` is part of what it
    prints, ``error`` part of what it says when it fails.
    """

    name: str
    text: str
    parameters: dict[str, Any] = field(default_factory=dict)
    steps: dict[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    put: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    path: str = "pipe.py"
    says: str = ""
    error: str = ""

    def write(self, folder: Path) -> Path:
        """Write the script and its files."""
        for path, text in {**self.files, self.path: dedent(self.text) + CALL}.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        return folder / self.path


def ran(
    command: list[str], folder: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """A command in a folder, with nothing of this project's state around it."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("BRIDGE_", "RUNNABLE_"))}
    return subprocess.run(
        command,
        cwd=folder,
        env={**kept, "PYTHONPATH": str(folder), "PYTHONWARNINGS": "error", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def python(script: Path, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """``python script``."""
    return ran([sys.executable, str(script.relative_to(folder))], folder, environment)


def records(folder: Path) -> list[dict[str, Any]]:
    """The records of all runs in a folder, the oldest first."""
    found = sorted((folder / ".bridge" / "runs").glob("*/run.json"), key=os.path.getmtime)
    return [json.loads(path.read_text(encoding="utf-8")) for path in found]
