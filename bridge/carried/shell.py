"""Shell commands: values go in by the environment, and come back by what the command exports."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import IO, Any

from .surroundings import hides, mask
from .values import to_json

__all__ = ["run_shell"]

# The command is an argument, never a part of this text, and sees none itself. What it exports is
# written down when it comes to its end and when it leaves by ``exit``, whichever it does.
SCRIPT = """\
trap '/usr/bin/env -0 >/dev/fd/{fd}' EXIT
eval "shift; $1"
set -- $?
/usr/bin/env -0 >/dev/fd/{fd}
exit $1
"""


def run_shell(
    command: str,
    variables: Mapping[str, Any],
    returns: Iterable[str] = (),
    environment: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Run ``command`` in bash (sh where there is none), in the working directory.

    It finds ``variables`` in its environment, text as it is and other values as JSON, beside
    ``environment``, by default that of this process. Gives back the ``returns`` that it exported:
    what can be read as JSON is, the rest is text. Its output goes where this process's goes.

    Raises RuntimeError with the last lines of stderr when the command fails, and ValueError when
    it did not export a name of ``returns``.
    """
    texts = {name: _text(value, name) for name, value in variables.items()}
    inherited = os.environ if environment is None else environment
    with tempfile.TemporaryFile() as exports:
        _run(command, {**inherited, **texts}, exports.fileno())
        exports.seek(0)
        entries = exports.read().split(b"\0")
    exported = dict(entry.split(b"=", 1) for entry in entries if b"=" in entry)
    return {name: _exported(name, exported) for name in returns}


def _text(value: Any, name: str) -> str:
    text = value
    if not isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if "\0" in text:
        raise ValueError(f"'{name}' holds a NUL character, which no environment variable can")
    return str(text)


def _exported(name: str, exported: Mapping[bytes, bytes]) -> Any:
    if name.encode() not in exported:
        raise ValueError(f"the command did not export '{name}', which it is declared to return")
    try:
        text = exported[name.encode()].decode()
    except UnicodeDecodeError:
        raise ValueError(f"the command exported '{name}' as text that is not UTF-8") from None
    try:
        return to_json(json.loads(text), name)
    except (ValueError, RecursionError):
        return text


def _run(command: str, environment: Mapping[str, str], fd: int) -> None:
    process = _start(command, environment, fd)
    tail: deque[str] = deque(maxlen=10)
    ignored: deque[str] = deque(maxlen=0)
    tees = [
        threading.Thread(target=_tee, args=(stream, to, kept), daemon=True)
        for stream, to, kept in [
            (process.stderr, sys.stderr, tail),
            (process.stdout, sys.stdout, ignored),
        ]
        if stream
    ]
    for tee in tees:
        tee.start()
    try:
        code = process.wait()
    except BaseException:
        _stop(process)
        raise
    for tee in tees:
        tee.join(timeout=1)  # longer only if the command left something in the background
    if code:
        how = f"exited with {code}" if code > 0 else f"was killed by {signal.Signals(-code).name}"
        raise RuntimeError(f"the command {how}: {''.join(tail).strip()}".removesuffix(": "))


def _start(command: str, environment: Mapping[str, str], fd: int) -> subprocess.Popen[str]:
    shell = shutil.which("bash") or "/bin/sh"
    try:
        return subprocess.Popen(
            [shell, "-c", SCRIPT.format(fd=fd), shell, command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if hides() else None,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            pass_fds=[fd],
            process_group=0,
        )
    except OSError as error:
        if error.errno != errno.E2BIG:
            raise
        name = max(environment, key=lambda name: len(environment[name]))
        raise ValueError(
            f"'{name}' is too large for an environment variable: hand it over in a file"
        ) from None


def _tee(stream: IO[str], to: IO[str], tail: deque[str]) -> None:
    with stream:
        for line in stream:
            to.write(mask(line))
            tail.append(mask(line))


def _stop(process: subprocess.Popen[str]) -> None:
    """End the command and all that it started, first politely."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(3)
        os.killpg(process.pid, signal.SIGKILL)
