"""Samples of commands, taken in turns so that all meet the same machine."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Command", "Sample", "adopt_orphans", "interleave", "take"]

_SUBREAPER = 36  # of prctl(2)
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Sample:
    """What one process has cost, from its start to its exit.

    ``wall`` seconds on the clock, ``cpu`` seconds of the processor with all processes that it has
    started, ``run`` the seconds between the marks it has set itself (None without), ``others`` how
    many cores everybody else has used meanwhile.
    """

    wall: float
    cpu: float
    run: float | None
    others: float


@dataclass
class Command:
    """A command to measure, and what came of it; ``failure`` says why it was given up.

    ``before`` makes things ready for each sample. One that ``is_slow`` is not run before it
    counts; one that takes over ``limit`` seconds has failed.
    """

    name: str
    argv: list[str]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    rounds: int = 5
    is_slow: bool = False
    limit: float = 300.0
    before: Callable[[], object] | None = None
    samples: list[Sample] = field(default_factory=list)
    failure: str = ""


class CommandError(Exception):
    """A command that did not end well; says how."""


def interleave(commands: Iterable[Command], *, warm: bool = True) -> None:
    """Take a sample of each command in turn, until each has as many as it asks for.

    With ``warm`` a first round does not count: it compiles modules and warms the caches of the
    disk. A command that fails is noted and left out of the following rounds.
    """
    commands = list(commands)
    for turn in range(-1 if warm else 0, max((c.rounds for c in commands), default=0)):
        for command in commands:
            if command.failure or turn >= command.rounds or (turn < 0 and command.is_slow):
                continue
            try:
                found = take(command)
            except CommandError as failure:
                command.failure = str(failure)
            else:
                command.samples += [found] if turn >= 0 else []


def take(command: Command) -> Sample:
    """Run the command once. Raises CommandError."""
    if command.before:
        command.before()
    with tempfile.TemporaryFile() as out, tempfile.NamedTemporaryFile("r") as told:
        busy = _busy()
        wall, cpu, code = _run(command, out.fileno(), told.name)
        others = max(0.0, (_busy() - busy - cpu) / wall)
        if code:
            out.seek(0)
            last = out.read().decode(errors="replace").strip().splitlines()[-1:]
            slow = f"over {command.limit:.0f} s" if code == -signal.SIGKILL else f"code {code}"
            raise CommandError(": ".join([slow, *last]))
        return Sample(wall, cpu, _between(told.read()), others)


def _run(command: Command, out: int, told: str) -> tuple[float, float, int]:
    """Seconds on the clock and of the processor, and the exit code."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command.argv,
        cwd=command.folder,
        env=_environment(command, told),
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=out,
        start_new_session=True,
    )
    timer = threading.Timer(command.limit, os.killpg, (process.pid, signal.SIGKILL))
    timer.start()
    try:
        _, status, used = os.wait4(process.pid, 0)
    finally:
        wall = time.perf_counter() - began
        timer.cancel()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        left = _orphans()
    process.returncode = os.waitstatus_to_exitcode(status)
    return wall, used.ru_utime + used.ru_stime + left, process.returncode


def adopt_orphans() -> None:
    """Let what commands leave running become children of this process, so that they count too."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)


def _orphans() -> float:
    """End what a command has left running; gives the seconds of the processor it has used."""
    used = 0.0
    for child in _children():
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    with suppress(ChildProcessError):
        while True:
            _, _, its = os.wait4(-1, 0)
            used += its.ru_utime + its.ru_stime
            for child in _children():  # those it leaves behind in its turn
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
    return used


def _children() -> list[int]:
    with suppress(OSError):
        listed = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text()
        return [int(pid) for pid in listed.split()]
    return []


def _busy() -> float:
    """Seconds that all cores together have worked since the machine was started."""
    with suppress(OSError):
        line = Path("/proc/stat").read_text().partition("\n")[0]
        user, nice, system, _, _, interrupts, soft, *_ = map(int, line.split()[1:])
        return (user + nice + system + interrupts + soft) / _TICKS
    return 0.0


def _between(told: str) -> float | None:
    """The seconds from the first beginning that was marked to the last end."""
    marks = [json.loads(line) for line in told.splitlines()]
    begun = [mark["begin"] for mark in marks if "begin" in mark]
    ended = [mark["end"] for mark in marks if "end" in mark]
    return max(ended) - min(begun) if begun and ended else None


def _environment(command: Command, told: str) -> dict[str, str]:
    """The caller's; modules are compiled once, as wherever software is installed."""
    found = {**os.environ, **command.environment, "BENCH_TELL": told}
    found.pop("PYTHONDONTWRITEBYTECODE", None)
    return found
