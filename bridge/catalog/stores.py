"""Which store is meant: a folder, or what is behind an fsspec URL."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from bridge.configuration import home, store_place

__all__ = ["GUARD", "Content", "Store", "hidden", "open_store"]

GUARD = 24 * 3600.0
"""Seconds for which content is safe after it was put, also while no record refers to it."""


class Content(NamedTuple):
    """What a store holds under one reference, and when it was last put, where that is known."""

    ref: str
    size: int
    added: float | None


class Store(Protocol):
    """What every store can do; content is known by its reference, ``sha256:<64 digits>``."""

    def add(self, data: bytes) -> str:
        """Keep ``data``; gives its reference."""

    def add_object(self, data: bytes, parts: Sequence[memoryview]) -> str:
        """Keep a pickle and the large parts beside it; gives the reference of both."""

    def open(self, ref: str, anew: bool = False) -> BinaryIO:
        """The content, verified: ``anew``, or as it was when it last was.

        Raises FileNotFoundError when it is not there, OSError when it is damaged.
        """

    def read(self, ref: str) -> bytes:
        """The content. Raises FileNotFoundError, or OSError when it is damaged."""

    def put(self, folder: Path, paths: Collection[str]) -> dict[str, str]:
        """Store files below ``folder``; gives their references."""

    def hashes(self, folder: Path, paths: Collection[str]) -> dict[str, str]:
        """The references that files would have; nothing is stored."""

    def place(self, files: Mapping[str, str]) -> None:
        """Write content to the paths where it is wanted and not in place already.

        Raises FileNotFoundError for the first that is not there, OSError for one that is damaged.
        """

    def contents(self) -> Iterator[Content]:
        """All that is there."""

    def sizes(self, refs: Collection[str]) -> dict[str, int]:
        """How many bytes of content there are under each reference that is there."""

    def lost(self, refs: Collection[str]) -> set[str]:
        """Those whose content is not there, or damaged as far as a look at it tells."""

    def remove(self, refs: Collection[str], before: float) -> set[str]:
        """Remove content unless it was put after a time; gives what was removed."""

    def sweep(self, before: float) -> None:
        """Remove what killed processes have left behind, and give free space back."""


def open_store(place: str | os.PathLike[str] | None = None) -> Store:
    """The store at ``place``, a folder or an fsspec URL; by default the one that is configured."""
    found = os.fspath(place or store_place())
    if "://" in found and not found.startswith("file://"):
        return _remote(found)
    return _folder(os.path.abspath(found.removeprefix("file://")))


@lru_cache(maxsize=8)
def _folder(place: str) -> Store:
    from bridge.catalog.folder import Folder

    return Folder(Path(place))


@lru_cache(maxsize=8)
def _remote(url: str) -> Store:
    from bridge.catalog.remote import Remote

    return Remote(url)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_remote.cache_clear)  # its connections are the parent's


def hidden(store: Store, folder: Path) -> list[Path]:
    """What no glob finds in a working directory: the store, and what bridge keeps of its runs."""
    own = home().resolve()
    kept = [own / "runs", own / "store"] if folder.is_relative_to(own) else [own]
    return [*kept, *getattr(store, "hidden", ())]
