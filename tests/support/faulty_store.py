"""A file system that answers one of its requests with an error, in whatever process it is asked."""

from __future__ import annotations

import fcntl
from pathlib import Path

import fsspec
from fsspec.implementations.local import LocalFileSystem


class Faulty(LocalFileSystem):
    """The local file system under the protocol ``faulty``."""

    protocol = "faulty"
    cachable = False
    plan = Path()

    @classmethod
    def _strip_protocol(cls, path):
        return super()._strip_protocol(str(path).removeprefix("faulty://"))

    def _asked(self):
        """Count a request, and fail if it is the one that is to."""
        with type(self).plan.open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            fails_at, count = map(int, file.read().split())
            file.seek(0)
            file.write(f"{fails_at} {count + 1}")
        if count + 1 == fails_at:
            raise OSError("the disk is on strike")

    def _open(self, path, mode="rb", **more):
        self._asked()
        return super()._open(path, mode, **more)

    def pipe_file(self, path, value, **more):
        self._asked()
        return super().pipe_file(path, value, **more)

    def cat_file(self, path, **more):
        self._asked()
        return super().cat_file(path, **more)

    def put_file(self, path1, path2, **more):
        self._asked()
        return super().put_file(path1, path2, **more)

    def mv(self, path1, path2, **more):
        self._asked()
        return super().mv(path1, path2, **more)

    def exists(self, path, **more):
        self._asked()
        return super().exists(path, **more)

    def ls(self, path, **more):
        self._asked()
        return super().ls(path, **more)


def url(folder: Path) -> str:
    """The URL of a folder there."""
    folder.mkdir(exist_ok=True)
    fsspec.register_implementation("faulty", Faulty, clobber=True)
    return f"faulty://{folder}"


def fail_at(folder: Path, number: int) -> None:
    """Let the so many-th request from now on fail; none with 0."""
    Faulty.plan = folder / "faulty-plan"
    Faulty.plan.write_text(f"{number} 0")
