"""Runs a flow whose steps start at once: ``python launch.py flow.py ... run``.

Metaflow starts a Python for each step, which takes most of its time to import Metaflow. Here one
process imports it and does nothing else; each step is a copy of that one, made at the moment when
Metaflow asks for it. What Metaflow takes for Python is a small program that asks for the copy and
ends as the copy does. A step whose environment matters to Python's own start gets one of its own.

This file imports nothing of bridge, and nothing of the user's: what a step has is what it would
have.
"""

from __future__ import annotations

import gc
import os
import select
import shlex
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

_EARLY = ("LANG", "LC_", "LD_", "MALLOC_", "METAFLOW_", "PYTHON")
_EXPECTED = ("METAFLOW_RUN_ID", "PYTHONUNBUFFERED")
_ASK = """
import _socket, os, sys  # no more than it needs, since each step waits for it
asked = _socket.socket(_socket.AF_UNIX)
asked.connect({path!r})
told = [str(len(sys.argv[1:])), *sys.argv[1:], os.getcwd()]
told += [text for pair in os.environ.items() for text in pair]
text = os.fsencode("\\0".join(told))
fds = b"".join(fd.to_bytes(4, sys.byteorder) for fd in (0, 1, 2))
asked.sendmsg([len(text).to_bytes(4, "big")], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, fds)])
asked.sendall(text)
answer = asked.recv(16)
if answer == b"no":
    os.execv({python!r}, [{python!r}, *sys.argv[1:]])
code = int(answer or b"1")
if code < 0:
    os.kill(os.getpid(), -code)
sys.exit(code)
"""
"""The program that Metaflow takes for Python."""


class _Copies:
    """Makes copies of this process for those who ask at a socket, while ``runtime`` runs.

    ``code`` is that with which it ended.
    """

    def __init__(self, flow: str, listening: socket.socket, runtime: int) -> None:
        self.code = 1
        self._flow, self._listening, self._runtime = flow, listening, runtime
        self._environment = _early(os.environ)
        self._running: dict[int, socket.socket] = {}

    def serve(self) -> list[str] | None:
        """Until the runtime has ended; in each copy give the arguments of its Python."""
        ended, wake = socket.socketpair()
        ended.setblocking(False)
        wake.setblocking(False)
        signal.set_wakeup_fd(wake.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        while not self._reap():
            waiting = [self._listening, ended, *self._running.values()]
            ready = select.select(waiting, [], [])[0]
            if ended in ready:
                ended.recv(4096)
            for pid, asked in [*self._running.items()]:
                if asked in ready:  # whoever asked is gone
                    os.kill(pid, signal.SIGKILL)
                    self._running.pop(pid).close()
            if self._listening in ready and (found := self._asked()):
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                ended.close()
                wake.close()
                return found
        return None

    def _reap(self) -> bool:
        """Tell of the copies that have ended; whether the runtime has."""
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return False
            code = os.waitstatus_to_exitcode(status)
            if pid == self._runtime:
                self.code = code
                return True
            if asked := self._running.pop(pid, None):
                with asked, suppress(OSError):
                    asked.sendall(str(code).encode())

    def _asked(self) -> list[str] | None:
        """Make a copy, in which what it is to do is given back."""
        asked, _ = self._listening.accept()
        head, fds, _, _ = socket.recv_fds(asked, 4, 3)
        size, text = int.from_bytes(head, "big"), b""
        while len(text) < size:
            text += asked.recv(size - len(text))
        count, *told = os.fsdecode(text).split("\0")
        argv, (folder, *pairs) = told[: int(count)], told[int(count) :]
        environment = dict(zip(pairs[::2], pairs[1::2], strict=True))
        if _early(environment) != self._environment or argv[:1] != [self._flow]:
            asked.sendall(b"no")
            asked.close()
            pid = -1
        else:
            pid = os.fork()
        if pid:
            if pid > 0:
                self._running[pid] = asked
            for fd in fds:
                os.close(fd)
            return None
        for other in (asked, self._listening, *self._running.values()):
            other.close()
        for target, fd in enumerate(fds):
            os.dup2(fd, target)
            os.close(fd)
        os.environ.clear()
        os.environ.update(environment)
        time.tzset()
        os.chdir(folder)
        return argv


def _early(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that matter while Python and Metaflow start."""
    return {
        name: value
        for name, value in environment.items()
        if name.startswith(_EARLY) and name not in _EXPECTED
    }


def _launch(argv: list[str]) -> list[str]:
    """The arguments of the program to be, in the process of the flow and in that of each step."""
    import metaflow.runtime
    import metaflow.task  # noqa: F401 - what is the same for all flows; the command line is not

    gc.collect()
    gc.freeze()  # so that a copy shares what it never changes
    place = Path(tempfile.mkdtemp(prefix="flow-"))
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(place / "steps"))
    listening.listen(64)
    python = _written(place)
    runtime = os.fork()
    if not runtime:
        listening.close()
        sys.executable = str(python)
        return argv
    copies = _Copies(argv[0], listening, runtime)
    if found := copies.serve():
        return found
    shutil.rmtree(place, ignore_errors=True)
    sys.exit(copies.code if copies.code >= 0 else 128 - copies.code)


def _written(place: Path) -> Path:
    """The program that asks for a copy."""
    ask = _ASK.format(python=sys.executable, path=str(place / "steps"))
    (place / "ask.py").write_text(ask, encoding="utf-8")
    start = shlex.join([sys.executable, "-ISE", str(place / "ask.py")])
    python = place / "python"
    python.write_text(f'#!/bin/sh\nexec {start} "$@"\n', encoding="utf-8")
    python.chmod(0o700)
    return python


def _become(path: str) -> None:
    """Be the program at ``path``, as if Python had been started with it."""
    sys.path[0] = str(Path(path).resolve().parent)
    code = compile(Path(path).read_bytes(), path, "exec")
    main = vars(sys.modules["__main__"])
    for name in [n for n in main if n in _OWN]:
        del main[name]
    main["__file__"] = path
    exec(code, main)


_OWN = {name for name in globals() if not name.startswith("__")} | {"_OWN"}
"""What is in this module before Metaflow puts things of its own into it."""

if __name__ == "__main__":
    sys.argv = _launch(sys.argv[1:])
    _become(sys.argv[0])
