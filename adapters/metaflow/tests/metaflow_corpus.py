"""Flows that are there to be read: what Metaflow ships, and those beside this file."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import files
from pathlib import Path

HERE = Path(__file__).parent

NEEDS = {
    "03-playlist-redux": "the results of an earlier run, of 02-statistics",
    "04-playlist-plus": "the results of an earlier run, and packages of conda",
    "05-hello-cloud": "Kubernetes",
}
"""The tutorials that do not run by themselves, and what they need."""

RANDOM = ("01-playlist", "03-playlist-redux", "04-playlist-plus")
"""Those that draw without a seed, so that no two runs agree."""


def tutorials() -> Iterator[tuple[str, Path]]:
    """Metaflow's tutorials, each a flow in a file."""
    for file in sorted(files("metaflow") or (), key=str):
        if "tutorials" in file.parts and file.suffix == ".py":
            yield file.parts[-2], Path(str(file.locate()))


def own() -> Iterator[tuple[str, Path]]:
    """Flows written to be read."""
    for path in sorted(HERE.joinpath("sources").glob("*_flow.py")):
        yield path.stem, path


def cases() -> Iterator[tuple[str, Path, str]]:
    """Each source: what it is called, its file, and the flow in it."""
    for name, path in (*tutorials(), *own()):
        yield name, path, ""
