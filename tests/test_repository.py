"""The rules that keep the house standing, held against every file that git knows."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@cache
def tracked() -> list[Path]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in done.stdout.splitlines() if (ROOT / line).is_file()]


def texts(*suffixes: str) -> list[tuple[str, str]]:
    return [
        (path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
        for path in tracked()
        if path.suffix in suffixes
    ]


def test_the_core_names_no_framework():
    names = re.compile(r"metaflow|kedro|airflow", re.IGNORECASE)
    named = [
        path for path, text in texts(".py") if path.startswith("bridge/") and names.search(text)
    ]
    assert named == []


def test_no_file_is_longer_than_400_lines():
    long = [
        path
        for path, text in texts(".py")
        if len(text.splitlines()) > 400 and "/golden/" not in path
    ]
    assert long == []


def test_packages_stand_where_pytest_cannot_confuse_them():
    stray = [
        path.relative_to(ROOT).as_posix()
        for path in tracked()
        if path.name == "__init__.py"
        and (path.parent.name in ("adapters", "tests") or path.parent.parent.name == "adapters")
    ]
    assert stray == []


def test_names_of_test_files_are_unique():
    names = [path.name for path in tracked() if path.name.startswith("test_")]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        (
            "an index of packages",
            r"files\.pythonhosted\.org|pypi\.org/simple|--(extra-)?index-url +h",
        ),
        ("a path of a machine", r"/(root|home)/[a-z]+/|/work/(main|shared)"),
        ("a secret", r"AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY"),
    ],
)
def test_no_file_holds(what, pattern):
    found = []
    for path in tracked():
        if path == Path(__file__) or path.suffix in (".npz", ".png"):
            continue
        if re.search(pattern, path.read_text(encoding="utf-8", errors="replace")):
            found.append(path.relative_to(ROOT).as_posix())
    assert found == [], f"{what} in {found}"


def test_yaml_is_loaded_safely():
    unsafe = re.compile(r"yaml\.(full_load|unsafe_load|load_all)|yaml\.load\((?![^)]*Loader)")
    found = [
        path
        for path, text in texts(".py")
        if unsafe.search(text) and path != "tests/test_repository.py"
    ]
    assert found == []
