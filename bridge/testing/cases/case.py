"""What a case is, and how cases run side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import conformance_functions

from bridge.errors import Where
from bridge.findings import Feature, attributes
from bridge.model import Parallel, Pipeline, PythonTask, Step
from bridge.values import Constant, constant

__all__ = ["CODE", "TEXT", "Case", "constants", "task", "together"]

TEXT = '"it\'s" {{ params.x }} {% x %} $(touch pwned) ${HOME} \\n %s {0}\nnext line\t\u2028 Ü'
"""Text that is code in some language or other, and must stay text in all of them."""

CODE = Where(str(Path(conformance_functions.__file__)))
"""Where the cases' functions and their notebook are."""


@dataclass(frozen=True)
class Case:
    """A pipeline, what it starts with, and what its record must hold.

    ``values`` and ``metrics`` are by name, ``objects`` the very objects, ``files`` their text;
    ``failed`` is the step, the exception's type and a part of its text; ``independent`` are values
    that are there after a failure where an engine lets independent branches finish.
    """

    name: str
    says: str
    steps: Sequence[Step]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    objects: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    failed: tuple[str, str, str] | None = None
    independent: Mapping[str, Any] = field(default_factory=dict)
    order: Literal["list", "data"] = "list"

    @property
    def pipeline(self) -> Pipeline:
        """The case by itself."""
        return Pipeline(self.steps, self.name, parameters=self.parameters, order=self.order)

    @property
    def features(self) -> set[Feature]:
        """All that the case says, as features."""
        return {attribute.feature for attribute in attributes(self.pipeline)}


def together(cases: Sequence[Case]) -> Pipeline:
    """One pipeline that runs the cases side by side."""
    parameters: dict[str, Any] = {}
    for case in cases:
        shared = parameters.keys() & case.parameters.keys()
        assert not shared, f"case {case.name} sets {shared}, which another case has"
        parameters |= case.parameters
    branches = {case.name: Pipeline(case.steps, case.name, order=case.order) for case in cases}
    step = Parallel(name="cases", branches=branches)
    return Pipeline([step], "conformance", parameters=parameters)


def task(function: Callable[..., Any], name: str = "", **more: Any) -> PythonTask:
    """A call of ``function``."""
    return PythonTask(function=function, name=name, **more)


def constants(**values: Any) -> dict[str, Constant]:
    """Inputs that are these very values."""
    return {name: constant(value) for name, value in values.items()}
