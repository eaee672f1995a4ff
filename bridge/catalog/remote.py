"""A store behind an fsspec URL: an object for each content, many of them under way at a time."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, BinaryIO, TypeVar

from bridge.catalog.copying import check, hash_bytes, hash_file, key, part, read
from bridge.catalog.parcel import hash_content, pack
from bridge.catalog.stores import GUARD, Content

__all__ = ["Remote"]

T = TypeVar("T")

_SMALL = 8 << 20
"""Content of up to so many bytes goes in one request, and is never read twice."""

_LITTLE = 64 << 10
_AT_ONCE = 16
_ATTEMPTS = 5
_PAUSE = 0.25

_S3 = {"config_kwargs": {"retries": {"mode": "standard", "total_max_attempts": 1}}}
"""Its clients make requests again too, one inside the other; that multiplies."""

_ATOMIC = {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oss", "oci", "memory"}
"""Where content has its name only once it is complete, without a name for the time before."""


class Remote:
    """The store at a URL; threads and processes may use it at the same time."""

    def __init__(self, url: str) -> None:
        from fsspec.core import url_to_fs

        patience = _S3 if url.startswith(("s3://", "s3a://")) else {}
        self.files, root = url_to_fs(url, use_listings_cache=False, **patience)
        if patience:
            self.files.retries = 3
        self.url, self.root = url, f"{root.rstrip('/')}/sha256"
        protocol = self.files.protocol
        self._is_atomic = not _ATOMIC.isdisjoint(
            {protocol} if isinstance(protocol, str) else protocol
        )
        self._known: dict[str, float] = {}

    def __str__(self) -> str:
        return self.url

    # Bytes

    def add(self, data: bytes) -> str:
        """Keep ``data``; gives its reference."""
        return self._send(hash_bytes(data), data)

    def _send(self, ref: str, data: bytes) -> str:
        # To ask for a little is as dear as to send it, and what is sent is young again.
        if not (self._is_known(ref) if len(data) <= _LITTLE else self._holds(ref)):
            self._upload(ref, lambda target: self.files.pipe_file(target, data))
        return ref

    def read(self, ref: str) -> bytes:
        """The content of a reference. Raises FileNotFoundError, or OSError when it is damaged."""

        def fetch() -> bytes:
            data: bytes = self.files.cat_file(self._name(ref))
            check(hash_bytes(data), ref, self)
            return data

        return self._patiently(fetch, ref)

    def add_object(self, data: bytes, parts: Sequence[memoryview]) -> str:
        """Keep a pickle and the large parts beside it; gives the reference of both."""
        with tempfile.NamedTemporaryFile(prefix="bridge-") as draft:
            return self.add_file(draft.name, pack(draft.fileno(), data, parts))

    def open(self, ref: str, anew: bool = False) -> BinaryIO:
        """The content, verified. Raises FileNotFoundError, or OSError when it is damaged."""
        with tempfile.TemporaryDirectory(prefix="bridge-") as folder:
            self.fetch(ref, f"{folder}/content")
            return open(f"{folder}/content", "rb")

    # Files

    def put(self, folder: Any, paths: Collection[str]) -> dict[str, str]:
        """Store files below ``folder``; gives their references."""
        refs = self._each(lambda path: self.add_file(f"{folder}/{path}"), paths)
        return dict(zip(paths, refs, strict=True))

    def add_file(self, path: str, ref: str | None = None) -> str:
        """Store a file whose reference may be known; gives its reference."""
        before = os.stat(path)
        if before.st_size <= _SMALL:
            data = read(path)
            return self._send(ref or hash_bytes(data), data)
        ref = ref or hash_file(path)
        if not self._holds(ref):
            self._upload(ref, lambda target: self.files.put_file(path, target))
            after = os.stat(path)
            if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
                self._known.pop(ref, None)
                self.files.rm_file(self._name(ref))
                raise OSError(f"'{path}' was changed while it was being stored")
        return ref

    def hashes(self, folder: Any, paths: Collection[str]) -> dict[str, str]:
        """The references that files would have; nothing is stored."""
        return {path: hash_file(f"{folder}/{path}") for path in paths}

    def place(self, files: Mapping[str, str]) -> None:
        """Write content to the paths where it is wanted and not in place already.

        Each file is there whole or not at all. Raises FileNotFoundError for one that the store
        does not hold, OSError for one that is damaged.
        """
        waiting = [
            path
            for path, ref in files.items()
            if key(ref) and not (os.path.isfile(path) and hash_file(path) == ref)
        ]
        for folder in {os.path.dirname(path) for path in waiting}:
            os.makedirs(folder, exist_ok=True)
        self._each(lambda path: self.fetch(files[path], path), waiting)

    def fetch(self, ref: str, path: str) -> None:
        """Write the content of a reference to a file."""

        def fetch() -> None:
            with part(os.path.dirname(path)) as new:
                self.files.get_file(self._name(ref), new)
                check(hash_content(new, ref), ref, self)
                os.replace(new, path)

        self._patiently(fetch, ref)

    # Upkeep

    def contents(self) -> Iterator[Content]:
        """All that is there."""
        with self._told():
            found = self.files.find(self.root, detail=True)
        for name, info in found.items():
            *_, first, rest = name.rsplit("/", 2)
            if len(first) == 2 and len(rest) == 62:
                yield Content(f"sha256:{first}{rest}", info["size"], _time(info))

    def sizes(self, refs: Collection[str]) -> dict[str, int]:
        """How many bytes of content there are under each reference that is there."""
        found = dict(zip(refs, self._each(self._size, refs), strict=True))
        return {ref: size for ref, size in found.items() if size is not None}

    def lost(self, refs: Collection[str]) -> set[str]:
        """Those whose content is not there; what is there was written whole."""
        return set(refs) - {*self.sizes(refs)}

    def _size(self, ref: str) -> int | None:
        try:
            return int(self._patiently(lambda: self.files.size(self._name(ref))))
        except FileNotFoundError:
            return None

    def remove(self, refs: Collection[str], before: float) -> set[str]:
        """Remove content; that it was not put since is for the caller to know."""
        self._known.clear()
        self._each(lambda ref: self._patiently(lambda: self.files.rm_file(self._name(ref))), refs)
        return set(refs)

    def sweep(self, before: float) -> None:
        """Remove what killed processes have left behind."""
        with self._told():
            for name, info in self.files.find(self.root, maxdepth=1, detail=True).items():
                if name.endswith(".part") and (_time(info) or before) < before:
                    self.files.rm_file(name)

    # Requests

    def _name(self, ref: str) -> str:
        return f"{self.root}/{key(ref)}"

    def _is_known(self, ref: str) -> bool:
        """Whether this process has of late seen the content there, or stored it."""
        return self._known.get(ref, 0.0) > time.time() - GUARD / 4

    def _holds(self, ref: str) -> bool:
        """Whether the content is there."""
        if self._is_known(ref):
            return True
        found = self._patiently(lambda: bool(self.files.exists(self._name(ref))))
        if found:
            self._known[ref] = time.time()
        return found

    def _upload(self, ref: str, send: Callable[[str], object]) -> None:
        target = self._name(ref)
        if self._is_atomic:
            self._patiently(lambda: send(target))
        else:
            self._patiently(lambda: self._send_aside(target, send))
        self._known[ref] = time.time()

    def _send_aside(self, target: str, send: Callable[[str], object]) -> None:
        """Send to another name first, which content has until it is complete."""
        aside = f"{self.root}/.{os.urandom(8).hex()}.part"
        self.files.makedirs(os.path.dirname(target), exist_ok=True)
        try:
            send(aside)
            self.files.mv(aside, target)
        except BaseException:
            with suppress(FileNotFoundError):
                self.files.rm(aside)
            raise

    def _patiently(self, ask: Callable[[], T], ref: str = "") -> T:
        """The answer to a request, made again when it fails for a reason that may pass."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with self._told():
                    return ask()
            except FileNotFoundError:
                if ref:
                    raise FileNotFoundError(f"the store {self} does not hold {ref}") from None
                raise
            except PermissionError:
                raise
            except OSError:
                if attempt == _ATTEMPTS:
                    raise
                time.sleep(_PAUSE * 2**attempt)
        raise AssertionError("unreachable")

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Failures of any client library as an OSError that names the store."""
        try:
            yield
        except (FileNotFoundError, PermissionError):
            raise
        except Exception as error:
            if str(error).startswith(f"the store {self}"):
                raise
            kind = type(error).__name__
            raise OSError(f"the store {self} does not answer: {kind}: {error}") from error

    def _each(self, do: Callable[[str], T], what: Iterable[str]) -> list[T]:
        """Do something with each, many at a time; the first failure ends it."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            asked = [pool.submit(do, one) for one in what]
            try:
                return [one.result() for one in asked]
            finally:
                for one in asked:
                    one.cancel()


def _time(info: Mapping[str, Any]) -> float | None:
    """When a file was stored, from what a listing tells of it."""
    for name in ("LastModified", "last_modified", "mtime", "updated", "created"):
        found = info.get(name)
        if isinstance(found, datetime):
            return found.timestamp()
        if isinstance(found, int | float):
            return float(found)
    return None
