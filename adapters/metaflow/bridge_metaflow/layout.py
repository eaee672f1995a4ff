"""The steps of a flow and their transitions, laid out from series and branches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from bridge.lower.levels import Branches, Group, Series, Structure, tasks

__all__ = ["FlowStep", "Touched", "lay_out"]


@dataclass(eq=False)
class FlowStep:
    """One step: the tasks it carries out, the steps that follow, and those that it joins.

    ``origin`` is the path of the composite that a step without tasks splits or joins; ``chosen``
    says from which of the joined steps an artifact is taken where they may not agree. ``open``
    steps can still be given tasks.
    """

    tasks: tuple[str, ...] = ()
    origin: str = ""
    joins: tuple[FlowStep, ...] = ()
    chosen: dict[str, FlowStep] = field(default_factory=dict)
    next: list[FlowStep] = field(default_factory=list)
    open: bool = True


@dataclass(frozen=True)
class Touched:
    """The artifacts that a task sets, and those that it might change by using them."""

    sets: Callable[[str], Iterable[str]]
    changes: Callable[[str], Iterable[str]]


def lay_out(structure: Structure, touched: Touched, named: Callable[[str], str]) -> list[FlowStep]:
    """All steps, each after those that lead to it; the first starts the flow, the last ends it.

    ``named`` gives a task's name: one that is called ``start`` or ``end`` and stands there is that
    step itself.
    """
    parts = list(_parts(structure))
    first, last = FlowStep(open=_is(parts[0], "start", named)), FlowStep(open=False)
    if len(parts) > 1 and _is(parts[-1], "end", named):
        last.tasks = (str(parts.pop()),)
    layout = _Layout(touched, first)
    layout.series(parts, first).next.append(last)
    return [*layout.steps, last]


def _is(part: Structure, name: str, named: Callable[[str], str]) -> bool:
    return isinstance(part, str) and named(part) == name


def _parts(structure: Structure) -> Sequence[Structure]:
    return structure.parts if isinstance(structure, Series) else (structure,)


class _Layout:
    def __init__(self, touched: Touched, first: FlowStep) -> None:
        self.steps = [first]
        self._touched = touched
        self._since: dict[str, int] = {}  # each artifact, by when it was first set

    def series(self, parts: Sequence[Structure], step: FlowStep) -> FlowStep:
        """Let the parts follow a step, or fill it; gives the step with which they end."""
        for i, part in enumerate(parts):
            if isinstance(part, Branches):
                step = self._branches(part, step)
                continue
            assert not isinstance(part, Series)
            names = part.tasks if isinstance(part, Group) else (part,)
            splits = i + 1 < len(parts) and isinstance(parts[i + 1], Branches)
            if not self._takes(step, names, splits):
                step = self._after(step)
            step.tasks, step.open = names, False
            for name in names:
                for artifact in self._touched.sets(name):
                    self._since.setdefault(artifact, len(self._since))
        return step

    def _takes(self, step: FlowStep, names: Iterable[str], splits: bool) -> bool:
        """Whether a step can carry out the tasks itself.

        A join goes on to one step only. And where a task may change a value that the join has
        chosen, the change would be kept.
        """
        if not step.open or (step.joins and splits):
            return False
        return not any(a in step.chosen for n in names for a in self._touched.changes(n))

    def _after(self, step: FlowStep, origin: str = "") -> FlowStep:
        step.open = False
        found = FlowStep(origin=origin)
        step.next.append(found)
        self.steps.append(found)
        return found

    def _branches(self, branches: Branches, step: FlowStep) -> FlowStep:
        if step.joins:
            step = self._after(step)
        step.origin = branches.step
        began = len(self._since)
        tails = [self.series(_parts(part), self._after(step)) for part in branches.parts]
        join = FlowStep(origin=branches.step, joins=tuple(tails))
        for tail in tails:
            tail.next.append(join)
            tail.open = False
        join.chosen = self._chosen(branches, tails, began)
        self.steps.append(join)
        return join

    def _chosen(
        self, branches: Branches, tails: Sequence[FlowStep], began: int
    ) -> dict[str, FlowStep]:
        """The artifacts that the branches do not agree on: the last branch to set one decides."""
        setters: dict[str, list[FlowStep]] = {}
        for part, tail in zip(branches.parts, tails, strict=True):
            for artifact in dict.fromkeys(a for t in tasks(part) for a in self._touched.sets(t)):
                setters.setdefault(artifact, []).append(tail)
        return {
            artifact: found[-1]
            for artifact, found in setters.items()
            if len(found) > 1 or self._since[artifact] < began
        }
