"""What a case is, and how cases run side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import conformance_functions

from bridge.errors import Where
from bridge.findings import Feature, attributes
from bridge.flow import walk
from bridge.model import Parallel, Pipeline, PythonTask, Step, Task
from bridge.record import Status
from bridge.values import Constant, constant

__all__ = [
    "CODE",
    "ODD",
    "ODD_NAMES",
    "TEXT",
    "Case",
    "Ends",
    "constants",
    "failed",
    "skipped",
    "succeeded",
    "task",
    "times",
    "together",
]

TEXT = '"it\'s" {{ params.x }} {% x %} $(touch pwned) ${HOME} \\n %s {0}\nnext line\t\u2028 Ü'
"""Text that is code in some language or other, and must stay text in all of them."""

ODD_NAMES = (
    "class",
    "self",
    'a"b',
    "name",
    "next",
    "input",
    "index",
    "start",
    "end",
    "Ünï",
    "a b",
    "a-b",
    "params",
)
"""Names that mean something to Python, to a framework, or to neither."""

ODD = 'each "a.b" it\'s Ü'
"""A name with all that a name may hold."""

CODE = Where(str(Path(conformance_functions.__file__)))
"""Where the cases' functions and their notebooks are."""

Ends = Mapping[str, tuple[Status, int]]
"""How steps end, by their paths: the status and the number of attempts."""


@dataclass(frozen=True)
class Case:
    """A pipeline, what it starts with, and what its record must hold.

    ``more`` is what else is said of the pipeline, ``environ`` the variables around it.

    ``values`` and ``metrics`` are by name, ``objects`` the very objects, ``files`` their text;
    ``ends`` tells of every step, and when it is left out each task succeeds at once.
    ``notebooks`` are texts, each in an executed notebook of its own. ``failed`` is the step, the
    exception's type and a part of its text; ``independent`` are values that are there after a
    failure where an engine lets independent branches finish.
    """

    name: str
    says: str
    steps: Sequence[Step]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    objects: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    ends: Ends | None = None
    notebooks: Sequence[str] = ()
    failed: tuple[str, str, str] | None = None
    independent: Mapping[str, Any] = field(default_factory=dict)

    @property
    def pipeline(self) -> Pipeline:
        """The case by itself."""
        return Pipeline(self.steps, self.name, parameters=self.parameters, **self.more)

    @property
    def features(self) -> set[Feature]:
        """All that the case says, as features."""
        return {attribute.feature for attribute in attributes(self.pipeline)}

    @property
    def ended(self) -> Ends:
        """How every step ends, by its path in the case."""
        if self.ends is not None:
            return self.ends
        tasks = [path for path, step in walk(self.pipeline) if isinstance(step, Task)]
        return succeeded(*tasks)

    @property
    def secrets(self) -> set[str]:
        """The values of the variables that its tasks call secrets."""
        tasks = [step for _, step in walk(self.pipeline) if isinstance(step, Task)]
        return {self.environ[n] for t in tasks for n in t.secrets if n in self.environ}

    @property
    def group(self) -> str:
        """Which of the composites of ``together`` the case is a branch of.

        Branches in which failures are handled are carried out differently from those without.
        """
        return "handling" if Feature.ON_FAILURE in self.features else "cases"

    @property
    def prefix(self) -> str:
        """What the paths of its steps start with when it runs together with others."""
        return f"{self.group}.{self.name}."


def together(cases: Sequence[Case]) -> Pipeline:
    """One pipeline that runs the cases side by side."""
    parameters: dict[str, Any] = {}
    groups: dict[str, dict[str, Pipeline]] = {}
    outermost: dict[str, Any] = {}
    for case in cases:
        shared = parameters.keys() & case.parameters.keys()
        assert not shared, f"case {case.name} sets {shared}, which another case has"
        parameters |= case.parameters
        more = dict(case.more)
        if "schedule" in more:
            outermost["schedule"] = more.pop("schedule")
        outermost.setdefault("datasets", {}).update(more.pop("datasets", {}))
        groups.setdefault(case.group, {})[case.name] = Pipeline(case.steps, case.name, **more)
    steps = [Parallel(name=group, branches=branches) for group, branches in groups.items()]
    return Pipeline(steps, "conformance", parameters=parameters, **outermost)


def task(function: Callable[..., Any], name: str = "", **more: Any) -> PythonTask:
    """A call of ``function``."""
    return PythonTask(function=function, name=name, **more)


def constants(**values: Any) -> dict[str, Constant]:
    """Inputs that are these very values."""
    return {name: constant(value) for name, value in values.items()}


def succeeded(*paths: str, attempts: int = 1) -> dict[str, tuple[Status, int]]:
    """These steps succeed, at the last of so many attempts."""
    return dict.fromkeys(paths, ("succeeded", attempts))


def failed(*paths: str, attempts: int = 1) -> dict[str, tuple[Status, int]]:
    """These steps fail, so many times."""
    return dict.fromkeys(paths, ("failed", attempts))


def skipped(*paths: str) -> dict[str, tuple[Status, int]]:
    """These steps do not run."""
    return dict.fromkeys(paths, ("skipped", 0))


def times(path: str, count: int, *steps: str) -> list[str]:
    """The paths of steps inside a map or a loop that runs them ``count`` times."""
    return [f"{path}.{i}.{step}" for i in range(count) for step in steps]
