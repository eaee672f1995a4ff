"""Files on their way from task to task: as ``bridge.carried.files``, by the store of the engine.

It means the same and raises the same; what differs is what it costs. Files are looked at, placed
and stored many at a time, and those that have not changed are known by their state.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bridge.carried import files as carried
from bridge.carried.files import Parts, _parts, _resolve
from bridge.catalog.stores import hidden, open_store
from bridge.catalog.walk import find

__all__ = ["catalog", "load", "save"]

Place = str | os.PathLike[str] | None
"""A folder or an fsspec URL; None is the store that is configured."""


class catalog(carried.catalog):  # noqa: N801 - used as a verb, with catalog(get=["*.csv"]) as files:
    """Places the files a task gets in the working directory, and stores those it puts afterwards.

    See ``bridge.carried.files.catalog``.
    """

    def __init__(
        self,
        get: Iterable[str] = (),
        put: Iterable[str] = (),
        upstream: Iterable[Mapping[str, str] | None] = (),
        store: Place = None,
        store_copy: bool = True,
        manifest: dict[str, str] | None = None,
    ) -> None:
        self.manifest = {} if manifest is None else manifest
        self._get = {glob: _parts(glob) for glob in get}
        self._put = {glob: _parts(glob) for glob in put}
        self._held = {_parts(path): ref for held in upstream for path, ref in (held or {}).items()}
        self._at, self._store_copy = open_store(store), store_copy
        self._wanted: dict[str, str] = {}
        self._hidden: list[Path] = []

    def __enter__(self) -> catalog:
        self._wanted.clear()
        super().__enter__()
        self._hidden = hidden(self._at, self._folder)  # now, since the block may change directory
        self._refuse_links_out()
        try:
            self._at.place(self._wanted)
        except FileNotFoundError as error:
            raise self._not_placed(error) from None
        return self

    def _place(self, path: Parts, ref: str) -> None:
        self._wanted["/".join((str(self._folder), *path))] = ref

    def _refuse_links_out(self) -> None:
        for folder in {path.rpartition("/")[0] for path in self._wanted}:
            _resolve(Path(folder), self._folder)
        for path in self._wanted:
            if os.path.islink(path):
                _resolve(Path(path), self._folder)

    def _not_placed(self, error: FileNotFoundError) -> FileNotFoundError:
        path = next((p for p, ref in self._wanted.items() if ref in str(error)), "")
        name = path.removeprefix(f"{self._folder}/")
        return FileNotFoundError(
            f"'{name}' cannot be placed: {error}; if it was put with "
            "store_copy=False, it has to be in the working directory unchanged"
        )

    def _keep(self, pattern: Parts) -> bool:
        """Store the files that match; says whether there are any."""
        found = sorted(find(pattern, self._folder, self._hidden))
        new = [path for path in found if path not in self.manifest]
        keep: Any = self._at.put if self._store_copy else self._at.hashes
        self.manifest |= keep(self._folder, new) if new else {}
        return bool(found)


def save(data: bytes, store: Place = None) -> str:
    """Keep ``data`` in the store; returns the reference by which ``load`` finds it."""
    return open_store(store).add(data)


def load(ref: str, store: Place = None) -> bytes:
    """The content that ``save`` gave the reference for.

    Raises FileNotFoundError when the store has none, OSError when it is not what its hash says.
    """
    return open_store(store).read(ref)
