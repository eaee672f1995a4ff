"""What every program here is: ``python on_x.py CASE SIZE`` carries one case out.

A case marks where its run begins and where it ends, by a clock that all processes share, in the
file that BENCH_TELL names; of several marks the first beginning and the last end count.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable


def main(*cases: Callable[[int], object], warm: Callable[[], object] = lambda: None) -> None:
    """Carry out the case that the command line names.

    Where the cost per task is asked for, ``warm`` runs one task before, so that all that an engine
    imports or starts at its first run does not count.
    """
    name, size = sys.argv[1], int(sys.argv[2])
    if name in ("chain", "fan") and size > 1:
        warm()
    {case.__name__: case for case in cases}[name](size)


def has(option: str) -> bool:
    return option in sys.argv[3:]


def begin() -> None:
    _tell("begin")


def end() -> None:
    _tell("end")


def _tell(mark: str) -> None:
    if place := os.environ.get("BENCH_TELL"):
        with open(place, "a", encoding="utf-8") as file:  # noqa: PTH123 - costs an import
            file.write(json.dumps({mark: time.monotonic(), "pid": os.getpid()}) + "\n")


def expect(found: object, wanted: object) -> None:
    """End the program unless it has found what was wanted."""
    if found != wanted:
        sys.exit(f"the result is {str(found)[:80]}, not {str(wanted)[:80]}")
