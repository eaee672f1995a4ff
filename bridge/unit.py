"""A unit: steps that a target carries out in one place, as one task of its own.

Nobody writes one. Passes in ``bridge.lower`` put a unit around what a target has no construct
for, or around steps that are to share a place; ``bridge.emit`` writes its steps as plain Python.
"""

from __future__ import annotations

from collections.abc import Sequence

from bridge.model import Composite, Pipeline, Resources

__all__ = ["Unit"]


class Unit(Composite, kw_only=True):
    """The steps of ``pipeline`` in one task; they keep the paths they would have without it.

    ``why`` says in a few words what it is there for. What its tasks ask of the machine is asked
    for the whole. It ``keeps`` the names that it sets and that nobody else is to have. If it
    ``persists``, objects come and go as references into the store. The steps ``around`` are all
    those of the pipeline that it was put into, as they were written.
    """

    pipeline: Pipeline
    why: str = ""
    resources: Resources | None = None
    dependencies: Sequence[str] = ()
    image: str | None = None
    keeps: Sequence[str] = ()
    persists: bool = False
    around: Sequence[str] = ()

    def pipelines(self) -> dict[str, Pipeline]:
        """The steps; they have no name of their own."""
        return {"": self.pipeline}
