"""Which process a run belongs to, so that it can be told whether it is still under way.

A process id alone would not do, since it is given again: beside it stand the time at which the
process started and the boot of the machine.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bridge.boot import boot

__all__ = ["is_alive", "owner"]

_PROCESSES = Path("/proc")


def owner() -> dict[str, Any]:
    """This process, such that no other is ever mistaken for it."""
    return _of(os.getpid())


def is_alive(known: Mapping[str, Any]) -> bool:
    """Whether the process that ``owner`` told of is there still.

    One of another machine counts as there: it cannot be known here.
    """
    if known["host"] != os.uname().nodename:
        return True
    return bool(_of(known["pid"]) == known)


def _of(pid: int) -> dict[str, Any]:
    return {
        "host": os.uname().nodename,
        "boot": boot(),
        "pid": pid,
        "start": _start(pid),
    }


def _start(pid: int) -> str:
    """When a process started, in ticks since the boot; without /proc, whether it is there."""
    if _PROCESSES.is_dir():
        fields = _read(f"{pid}/stat").rpartition(")")[2].split()
        return fields[19] if fields and fields[0] != "Z" else ""
    try:
        os.kill(pid, 0)
    except OSError:
        return ""
    return "there"


def _read(path: str) -> str:
    try:
        return (_PROCESSES / path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
