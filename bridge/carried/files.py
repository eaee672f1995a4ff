"""Files on their way from task to task, by way of a store that keeps content under its hash.

What a task hands on is a manifest, ``{"model/weights.bin": "sha256:..."}``; the content is in the
store at ``<store>/sha256/ab/cdef...``. The store is a folder or any fsspec URL: the one given, else
the environment variable PIPELINE_STORE, else the folder ``.store`` of this project.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from itertools import takewhile
from pathlib import Path
from typing import Any, BinaryIO

__all__ = ["catalog", "load", "merged", "save"]

Parts = tuple[str, ...]
"""A path or a glob, split at its slashes."""

BLOCK = 1 << 20


class catalog:  # noqa: N801 - used as a verb, with catalog(get=["*.csv"]) as files:
    """Places the files a task gets in the working directory, and stores those it puts afterwards.

    ``get`` and ``put`` are globs as those of ``glob.glob(..., recursive=True)``; ``upstream`` are
    the manifests of earlier tasks, where a later one wins a path. When the ``with`` block is over,
    also by an exception, ``manifest`` names what was put (in the dict given, if any). With
    ``store_copy=False`` nothing is copied: whoever gets such a file must have it in place,
    unchanged.

    Raises ValueError for a path that leaves the working directory, FileNotFoundError for a glob
    that nothing matches, OSError for content that is not what its hash says.
    """

    def __init__(
        self,
        get: Iterable[str] = (),
        put: Iterable[str] = (),
        upstream: Iterable[Mapping[str, str] | None] = (),
        store: str | os.PathLike[str] | None = None,
        store_copy: bool = True,
        manifest: dict[str, str] | None = None,
    ) -> None:
        self.manifest: dict[str, str] = {} if manifest is None else manifest
        self._get = {glob: _parts(glob) for glob in get}
        self._put = {glob: _parts(glob) for glob in put}
        self._held = {_parts(path): ref for held in upstream for path, ref in (held or {}).items()}
        self._store, self._store_copy = _open(store), store_copy

    def __enter__(self) -> catalog:
        self.manifest.clear()  # of an attempt before
        self._folder = Path.cwd().resolve()
        for glob, pattern in self._get.items():
            if not any(_matches(path, pattern) for path in self._held):
                names = ["/".join(path) for path in self._held]
                held = ", ".join([*names[:8], "..."] if names[8:] else names) or "nothing"
                raise FileNotFoundError(f"get '{glob}' has no match; the catalog holds {held}")
        for path, ref in self._held.items():
            if any(_matches(path, pattern) for pattern in self._get.values()):
                self._place(path, ref)
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        try:
            missing = [glob for glob, pattern in self._put.items() if not self._keep(pattern)]
        except Exception as problem:
            if error is None:
                raise
            error.add_note(f"not all of its files could be stored: {problem}")
            return
        if missing and error is None:
            hint = ""
            if (self._folder / missing[0]).is_dir():
                hint = f"; it is a folder, whose files '{missing[0].rstrip('/')}/**' matches"
            raise FileNotFoundError(f"put '{missing[0]}' has no match in {self._folder}{hint}")

    def _place(self, path: Parts, ref: str) -> None:
        target = self._folder.joinpath(*path)
        _resolve(target, self._folder)
        if target.is_file() and _hash_file(target) == ref:
            return
        try:
            source = self._store.read(ref)
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f"'{'/'.join(path)}' cannot be placed: {error}; if it was put with "
                "store_copy=False, it has to be in the working directory unchanged"
            ) from None
        with source, _part(target.parent) as part:
            with part.open("xb") as copy:
                _check(_copy(source, copy), ref, self._store)
            part.replace(target)

    def _keep(self, pattern: Parts) -> bool:
        """Store the files that match; says whether there are any."""
        found = sorted(_find(pattern, self._folder, self._store))
        for path in found:
            if path not in self.manifest:
                with (self._folder / path).open("rb") as file:
                    self.manifest[path] = self._store.add(file) if self._store_copy else _hash(file)
        return bool(found)


def merged(manifests: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Several manifests as one; a later one wins a path."""
    return {path: ref for held in manifests for path, ref in held.items()}


def save(data: bytes, store: str | os.PathLike[str] | None = None) -> str:
    """Keep ``data`` in the store; returns the reference by which ``load`` finds it."""
    return _open(store).add(io.BytesIO(data))


def load(ref: str, store: str | os.PathLike[str] | None = None) -> bytes:
    """The content that ``save`` gave the reference for.

    Raises FileNotFoundError when the store has none, OSError when it is not what its hash says.
    """
    opened = _open(store)
    with opened.read(ref) as file:
        data = file.read()
    _check(_hash(io.BytesIO(data)), ref, opened)
    return data


# Paths


def _parts(path: str) -> Parts:
    """The parts of a relative path or glob; ValueError when it might leave the working directory.

    The same is refused wherever the project may be run: drive letters and backslashes too.
    """
    parts = tuple(part for part in path.split("/") if part not in ("", "."))
    if not parts or ".." in parts or re.search(r"^/|^[A-Za-z]:|[\\\0\ud800-\udfff]", path):
        raise ValueError(
            f"{path!r} is not a path inside the working directory: "
            "those are relative, use '/' and have no '..'"
        )
    return parts


def _resolve(path: Path, folder: Path) -> Path:
    real = path.resolve()
    if not real.is_relative_to(folder):
        raise ValueError(f"'{path}' is refused: by a link it leaves the working directory")
    return real


def _matches(path: Parts, pattern: Parts) -> bool:
    if not path or not pattern:
        return not path and not pattern
    if pattern[0] == "**":
        if len(pattern) == 1:
            return not any(part.startswith(".") for part in path)
        below = not path[0].startswith(".") and _matches(path[1:], pattern)
        return below or _matches(path, pattern[1:])
    if path[0].startswith(".") and not pattern[0].startswith("."):
        return False
    return fnmatchcase(path[0], pattern[0]) and _matches(path[1:], pattern[1:])


def _find(pattern: Parts, folder: Path, store: _Folder | _Remote) -> Iterator[str]:
    """The files below ``folder`` that match; a folder that is a link is entered only by name."""
    todo = [tuple(takewhile(lambda part: set("*?[").isdisjoint(part), pattern[:-1]))]
    hidden = any(part.startswith(".") for part in pattern)
    while todo:
        parent = todo.pop()
        for entry in _entries(folder.joinpath(*parent)):
            path = (*parent, entry.name)
            if entry.is_dir(follow_symlinks=False):
                if ("**" in pattern or len(path) < len(pattern)) and (hidden or path[-1][0] != "."):
                    todo.append(path)
            elif _matches(path, pattern) and entry.is_file():
                real = _resolve(Path(entry.path), folder)
                if not (isinstance(store, _Folder) and real.is_relative_to(store.folder)):
                    yield "/".join(_parts("/".join(path)))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        return list(entries)
    return []


# Stores


class _Folder:
    """A store in a folder; content has its name there only once it is complete."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve() / "sha256"

    def __str__(self) -> str:
        return str(self.folder.parent)

    def read(self, ref: str) -> BinaryIO:
        path = self.folder / _key(ref)
        if not path.is_file():
            raise FileNotFoundError(f"the store {self} does not hold {ref}")
        return path.open("rb")

    def add(self, source: BinaryIO) -> str:
        with _part(self.folder) as part:
            with part.open("xb") as copy:
                ref = _copy(source, copy)
            part.chmod(0o444)
            target = self.folder / _key(ref)
            target.parent.mkdir(exist_ok=True)
            part.replace(target)  # also over the same content, which it repairs if it was damaged
        return ref


class _Remote:
    """A store behind an fsspec URL."""

    def __init__(self, url: str) -> None:
        from fsspec.core import url_to_fs

        self.files, root = url_to_fs(url, use_listings_cache=False)
        self.url, self.folder = url, f"{root.rstrip('/')}/sha256"

    def __str__(self) -> str:
        return self.url

    def read(self, ref: str) -> BinaryIO:
        try:
            file: BinaryIO = self.files.open(f"{self.folder}/{_key(ref)}", "rb")
        except FileNotFoundError:
            raise FileNotFoundError(f"the store {self} does not hold {ref}") from None
        return file

    def add(self, source: BinaryIO) -> str:
        ref = _hash(source)
        target = f"{self.folder}/{_key(ref)}"
        if not self.files.exists(target):
            source.seek(0)
            self._upload(source, ref, target)
        return ref

    def _upload(self, source: BinaryIO, ref: str, target: str) -> None:
        part = f"{self.folder}/.{os.urandom(8).hex()}.part"
        with suppress(PermissionError):  # an object store needs no folder and may not let us try
            self.files.makedirs(target.rpartition("/")[0], exist_ok=True)
        try:
            with self.files.open(part, "wb") as copy:
                if _copy(source, copy) != ref:
                    raise OSError("a file was changed while it was being stored")
            self.files.mv(part, target)
        except BaseException:
            with suppress(FileNotFoundError):
                self.files.rm(part)
            raise


def _open(store: str | os.PathLike[str] | None) -> _Folder | _Remote:
    default = Path(__file__).resolve().parent.parent / ".store"
    place = os.fspath(store or os.environ.get("PIPELINE_STORE") or default)
    is_remote = "://" in place and not place.startswith("file://")
    return _Remote(place) if is_remote else _Folder(Path(place.removeprefix("file://")))


def _key(ref: str) -> str:
    """Where the content of a reference is in the store."""
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", ref):
        raise ValueError(f"{ref!r} is not a reference to stored content, sha256:<64 digits>")
    return f"{ref[7:9]}/{ref[9:]}"


@contextmanager
def _part(folder: Path) -> Iterator[Path]:
    """A name for a file that is still being written, which is gone afterwards in any case."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{os.urandom(8).hex()}.part"
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


def _copy(source: BinaryIO, copy: BinaryIO) -> str:
    digest = hashlib.sha256()
    while block := source.read(BLOCK):
        digest.update(block)
        copy.write(block)
    return f"sha256:{digest.hexdigest()}"


def _hash(file: BinaryIO) -> str:
    return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"  # type: ignore[arg-type]


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return _hash(file)


def _check(found: str, ref: str, store: _Folder | _Remote) -> None:
    if found != ref:
        raise OSError(f"the store {store} is damaged: what it holds under {ref} is {found}")
