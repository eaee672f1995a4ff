"""The steps of a run as a tree: what is inside what, how each ended, and what share it took."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from bridge.record import Run, Status, StepRun
from bridge.show.outline import plain

__all__ = ["Row", "rows"]

_HANDLER = "on_failure"
_MOST = 12  # items of a map or a loop that are told of one by one


class Row(NamedTuple):
    """A line of the tree; ``share`` is the part of all work, ``depth`` how far in it stands.

    ``branches`` draws the tree before the name. A line without ``status`` tells of several.
    """

    branches: str
    depth: int
    name: str
    status: Status | None
    attempts: int
    seconds: float
    share: float
    note: str = ""


@dataclass
class _Place:
    """A step, or what steps are inside of."""

    name: str
    step: StepRun | None = None
    inside: dict[str, _Place] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def status(self) -> Status:
        """How it has ended; where a failure was handled, as its handler has."""
        if self.step:
            return self.step.status
        handler = self.inside.get(_HANDLER)
        if handler and handler.outcome != "skipped":
            return handler.outcome
        found = {place.outcome for name, place in self.inside.items() if name != _HANDLER}
        order: tuple[Status, ...] = ("failed", "succeeded", "skipped")
        return next((status for status in order if status in found), "skipped")

    @property
    def outcome(self) -> Status:
        """What it has ended as for what is around it."""
        handler = self.inside.get(_HANDLER)
        is_handled = self.step and handler and handler.status != "skipped"
        return handler.status if handler and is_handled else self.status

    @property
    def repeats(self) -> bool:
        """Whether it is a map or a loop that has begun."""
        return any(name.isdecimal() for name in self.inside)


def rows(run: Run) -> list[Row]:
    """The tree of a run's steps, from what their names say; long maps and loops are cut."""
    root = _Place("")
    for step in run.steps:
        place = root
        place.seconds += step.seconds
        for part in step.name.split("."):
            place = place.inside.setdefault(part, _Place(part))
            place.seconds += step.seconds
        place.step = step
    return list(_rows(root, "", 0, root.seconds or 1.0))


def _rows(parent: _Place, branches: str, depth: int, whole: float) -> Iterator[Row]:
    shown, left = _cut(parent)
    for i, place in enumerate(shown):
        is_last = i == len(shown) - 1 and not left
        branch, below = ("└─ ", "   ") if is_last else ("├─ ", "│  ")
        step = place.step
        yield Row(
            branches + branch,
            depth,
            plain(place.name),
            place.status,
            step.attempts if step and step.status != "skipped" else 0,
            place.seconds,
            place.seconds / whole,
            _items(place) or (step.note if step else ""),
        )
        yield from _rows(place, branches + below, depth + 1, whole)
    if left:
        seconds = sum(place.seconds for place in left)
        failed = sum(place.outcome == "failed" for place in left)
        note = f"{len(left)} more" + (f", {failed} of them failed" if failed else "")
        yield Row(f"{branches}└─ ", depth, "…", None, 0, seconds, seconds / whole, note)


def _items(place: _Place) -> str:
    number = sum(name.isdecimal() for name in place.inside)
    return {0: "", 1: "once"}.get(number, f"{number} times")


def _cut(parent: _Place) -> tuple[Sequence[_Place], Sequence[_Place]]:
    """The places inside to be shown, and those of many alike to be told of together.

    What is shown of many is what failed, and the slowest.
    """
    places = list(parent.inside.values())
    if not parent.repeats:
        return places, []
    places.sort(key=lambda place: (not place.name.isdecimal(), _number(place)))
    if len(places) <= _MOST:
        return places, []
    weighty = sorted(places, key=lambda p: (p.outcome != "failed", -p.seconds))[:_MOST]
    chosen = {id(place) for place in weighty}
    left = [place for place in places if id(place) not in chosen]
    return [place for place in places if id(place) in chosen], left


def _number(place: _Place) -> int:
    return int(place.name) if place.name.isdecimal() else 0
