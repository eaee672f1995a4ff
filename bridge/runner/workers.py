"""Workers, each a process that makes one attempt at a time, seen from the run they belong to.

They are forked from one process (``bridge.runner.zygote``), which is itself forked from this one
as long as there is a single thread here, and else started anew: a lock that another thread holds
would be held for ever in a fork. A chain of tasks stays with one worker.
"""

from __future__ import annotations

import math
import os
import pickle
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from functools import partial
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bridge.errors import RunError
from bridge.flow import Node
from bridge.model import Pipeline, PythonTask
from bridge.runner.channel import Channel
from bridge.runner.tail import Tail
from bridge.runner.watch import Watch
from bridge.runner.work import Order, Outcome
from bridge.runner.zygote import FORK, REAP
from bridge.tasks import Place

if TYPE_CHECKING:
    import subprocess

__all__ = ["START", "Workers"]

Told = tuple[Pipeline, Mapping[str, Any]]
"""A pipeline, and the parameters of a run of it."""

START = "BRIDGE_START"
"""The variable that decides how workers come to be: ``fork`` or ``fresh``."""

_GRACE = 5.0
"""Seconds that a task is given to end by itself when its time is over."""

_LOOK = 0.2
"""Seconds from one look at what a task has written to the next."""


class Workers:
    """Carries out attempts in processes, which are started when there is work for them."""

    def __init__(
        self, told: Told, nodes: Mapping[str, Node], place: Place, logs: Path, watch: Watch
    ) -> None:
        self._nodes, self._logs, self._watch = nodes, logs, watch
        self._runs, self._started = logs.parent.parent, 0
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()
        self._closed = False
        logs.mkdir(parents=True)
        self._control, other = socket.socketpair()
        with other:
            self._zygote = _start(told, nodes, place, self._control, other)

    def attempt(self, order: Order) -> Outcome:
        """Make an attempt; the end of its process is a failure of this attempt alone."""
        node = self._nodes[order.place]
        found = self._attempt(order, node)
        if found.error and node.catalog.put and "frames" not in found.error:
            left = self._attempt(order._replace(only_files=True), node)
            found = found._replace(files=left.files)
        if found.error:
            about = {"step": order.name, "attempt": order.facts["attempt"]}
            return found._replace(error={**about, "frames": [], **found.error})
        return found

    def _attempt(self, order: Order, node: Node) -> Outcome:
        """What came of an attempt; of one whose process has ended, the type and text of that."""
        worker = self._take()
        limit = node.task.timeout
        tail = Tail(self._runs, worker.log, partial(self._watch.wrote, order.name))
        answer = worker.ask(order, None if limit is None else limit + _GRACE, tail.look)
        if isinstance(answer, tuple):
            *found, is_clean = answer
            outcome = Outcome(*found)
            worker.log = outcome.log
            tail.rest(worker.log[2])
            if is_clean:
                with self._lock:
                    self._idle.append(worker)
            else:
                self._end(worker)
            return outcome
        error = {"type": "ChildProcessError", "text": _told(self._end(worker))}
        if answer == "late":
            error = {"type": "TimeoutError", "text": f"timed out after {limit:g} seconds"}
        file, _, begin = worker.log
        size = (self._runs / file).stat().st_size
        tail.rest(size)
        return Outcome({}, {}, (), error, log=(file, begin, size))

    def _take(self) -> _Worker:
        with self._lock:
            if self._idle:
                return self._idle.pop()
            if self._closed:
                raise RunError("the run is being ended")
            self._started += 1
            mine, other = socket.socketpair()
            log = self._logs / f"{self._started}.log"
            with ExitStack() as unless, other:
                unless.callback(mine.close)
                pid = self._ask(FORK + b" " + os.fsencode(log), other.fileno())
                unless.pop_all()
            worker = _Worker(mine, pid, str(log.relative_to(self._runs)))
            self._all.add(worker)
            return worker

    def _end(self, worker: _Worker) -> int:
        with self._lock:
            self._all.discard(worker)
            worker.close()
            if self._closed:  # it is not the task that has failed
                raise RunError("the run is being ended")
            return self._ask(REAP + b" %d" % worker.pid)

    def _ask(self, request: bytes, *descriptors: int) -> int:
        try:
            socket.send_fds(self._control, [request], descriptors)
            return int(self._control.recv(32))
        except (OSError, ValueError):
            raise RunError(
                "the process that starts workers is gone; what had finished is kept: "
                "go on with --resume"
            ) from None

    def close(self) -> None:
        """End every worker, with all that tasks have left behind."""
        with self._lock:
            self._closed = True
            self._control.close()  # upon which the other side ends them
            self._zygote.wait()
            for worker in self._all:
                worker.close()


class _Worker:
    """A worker, the way to talk to it, and where it has written to at last."""

    def __init__(self, channel: socket.socket, pid: int, log: str) -> None:
        self.pid = pid
        self.log: Any = (log, 0, 0)
        self._channel = Channel(channel)
        self._poll = select.poll()
        self._poll.register(self._channel.fileno(), select.POLLIN)
        self._process = -1
        with suppress(AttributeError, OSError):  # told when only others keep the channel open
            self._process = os.pidfd_open(pid)
            self._poll.register(self._process, select.POLLIN)

    def ask(self, order: Order, limit: float | None, look: Callable[[], None]) -> Any:
        """The answer of the worker; "late" after so many seconds, None when it has ended.

        Until then ``look`` is called now and then.
        """
        end = math.inf if limit is None else time.monotonic() + limit
        with suppress(OSError):  # of one that has ended the poll tells
            self._channel.send(tuple(order))  # the class alone takes longer than what is in it
        while not (found := self._poll.poll(_LOOK * 1000)):
            look()
            if time.monotonic() > end:
                return "late"
        if self._channel.fileno() in dict(found):
            with suppress(OSError, EOFError):
                return self._channel.receive()
        return None

    def close(self) -> None:
        """Talk to it no more."""
        self._channel.close()
        if self._process >= 0:
            os.close(self._process)


def _told(code: int) -> str:
    """How the process of a task has ended."""
    if code >= 0:
        return f"the task ended its process, with code {code}"
    hint = " (out of memory, if nobody has killed it)" if code == -signal.SIGKILL else ""
    return f"the process of the task was ended by {signal.Signals(-code).name}{hint}"


# The process that workers come from


class _Forked:
    """A process that was forked from this one."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def wait(self) -> object:
        """Wait for its end."""
        return os.waitpid(self._pid, 0)


def _start(
    told: Told,
    nodes: Mapping[str, Node],
    place: Place,
    mine: socket.socket,
    other: socket.socket,
) -> _Forked | subprocess.Popen[bytes]:
    if _is_to_fork(nodes):
        return _fork(nodes, place, mine, other)
    import subprocess  # takes its time, and most runs can fork

    given = *told, place, sys.path
    process = subprocess.Popen(
        [sys.executable, "-m", "bridge.runner.fresh", str(other.fileno())],
        stdin=subprocess.PIPE,
        pass_fds=[other.fileno()],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert process.stdin
    with process.stdin as stream:
        pickle.dump(given, stream)
    return process


def _fork(
    nodes: Mapping[str, Node], place: Place, mine: socket.socket, other: socket.socket
) -> _Forked:
    from bridge.runner.worker import worker
    from bridge.runner.zygote import serve

    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    pid = os.fork()
    if not pid:
        mine.close()
        serve(other, worker(nodes, place))
    return _Forked(pid)


def _is_to_fork(nodes: Mapping[str, Node]) -> bool:
    """Whether a fork is safe here, or the only way since a new process would not find the code."""
    wanted = os.environ.get(START)
    if wanted in ("fork", "fresh"):
        return wanted == "fork"
    return threading.active_count() == 1 or not all(map(_is_found, nodes.values()))


def _is_found(node: Node) -> bool:
    if not isinstance(node.task, PythonTask):
        return True
    top = node.task.reference.module.partition(".")[0]
    return PathFinder.find_spec(top) is not None or top in sys.builtin_module_names
