"""What a worker does: it makes one attempt after the other, and leaves no trace of one to the next.

Its main thread makes them, so that a time limit can interrupt the work.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from bridge.flow import Node
from bridge.runner.channel import Channel
from bridge.runner.turns import HELD
from bridge.runner.work import Order, Outcome, attempted
from bridge.runner.zygote import Worker
from bridge.tasks import Place

__all__ = ["worker"]


def worker(nodes: Mapping[str, Node], place: Place) -> Worker:
    """What a worker does that finds the tasks it is asked for among ``nodes``."""

    def work(channel: Channel, log: Path) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        gc.freeze()
        around = _Around()
        kept = f"{log.parent.parent.name}/{log.parent.name}/{log.name}"
        while order := _order(channel):
            begin = os.fstat(1).st_size
            node = nodes[order.place]
            if node.catalog.get or node.catalog.put:
                os.environ[HELD] = os.getcwd()  # noqa: PTH109 - compared as text
            outcome = attempted(order, node, place)
            around.flush()
            outcome = outcome._replace(log=(kept, begin, os.fstat(1).st_size))
            channel.send((*outcome, _is_clean(outcome)))
            around.restore()

    return work


def _order(channel: Channel) -> Order | None:
    with suppress(EOFError, OSError):
        return Order(*channel.receive())
    return None


def _is_clean(outcome: Outcome) -> bool:
    """Whether nothing of the attempt may still go on."""
    is_late = outcome.error is not None and outcome.error["type"] == "TimeoutError"
    return threading.active_count() == 1 and not is_late


class _Around:
    """What a task finds around it, as it was before the first."""

    def __init__(self) -> None:
        self._folder = Path.cwd()
        self._variables: dict[bytes, bytes] = vars(os.environ)["_data"]  # decoding all is slow
        self._environment = dict(self._variables)
        self._streams = sys.stdout, sys.stderr

    def flush(self) -> None:
        """Let all that was printed be in the log."""
        for stream in (*self._streams, sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):  # it may be none
                stream.flush()

    def restore(self) -> None:
        """Undo what the task has changed."""
        sys.stdout, sys.stderr = self._streams
        os.chdir(self._folder)
        if self._environment != self._variables:
            os.environb.clear()
            os.environb.update(self._environment)
