"""Which start of the machine this is: what was noted before the last one counts no more."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from pathlib import Path

__all__ = ["boot"]


@cache
def boot() -> str:
    """A name for this machine since it was started, empty where there is none."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return ""
