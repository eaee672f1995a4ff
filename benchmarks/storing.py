"""Files into the store and out of it, beside what copying and hashing them cost."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from figures import Figures, row
from measure import Command, Sample
from peers import quiet

if TYPE_CHECKING:
    from suites import Bench

__all__ = ["files"]

_SMALL = 4096


def files(bench: Bench) -> Iterator[Figures]:
    """One large file and many small ones: put, put again unchanged, and placed elsewhere."""
    large, small = bench.sizes.large, bench.sizes.small
    title = f"A file of {large:,} MB (s)"
    yield _stored(bench, "large", title, 1, large * 1_000_000)
    title = f"{small:,} files of {_SMALL:,} bytes (s)"
    yield _stored(bench, "small", title, small, _SMALL)


def _stored(bench: Bench, key: str, title: str, count: int, size: int) -> Figures:
    place = bench.place / key
    source = place / "source"
    _write(source, count, size)
    commands = _commands(bench, place, source, count)
    bench.measure(commands)
    shutil.rmtree(place)
    return Figures(key, title, [row(c, _seconds) for c in commands], base="bridge, put")


def _seconds(sample: Sample) -> float:
    return sample.wall if sample.run is None else sample.run


def _commands(bench: Bench, place: Path, source: Path, count: int) -> list[Command]:
    copy, home, out = place / "copy", place / "home", place / "out"

    def program(name: str, argv: list[str], files: Path, *empty: Path) -> Command:
        folder = bench.folders["bridge"]
        settings = {**quiet(folder), "BRIDGE_HOME": str(home), "BENCH_FILES": str(files)}
        command = Command(name, [sys.executable, *argv], folder, settings, bench.rounds)
        command.before = partial(_empty, *empty)
        return command

    copied = Command("cp", ["cp", "-r", str(source), str(copy)], place, rounds=bench.rounds)
    copied.before = partial(_remove, copy)
    ours = ["on_bridge.py"]
    return [
        copied,
        program("sha256", ["sha256.py"], source),
        program("bridge, put", [*ours, "put", str(count)], source, home),
        program("bridge, put unchanged", [*ours, "put", str(count)], source),
        program("bridge, get", [*ours, "get", str(count)], out, out),
    ]


def _write(folder: Path, count: int, size: int) -> None:
    """Files of random bytes, a hundred to a folder."""
    random = os.urandom(min(size, 1 << 20))
    for i in range(count):
        file = folder / f"{i // 100:03}" / f"{i:05}.bin"
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("wb") as stream:
            stream.write(i.to_bytes(8, "big"))
            left = size - 8
            while left > 0:
                left -= stream.write(random[:left])


def _remove(*folders: Path) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    os.sync()  # what is still to be written would be written in somebody's time


def _empty(*folders: Path) -> None:
    _remove(*folders)
    for folder in folders:
        folder.mkdir()
