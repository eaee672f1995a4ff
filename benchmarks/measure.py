"""Samples of commands: wall and CPU seconds, taken in turns so that all meet the same machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import NamedTuple

COMPILED = Path(__file__).resolve().parent.parent / "build" / "bench-pycache"


class Sample(NamedTuple):
    """Seconds on the clock, and of the processor with all processes that were started."""

    wall: float
    cpu: float


@dataclass
class Command:
    """A command to measure.

    With ``tells`` it measures itself and prints samples as JSON; one that ``is_slow`` is not run
    before it counts; one that takes over ``limit`` seconds has failed.
    """

    name: str
    argv: list[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    rounds: int = 5
    tells: bool = False
    is_slow: bool = False
    limit: float = 900.0
    samples: list[Sample] = field(default_factory=list)
    failure: str = ""

    @property
    def wall(self) -> float:
        """The median on the clock."""
        return median(s.wall for s in self.samples)

    @property
    def cpu(self) -> float:
        """The median of the processor's time."""
        return median(s.cpu for s in self.samples)


class CommandError(Exception):
    """A command that did not end well; says how."""


def interleave(commands: Iterable[Command], folder: Path) -> None:
    """Take a sample of each command in turn, until each has as many as it asks for.

    The first round does not count: it compiles modules and warms the caches of the disk. A command
    that fails is noted and left out of the following rounds.
    """
    commands = list(commands)
    for turn in range(-1, max((c.rounds for c in commands), default=0)):
        for command in commands:
            if command.failure or turn >= command.rounds or (turn < 0 and command.is_slow):
                continue
            try:
                found = take(command, folder)
            except CommandError as failure:
                command.failure = str(failure)
                continue
            command.samples += found if turn >= 0 else []


def take(command: Command, folder: Path) -> list[Sample]:
    """Run the command once in ``folder``. Raises CommandError."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        sample, code = _run(command, folder, out.fileno(), err.fileno())
        out.seek(0)
        err.seek(0)
        if code:
            last = err.read().decode(errors="replace").strip().splitlines()[-1:]
            slow = f"over {command.limit:.0f} s" if code == -signal.SIGKILL else f"code {code}"
            raise CommandError(": ".join([slow, *last]))
        if command.tells:
            return [Sample(**s) for s in json.loads(out.read().splitlines()[-1])]
    return [sample]


def _run(command: Command, folder: Path, out: int, err: int) -> tuple[Sample, int]:
    began = time.perf_counter()
    process = subprocess.Popen(
        command.argv,
        cwd=folder,
        env=_environment(command),
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=err,
        start_new_session=True,
    )
    timer = threading.Timer(command.limit, os.killpg, (process.pid, signal.SIGKILL))
    timer.start()
    try:
        _, status, used = os.wait4(process.pid, 0)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    finally:
        wall = time.perf_counter() - began
        timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    return Sample(wall, used.ru_utime + used.ru_stime), process.returncode


def _environment(command: Command) -> dict[str, str]:
    """The caller's, where modules are compiled once, as wherever software is installed."""
    found = {**os.environ, "PYTHONPYCACHEPREFIX": str(COMPILED), **command.environment}
    found.pop("PYTHONDONTWRITEBYTECODE", None)
    return found
