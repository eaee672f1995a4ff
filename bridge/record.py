"""The record of a run, the same from every engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, BinaryIO, Literal

__all__ = ["Run", "Status", "StepRun", "now"]

Status = Literal["succeeded", "failed", "skipped", "running", "interrupted"]
"""How a step or a run has ended; a run may be ``running``, or have died, ``interrupted``."""


def now() -> str:
    """The time, as a record has it."""
    from datetime import UTC, datetime

    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass
class StepRun:
    """One step of a run; ``seconds`` is the wall time of its work, over all its attempts.

    ``note`` says of a task with ``cache`` why it ran, or why it did not.
    """

    name: str
    status: Status
    attempts: int = 1
    seconds: float = 0.0
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """The step as JSON; a note only where there is one."""
        found = {**vars(self)}
        if not self.note:
            del found["note"]
        return found


@dataclass
class Run:
    """What a run did, and the way to what it gave: ``run["accuracy"]``.

    ``parameters`` is the outermost scope at the end (JSON values), ``metrics`` those of them that
    are metrics, ``objects`` fingerprints of content, ``files`` the hashes of what the catalog
    holds. ``error`` is ``{"step", "attempt", "type", "text"}`` or None, ``frames`` where in the
    user's code it was raised: ``{"file", "line", "function", "code"}``, outermost first.
    ``artifacts`` (executed notebooks, logs) differ from run to run by nature and are never
    compared. ``started`` is a time in UTC (ISO 8601), empty where it is not known.

    Of a run that was made here, ``store`` is where its objects and files are, and ``kept`` the
    references of its objects there; neither is part of the record.
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
    pipeline: str = ""
    started: str = ""
    frames: list[dict[str, Any]] = field(default_factory=list)
    kept: dict[str, Any] = field(default_factory=dict, compare=False)
    store: str = field(default="", compare=False)

    def to_json(self) -> dict[str, Any]:
        """The record as JSON."""
        found = {name: value for name, value in vars(self).items() if name not in _HERE}
        return {**found, "steps": [step.to_json() for step in self.steps]}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Run:
        """The run of which ``given`` is the record."""
        steps = [StepRun(**step) for step in given["steps"]]
        return cls(**{**given, "steps": steps})

    @property
    def failed(self) -> bool:
        """Whether it has failed; ``error`` says at which step, and how."""
        return self.status == "failed"

    def __getitem__(self, name: str) -> Any:
        """The JSON value that ``name`` has at the end. Raises KeyError when it has none."""
        if name in self.parameters:
            return self.parameters[name]
        if name in self.objects:
            raise KeyError(f"'{name}' is an object: run.object('{name}') loads it")
        raise KeyError(self._unknown("value", name, self.parameters))

    def __contains__(self, name: object) -> bool:
        return name in self.parameters

    def object(self, name: str) -> Any:
        """The object that ``name`` is at the end, loaded anew.

        Raises KeyError when there is none, ValueError for a dataset or when the run was not made
        here, FileNotFoundError when the store has lost it.
        """
        if name in self.parameters:
            raise KeyError(f"'{name}' is a JSON value: run['{name}'] gives it")
        if name not in self.objects:
            raise KeyError(self._unknown("object", name, self.objects))
        store = self._store()
        if name not in self.kept:
            raise ValueError(f"'{name}' is a dataset; load it from where the pipeline says it is")
        return _loaded(self.kept[name], store)

    def open(self, path: str) -> BinaryIO:
        """The content that the catalog holds of a file, to be read as bytes.

        Raises KeyError when it holds no such file, ValueError when the run was not made here,
        FileNotFoundError when only the hash was kept.
        """
        if path not in self.files:
            raise KeyError(self._unknown("file", path, self.files))
        store = self._store()
        try:
            found: BinaryIO = (
                import_module("bridge.catalog").open_store(store).open(self.files[path])
            )
            return found
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f"{error}; where '{path}' was put with store_copy=False, only its hash is kept"
            ) from None

    def _store(self) -> str:
        if not self.store:
            raise ValueError(
                f"of run '{self.run_id}' there is the record alone; what it gave is loaded from "
                "the run that execute() returns"
            )
        return self.store

    def _unknown(self, what: str, name: str, known: Iterable[str]) -> str:
        from bridge.suggest import did_you_mean

        return f"run '{self.run_id}' has no {what} '{name}'; {did_you_mean(name, known)}"

    def __repr__(self) -> str:
        steps = "1 step" if len(self.steps) == 1 else f"{len(self.steps)} steps"
        return f"<Run {self.run_id} {self.status}: {steps} in {self.seconds:.2f} s>"

    def _repr_html_(self) -> str:
        # By name, since the record knows nobody who shows it.
        shown: str = import_module("bridge.show.run").render(self)
        return shown


_HERE = ("kept", "store")


def _loaded(ref: Any, store: str) -> Any:
    """An object by its reference; a list of such is an object too."""
    if isinstance(ref, list):
        return [_loaded(item, store) for item in ref]
    return import_module("bridge.catalog").load_object(ref, store)  # by name, as above
