"""The carried modules in a project of their own, where nothing else of this one is at hand."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import bridge.carried

FOLDER = Path(bridge.carried.__file__).parent
MODULES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__")


def _siblings(module: str) -> set[str]:
    """The modules that one imports, and those that they import."""
    text = (FOLDER / f"{module}.py").read_text()
    direct = set(re.findall(r"^\s*from \.(\w+) import", text, re.MULTILINE))
    return direct | {name for sibling in direct for name in _siblings(sibling)}


def _run(project: Path, code: str) -> str:
    """Run Python in a project, with nothing on its path but the project and what is installed.

    This project is installed too: a package of its name that cannot be imported stands before it.
    """
    (project / "bridge.py").write_text("raise ImportError('not here')")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("module", MODULES)
def test_each_module_needs_only_the_siblings_it_names(module: str, tmp_path: Path) -> None:
    package = tmp_path / "tasklib"
    package.mkdir()
    for name in {"__init__", module, *_siblings(module)}:
        shutil.copy(FOLDER / f"{name}.py", package)
    heavy = ["numpy", "pandas", "fsspec", "papermill", "pydantic", "asyncio", "jupyter_client"]
    if module != "arguments":
        heavy.append("inspect")
    if module not in ("shell", "notebook"):
        heavy += ["subprocess", "tempfile"]
    loaded = _run(
        tmp_path,
        f"import sys, tasklib.{module}; print([n for n in {heavy!r} if n in sys.modules])",
    )
    assert loaded == "[]\n"


@pytest.mark.parametrize("module", ["__init__", *MODULES])
def test_a_reader_finds_a_module_of_his_own_project(module: str) -> None:
    text = (FOLDER / f"{module}.py").read_text()
    assert "bridge" not in text.lower()
    for framework in ("metaflow", "kedro", "airflow"):
        assert framework not in text.lower()


def test_the_store_and_the_notebooks_are_those_of_the_project(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "tasklib", ignore=shutil.ignore_patterns("__pycache__"))
    assert (
        _run(
            tmp_path,
            "import os, sys; os.environ.pop('PIPELINE_STORE', None); sys.path[0] = os.getcwd()\n"
            "os.mkdir('elsewhere'); os.chdir('elsewhere')\n"
            "from tasklib.files import catalog\n"
            "from tasklib.notebook import PROJECT\n"
            "open('a', 'w').write('1')\n"
            "with catalog(put=['a']) as files: pass\n"
            "print(PROJECT, *sorted(files.manifest))",
        )
        == f"{tmp_path.resolve()} a\n"
    )
    assert len([p for p in (tmp_path / ".store/sha256").rglob("*") if p.is_file()]) == 1
