"""The record of a run, the same from every engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Run", "Status", "StepRun"]

Status = Literal["succeeded", "failed", "skipped"]


@dataclass
class StepRun:
    """One step of a run; ``seconds`` is the wall time of its work, over all its attempts."""

    name: str
    status: Status
    attempts: int = 1
    seconds: float = 0.0


@dataclass
class Run:
    """What a run did.

    ``parameters`` is the outermost scope at the end (JSON values), ``metrics`` those of them that
    are metrics, ``objects`` fingerprints of content, ``files`` the hashes of what the catalog
    holds. ``error`` is ``{"step", "attempt", "type", "text"}`` or None. ``artifacts`` (executed
    notebooks, logs) differ from run to run by nature and are never compared.
    """

    run_id: str
    on: str
    status: Status
    seconds: float = 0.0
    parameters: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    objects: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    steps: list[StepRun] = field(default_factory=list)
    error: dict[str, Any] | None = None
    artifacts: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The record as JSON."""
        return {**vars(self), "steps": [dict(vars(step)) for step in self.steps]}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Run:
        """The run of which ``given`` is the record."""
        steps = [StepRun(**step) for step in given["steps"]]
        return cls(**{**given, "steps": steps})

    def __getitem__(self, name: str) -> Any:
        return self.parameters[name]
