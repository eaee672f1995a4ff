"""Tasks that are no good neighbours."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path


def exits():
    os._exit(3)


def crashes():
    ctypes.string_at(0)


def is_killed():
    os.kill(os.getpid(), signal.SIGKILL)


def is_killed_once(attempt):
    if attempt == 1:
        is_killed()
    return attempt


def writes_and_is_killed():
    Path("left.txt").write_text("left behind")
    is_killed()


def prints():
    print("to stdout")
    print("to stderr", file=sys.stderr)
    subprocess.run(["echo", "from a process"], check=True)
    return os.getpid()


def strays():
    os.chdir("/")
    os.environ["STRAY"] = "1"
    sys.stdout = None


def looks():
    return {"folder": str(Path.cwd()), "variable": os.environ.get("STRAY"), "pid": os.getpid()}


def leaves_a_thread():
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    return os.getpid()


def blocks():
    ctypes.PyDLL(None).sleep(60)  # holds the interpreter: no signal handler runs


def starts_a_process(mark):
    subprocess.Popen(["setsid", "sleep", mark])
    time.sleep(60)


def leaves_a_process(mark):
    subprocess.Popen(["setsid", "sleep", mark])


def meets(name, other):
    """Ends when another, which runs at the same time, has begun."""
    Path(f"{name}.here").touch()
    for _ in range(2_000):
        if Path(f"{other}.here").exists():
            return name
        time.sleep(0.005)
    raise TimeoutError(f"{name} has not met {other}")


def alone(i):
    """Fails when another of its kind works in this folder at the same time."""
    os.close(os.open("alone.here", os.O_CREAT | os.O_EXCL))
    time.sleep(0.01)
    Path("turn.txt").write_text(str(i))
    Path("alone.here").unlink()
    return i
