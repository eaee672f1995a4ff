"""Who carries out the attempts at tasks: this process, or workers that a failure cannot hurt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

from bridge.flow import Node
from bridge.runner.work import Order, Outcome, attempted
from bridge.tasks import Place

__all__ = ["Executor", "Here", "Kind"]

Kind = Literal["processes", "threads", "inline"]


class Executor(Protocol):
    """Makes attempts at tasks, several at once if it is asked from several threads."""

    def attempt(self, order: Order) -> Outcome:
        """Make an attempt and wait for what comes of it."""

    def close(self) -> None:
        """End all that is still going on."""


class Here:
    """Makes attempts in this process, in the thread that asks for them."""

    def __init__(self, nodes: Mapping[str, Node], place: Place) -> None:
        self._nodes, self._place = nodes, place

    def attempt(self, order: Order) -> Outcome:
        """Make an attempt; what it prints is not kept."""
        return attempted(order, self._nodes[order.place], self._place)

    def close(self) -> None:
        """There is nothing to end."""
