"""The catalog's globs and paths: those of the standard library, and never outside."""

from __future__ import annotations

import glob
import uuid
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bridge.carried.files import _find, _Folder, _matches, _parts
from bridge.catalog.walk import find

names = st.sampled_from(["a", "b", "ab", ".a", "a.b", "[a]", "ü", "a b", "*"])
trees = st.sets(st.lists(names, min_size=1, max_size=4).map(tuple), max_size=12)
segments = st.sampled_from(
    ["**", "*", "?", "a", "b", "a*", "*b", ".*", "[ab]", "[!a]", "[[]a]", "[a", "a**", ".a", "ü"]
)
globs = st.lists(segments, min_size=1, max_size=4).map("/".join)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(trees, globs)
@example({("a",), ("b", "a"), (".a", "b")}, "**/**/*")
@example({("a",), ("b", "a")}, "a/**")
def test_globs_are_those_of_the_standard_library(
    tmp_path: Path, tree: set[tuple[str, ...]], pattern: str
) -> None:
    root = tmp_path / uuid.uuid4().hex
    root.mkdir()
    for path in sorted(tree, key=len, reverse=True):
        if not (root / "/".join(path)).exists():
            (root / "/".join(path)).parent.mkdir(parents=True, exist_ok=True)
            (root / "/".join(path)).touch()
    expected = {
        found
        for found in glob.glob(pattern, root_dir=root, recursive=True)  # noqa: PTH207 - the measure
        if (root / found).is_file() and not found.endswith("/")  # a file is no folder
    }
    found = set(_find(_parts(pattern), root.resolve(), _Folder(tmp_path / "store")))
    assert found == expected
    walked = list(find(_parts(pattern), root.resolve()))
    assert sorted(walked) == sorted(expected)
    everything = [path.relative_to(root).parts for path in root.rglob("*") if path.is_file()]
    assert {"/".join(path) for path in everything if _matches(path, _parts(pattern))} == expected


hostile = st.lists(
    st.sampled_from(
        ["..", ".", "", "a", "link", "/", "\\", "C:", "\0", "~", "%2e%2e", "\u2025", "in"]
    ),
    min_size=1,
    max_size=5,
).map("/".join)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("kind", ["carried", "catalog"])
@given(path=hostile)
def test_no_manifest_writes_outside(work: Path, tmp_path: Path, kind: str, path: str) -> None:
    files = import_module(f"bridge.{kind}.files")
    outside = tmp_path / "outside"
    outside.mkdir(exist_ok=True)
    ref = files.save(b"hostile")
    if not (work / "link").is_symlink():
        (work / "link").symlink_to(outside)
        (work / "in").mkdir()
        (work / "in/link").symlink_to("../..")
    before = set(tmp_path.rglob("*")) - set(work.rglob("*"))
    try:
        with files.catalog(get=["**"], upstream=[{path: ref}]):
            pass
    except (ValueError, OSError):
        pass
    assert set(tmp_path.rglob("*")) - set(work.rglob("*")) == before
    assert list(outside.iterdir()) == []
