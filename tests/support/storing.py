"""Files that are written, put into the engine's store and got out of it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from bridge.catalog import catalog


def write(root: Path, files: dict[str, bytes]) -> None:
    for path, data in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)


def read(root: Path) -> dict[str, bytes]:
    found = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}


def reference(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def put(*globs: str) -> dict[str, str]:
    with catalog(put=globs) as files:
        pass
    return files.manifest


def get(manifest: dict[str, str]) -> None:
    with catalog(get=["**"], upstream=[manifest]):
        pass
