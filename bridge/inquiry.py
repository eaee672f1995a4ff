"""Asking a process of its own about code of the user, which it imports and this one does not.

An adapter's reader calls ``ask`` with the name of a module that ends with
``if __name__ == "__main__": answer(look)``; what ``look`` gives comes back as JSON. What the user's
code prints is kept apart, and what it raises is told with its place.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bridge.errors import SourceError

__all__ = ["answer", "ask"]

_TAIL = 2_000


def ask(
    module: str,
    question: Mapping[str, Any],
    source: Path,
    environment: Mapping[str, str] | None = None,
    seconds: float = 120,
) -> Any:
    """What ``module`` answers, run as a program for at most so many ``seconds``.

    Raises SourceError, which names ``source``, the exception in the user's code and its place,
    when there is no answer; and when the time is up.
    """
    with tempfile.TemporaryDirectory(prefix="bridge-ask-") as folder:
        files = [Path(folder) / name for name in ("question.json", "answer.json", "log")]
        files[0].write_text(json.dumps(question), encoding="utf-8")
        code = _run(module, files, environment or {}, seconds)
        if code is None:
            raise SourceError(
                f"'{source}' was not read in {seconds:g} seconds: importing it takes longer, or "
                f"waits for something{_said(files[2])}"
            )
        if not files[1].exists():
            raise SourceError(f"reading '{source}' ended with code {code}{_said(files[2])}")
        found = json.loads(files[1].read_text(encoding="utf-8"))
        if "error" in found:
            raise SourceError(f"'{source}' cannot be read: {found['error']}{_said(files[2])}")
        return found["answer"]


def _run(
    module: str, files: list[Path], environment: Mapping[str, str], seconds: float
) -> int | None:
    """The exit code; None when the time was up, and all that was started has been ended."""
    with (
        files[2].open("wb") as log,
        subprocess.Popen(
            [sys.executable, "-m", module, str(files[0]), str(files[1])],
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        ) as process,
    ):
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return None


def _said(log: Path) -> str:
    text = log.read_text(encoding="utf-8", errors="replace")[-_TAIL:].strip()
    return f"; it printed:\n{text}" if text else ""


def answer(look: Callable[[dict[str, Any]], Any]) -> None:
    """Answer the one question of ``ask``: with what ``look`` gives for it, which must be JSON.

    A SourceError is told by its text, anything else as an exception of the user's code.
    """
    question, told = map(Path, sys.argv[1:3])
    found: dict[str, Any]
    try:
        found = {"answer": look(json.loads(question.read_text(encoding="utf-8")))}
        text = json.dumps(found)
    except SourceError as error:
        text = json.dumps({"error": str(error)})
    except (Exception, SystemExit) as error:
        text = json.dumps({"error": f"{type(error).__name__}: {error}{_place(error)}"})
    draft = told.with_suffix(".part")
    draft.write_text(text, encoding="utf-8")
    draft.replace(told)


def _place(error: BaseException) -> str:
    """Where in the user's own code an exception came from, if anywhere."""
    if isinstance(error, SyntaxError) and error.filename:
        return f" ({error.filename}:{error.lineno})"
    frames = traceback.extract_tb(error.__traceback__)
    installed = (os.path.dirname(os.__file__), os.path.dirname(__file__), "<frozen")  # noqa: PTH120
    own = [f for f in frames if not f.filename.startswith(installed)]
    own = [f for f in own if "site-packages" not in f.filename] or own
    return f" ({own[-1].filename}:{own[-1].lineno})" if own else ""
