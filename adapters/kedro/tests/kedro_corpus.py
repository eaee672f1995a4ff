"""Real sources for this adapter's reader: projects in the shape of Kedro's starters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

__all__ = ["cases"]

SOURCES = Path(__file__).parent / "sources"


def cases() -> Iterator[tuple[str, Path, str]]:
    """A name, a project, and the name of one of its pipelines (empty: the default)."""
    for folder in sorted(path for path in SOURCES.iterdir() if path.is_dir()):
        yield folder.name, folder, ""
        if folder.name == "spaceflights":
            yield "spaceflights:data_processing", folder, "data_processing"
