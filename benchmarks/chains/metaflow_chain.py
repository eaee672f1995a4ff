"""The source of a Metaflow flow that is a chain.

A flow is a class that Metaflow reads as text, so a chain of a given length has to be written out.
"""

from __future__ import annotations

HEAD = """\
import work
from metaflow import FlowSpec, step


class Chain(FlowSpec):
"""
STEP = """\
    @step
    def {name}(self):
        self.x = {call}
        {last}
"""
TAIL = """

if __name__ == "__main__":
    Chain()
"""


def source(length: int) -> str:
    """A flow of ``length`` steps, two at least: Metaflow demands a start and an end."""
    names = ["start", *(f"task_{i}" for i in range(1, length - 1)), "end"]
    steps = []
    for name, then in zip(names, [*names[1:], ""], strict=True):
        call = "work.first()" if name == "start" else "work.following(self.x)"
        last = f"self.next(self.{then})" if then else f"assert self.x == {length - 1}"
        steps.append(STEP.format(name=name, call=call, last=last))
    return HEAD + "\n".join(steps) + TAIL
