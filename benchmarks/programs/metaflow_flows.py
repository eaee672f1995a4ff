"""The cases on Metaflow, whose flows are classes that it reads as text: they are written out."""

from __future__ import annotations

__all__ = ["chain", "fan", "frame", "graph", "show"]

HEAD = """\
import work
from metaflow import FlowSpec, step


class Case(FlowSpec):
"""
STEP = """\
    @step
    def {name}(self{more}):
        {body}
"""
TAIL = """

if __name__ == "__main__":
    Case()
"""


def chain(length: int) -> str:
    """A chain of ``length`` steps, two at least: Metaflow demands a start and an end."""
    names = ["start", *(f"task_{i}" for i in range(1, length - 1)), "end"]
    calls = ["self.x = work.first()"] + ["self.x = work.following(self.x)"] * (len(names) - 1)
    ends = [f"self.next(self.{then})" for then in names[1:]]
    ends.append(f"assert self.x == {len(names) - 1}")
    return _flow([(n, "", [c, e]) for n, c, e in zip(names, calls, ends, strict=True)])


def fan(width: int) -> str:
    """A foreach over ``width`` items."""
    wanted = sum(range(width)) + width
    begin = [f"self.all = list(range({width}))", "self.next(self.each, foreach='all')"]
    each = ["self.y = work.following(self.input)", "self.next(self.join)"]
    join = ["self.sum = sum(i.y for i in inputs)", "self.next(self.end)"]
    steps = [("start", "", begin), ("each", "", each), ("join", ", inputs", join)]
    return _flow([*steps, ("end", "", [f"assert self.sum == {wanted}"])])


def frame(megabytes: int) -> str:
    """A frame that one step makes and the next one sums."""
    make = ["import frames", f"self.frame = frames.make_frame({megabytes})", "self.next(self.end)"]
    return _flow(
        [("start", "", make), ("end", "", ["import frames", "frames.sum_frame(self.frame)"])]
    )


graph = show = chain
"""Metaflow joins nothing that it has not split: of graphs it has a chain. ``show`` runs none."""


def _flow(steps: list[tuple[str, str, list[str]]]) -> str:
    written = [
        STEP.format(name=name, more=more, body="\n        ".join(lines))
        for name, more, lines in steps
    ]
    return HEAD + "\n".join(written) + TAIL
