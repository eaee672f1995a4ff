"""What the tests of the core share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# A test run by xdist is no process of a single thread; its functions may be known here alone.
os.environ.setdefault("BRIDGE_START", "fork")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, with no state of earlier runs and no parameters around."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BRIDGE_HOME", raising=False)
    return tmp_path


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, beside the store."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PIPELINE_STORE", str(tmp_path / "store"))
    return folder
