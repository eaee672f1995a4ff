"""What ``execute()`` does when a script calls it: one run, here, whose record it gives."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

from bridge.carried.arguments import listener
from bridge.configuration import check_configuration
from bridge.errors import BridgeError, StepError, UsageError
from bridge.frames import told
from bridge.inert import is_loading, note
from bridge.model import Pipeline
from bridge.parameters import FILE, from_file, overrides
from bridge.record import Run
from bridge.runner import run_local
from bridge.runner.executors import Kind
from bridge.runner.history import folder
from bridge.runner.journal import begun_with
from bridge.runner.watch import PassedOn

__all__ = ["execute", "execute_async", "stream"]

File = str | os.PathLike[str]

_RUN_ID = "RUNNABLE_RUN_ID"
_RETRY = "RUNNABLE_RETRY_RUN_ID"
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", "FATAL")
_END: Any = object()


def execute(
    pipeline: Pipeline,
    parameters: Mapping[str, Any] | None = None,
    parameters_file: File | None = None,
    run_id: str | None = None,
    configuration_file: File | None = None,
    tag: str = "",
    log_level: str = "WARNING",
    is_job: bool = False,
    patch: Mapping[str, Any] | None = None,
    jobs: int | None = None,
    workers: Kind | None = None,
) -> Run | None:
    """Run ``pipeline`` here and give its record; inert while a source is being loaded.

    ``RUNNABLE_PARAMETERS_FILE`` takes the place of ``parameters_file``, and with
    ``RUNNABLE_RETRY_RUN_ID`` the run of that id is gone on with, with the parameters it had. A
    ``configuration_file`` may ask for nothing but what is done here, ``is_job`` tells which
    executor in it counts; ``tag`` and ``log_level`` change nothing. ``patch`` has what stands in
    for tasks, by their names or paths, as ``bridge.patch`` tells. At most ``jobs`` tasks run at
    once (default: one a core), in ``workers``: "processes", "threads" or "inline", the thread that
    asks; the last is the default where something stands in for tasks, which may belong here.

    Raises UsageError or ModelError before anything runs, StepError when a step fails (its ``run``
    is the record). In a script that does not handle them they are told in a sentence.
    """
    if is_loading():
        read = from_file(Path(parameters_file)) if parameters_file else {}
        note(pipeline, {**read, **(parameters or {})})
        return None
    _tell_in_a_sentence()
    if str(log_level).upper() not in _LEVELS:
        raise UsageError(f"there is no log level '{log_level}'; there are {', '.join(_LEVELS)}")
    check_configuration(configuration_file, is_job)
    _find_modules_here()
    if patch:
        from bridge.patch import patched

        pipeline = patched(pipeline, patch)
    watch = PassedOn(partial(print, end="", flush=True))  # where scripts and notebooks look
    how: Any = {"jobs": jobs, "workers": workers or _workers(patch), "watch": watch}
    if retried := os.environ.get(_RETRY):
        run = run_local(pipeline, begun_with(folder(retried)), resume=retried, **how)
    else:
        file = os.environ.get(FILE) or parameters_file
        values = overrides(pipeline.parameters, file, parameters)
        run = run_local(pipeline, values, run_id or os.environ.get(_RUN_ID) or None, **how)
    if run.error:
        raise _failure(run, run.error)
    return run


def _workers(patch: Mapping[str, Any] | None) -> Kind:
    """What stands in for tasks, and who listens to events, is part of this process."""
    return "inline" if patch or listener.get() else "processes"


def _failure(run: Run, failed: Mapping[str, Any]) -> StepError:
    error = StepError(failed["step"], failed["attempt"], failed["type"], failed["text"])
    error.run = run
    if run.frames:
        error.add_note("\n".join(told(run.frames)))
    return error


def _find_modules_here() -> None:
    """Let functions that are named, not given, be found from the working directory."""
    if os.getcwd() not in sys.path and "" not in sys.path:  # noqa: PTH109 - text, as the path is
        sys.path.append(os.getcwd())  # noqa: PTH109


def _tell_in_a_sentence() -> None:
    """Let a script that ends with an error meant for its user say it without a traceback."""
    if not isinstance(sys.excepthook, _Sentence):
        sys.excepthook = _Sentence(sys.excepthook)


class _Sentence:
    """A hook for exceptions that nobody handled; those of others go to the hook before it."""

    def __init__(self, before: Any) -> None:
        self._before = before

    def __call__(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if isinstance(error, BridgeError):
            lines = [*getattr(error, "__notes__", ()), f"bridge: {error}"]
            sys.stderr.write("\n".join(lines) + "\n")
        else:
            self._before(kind, error, trace)


async def execute_async(pipeline: Pipeline, **options: Any) -> Run | None:
    """The same in a thread of its own, while the event loop goes on."""
    import asyncio  # takes its time, and few runs are awaited

    return await asyncio.to_thread(execute, pipeline, **options)


async def stream(pipeline: Pipeline, **options: Any) -> AsyncIterator[Any]:
    """Run ``pipeline`` and give what its asynchronous generators yield, as they yield it."""
    import asyncio

    loop, events = asyncio.get_running_loop(), asyncio.Queue[Any]()

    def tell(event: Any) -> None:
        loop.call_soon_threadsafe(events.put_nowait, event)

    token = listener.set(tell)
    try:
        run = asyncio.ensure_future(execute_async(pipeline, **options))
    finally:
        listener.reset(token)
    run.add_done_callback(lambda _: events.put_nowait(_END))
    while (event := await events.get()) is not _END:
        yield event
    await run
