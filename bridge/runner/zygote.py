"""The process from which workers are forked, and the workers themselves.

A run has one such process, in which nothing but this ever happens: it forks a worker where it is
asked to, ends one, and when the run is over, or has died, ends all that workers have left behind.
Each worker is a session of its own, so that a signal for the run does not reach it.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import socket
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from bridge.runner.channel import Channel

__all__ = ["FORK", "REAP", "Worker", "serve"]

FORK, REAP = b"fork", b"reap"
"""What may be asked for: a worker on the socket that comes with it, and the end of a worker."""

Worker = Callable[[Channel, Path], None]
"""What a worker does with its end of a socket, and the file that it is to write to."""

_SUBREAPER, _DEATH_SIGNAL = 36, 1  # of prctl(2)


def serve(control: socket.socket, work: Worker) -> None:
    """Answer what is asked for over ``control`` until its other end is closed; does not return."""
    try:
        os.setsid()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _prctl(_SUBREAPER, 1)
        while request := _received(control):
            what, argument, descriptors = request
            if what == FORK:
                answer = _forked(control, work, descriptors[0], Path(argument))
            else:
                answer = _reaped(int(argument))
            control.sendall(b"%d\n" % answer)
    finally:
        ended: set[int] = set()
        while more := {*_below(os.getpid())} - ended:  # such as what one has started meanwhile
            _end(more)
            ended |= more
        os._exit(0)


def _received(control: socket.socket) -> tuple[bytes, str, list[int]] | None:
    """A request and its argument, with the descriptors that came along; None at the end."""
    with suppress(OSError):
        data, descriptors, _, _ = socket.recv_fds(
            control, 1 << 16, 1, getattr(socket, "MSG_CMSG_CLOEXEC", 0)
        )
        what, _, argument = data.partition(b" ")
        return (what, os.fsdecode(argument), descriptors) if data else None
    return None


def _forked(control: socket.socket, work: Worker, descriptor: int, log: Path) -> int:
    pid = os.fork()
    if pid:
        os.close(descriptor)
        return pid
    try:
        control.close()
        os.setsid()
        _prctl(_DEATH_SIGNAL, signal.SIGKILL)
        _redirected(log)
        work(Channel(socket.socket(fileno=descriptor)), log)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(1)


def _redirected(log: Path) -> None:
    """Let all that is written go to the log, and nothing be read."""
    sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123 - for good
    os.dup2(sys.stdin.fileno(), 0)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for descriptor in (1, 2):
        os.dup2(file, descriptor)
    os.close(file)
    faulthandler.enable(2)  # where Python was when it crashed
    sys.stdout, sys.stderr = (
        open(  # noqa: SIM115 - for good
            number, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False
        )
        for number in (1, 2)
    )


def _reaped(pid: int) -> int:
    """End a worker with all that it has started; its exit code, or the signal below zero."""
    _end([*_below(pid), pid])
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


def _end(processes: Iterable[int]) -> None:
    for process in processes:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(process, signal.SIGKILL)


def _below(pid: int) -> Iterator[int]:
    """The processes that a process has started, and those that they have."""
    told = os.path.exists(f"/proc/self/task/{os.getpid()}/children")  # noqa: PTH110
    children = _children if told else _all_children().__getitem__
    todo = [pid]
    while todo:
        found = children(todo.pop())
        yield from found
        todo += found


def _children(pid: int) -> list[int]:
    """The processes that the threads of a process have started, as most kernels tell at once."""
    found: list[int] = []
    with suppress(OSError):
        for thread in os.scandir(f"/proc/{pid}/task"):
            with suppress(OSError), open(f"{thread.path}/children", "rb") as file:  # noqa: PTH123
                found += map(int, file.read().split())
    return found


def _all_children() -> defaultdict[int, list[int]]:
    """The processes that each process of this machine has started."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    with suppress(OSError):
        for entry in os.scandir("/proc"):
            if entry.name.isdecimal():
                with suppress(OSError), open(f"/proc/{entry.name}/stat", "rb") as file:  # noqa: PTH123
                    fields = file.read().rpartition(b")")[2].split()
                    found[int(fields[1])].append(int(entry.name))
    return found


def _prctl(option: int, value: int) -> None:
    """Ask something of the kernel that only Linux has."""
    if sys.platform == "linux":
        import ctypes

        call: Any = ctypes.CDLL(None).prctl
        call(option, value, 0, 0, 0)
