"""Run a pipeline on several engines and tell where their records part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from bridge import translate
from bridge.emit.carried import PACKAGE
from bridge.engines import LOCAL, SOURCE, check_engines, run_on
from bridge.errors import BridgeError
from bridge.findings import require
from bridge.model import Pipeline
from bridge.record import Run
from bridge.runner import SUPPORT, history
from bridge.source import Loaded

__all__ = ["LOCAL", "Comparison", "Difference", "Listener", "check_engines", "run_on", "verify"]

_COMPARED = ("parameters", "metrics", "objects", "files")
_CODE = (".py", ".yml", ".yaml", ".toml")


@dataclass(frozen=True)
class Difference:
    """One thing on which the engines do not agree; an engine without the name has no value."""

    kind: str
    name: str
    values: Mapping[str, Any]

    def __str__(self) -> str:
        told = ", ".join(f"{engine}: {_short(value)}" for engine, value in self.values.items())
        return f"{self.kind} '{self.name}': {told}"


@dataclass
class Comparison:
    """The records of all engines, and where they part.

    ``glue`` has the lines of code that were generated for each engine, ``texts`` that code.
    """

    runs: list[Run]
    differences: list[Difference]
    glue: dict[str, int] = field(default_factory=dict)
    texts: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def agree(self) -> bool:
        """Whether every run succeeded and all records are the same."""
        return not self.differences and all(run.status == "succeeded" for run in self.runs)

    def to_json(self) -> dict[str, Any]:
        """The answer of ``bridge verify --json``."""
        return {
            "agree": self.agree,
            "runs": [run.to_json() for run in self.runs],
            "differences": [vars(difference) for difference in self.differences],
        }


class Listener(Protocol):
    """Who is told what happens while engines run."""

    def started(self, engine: str) -> None:
        """An engine is about to run."""

    def step(self, engine: str, step: str) -> None:
        """A step has ended."""

    def ended(self, engine: str, run: Run) -> None:
        """An engine has run."""


class _Silent:
    def started(self, engine: str) -> None: ...

    def step(self, engine: str, step: str) -> None: ...

    def ended(self, engine: str, run: Run) -> None: ...


SILENT: Listener = _Silent()


def verify(
    pipeline: Pipeline,
    engines: Sequence[str],
    parameters: Mapping[str, Any] | None = None,
    listener: Listener = SILENT,
    folder: Path | None = None,
    origin: Loaded | None = None,
    unsupported: str = "raise",
) -> Comparison:
    """Run ``pipeline`` on each engine, in a process and a home of its own, and compare.

    With an ``origin`` that an adapter has read, ``source`` is an engine too, and each works in a
    copy of its folder. What the engines leave stays in ``folder`` (default: below bridge's home).
    Raises TranslationError when a target cannot carry the pipeline, before anything runs.
    """
    engines = check_engines(engines, origin)
    folder = folder or history.home() / "compared" / history.new_id()
    pipeline = _declaring(pipeline, parameters or {})
    if LOCAL in engines:
        require(pipeline, SUPPORT, "the local engine cannot run this pipeline")
    found = origin.found if origin else None
    exports = {
        name: translate.render(pipeline, name, unsupported, read=found)
        for name in engines
        if name not in (LOCAL, SOURCE)
    }
    runs = []
    for engine in engines:
        listener.started(engine)
        run = _run(
            *(pipeline, engine, dict(parameters or {}), folder / engine, listener),
            *(origin, unsupported),
        )
        listener.ended(engine, run)
        runs.append(run)
    texts = {name: export.files for name, export in exports.items()}
    glue = {name: _glue(files) for name, files in texts.items()}
    return Comparison(runs, list(_differences(runs)), glue, texts)


def _declaring(pipeline: Pipeline, parameters: Mapping[str, Any]) -> Pipeline:
    """The pipeline with a declaration for each value given, so that every engine takes it."""
    undeclared = {k: v for k, v in parameters.items() if k not in pipeline.parameters}
    if not undeclared:
        return pipeline
    return replace(pipeline, parameters={**pipeline.parameters, **undeclared})


def _run(
    pipeline: Pipeline,
    engine: str,
    parameters: Mapping[str, Any],
    folder: Path,
    listener: Listener,
    origin: Loaded | None,
    unsupported: str,
) -> Run:
    """One engine's record; an engine that dies gives a failed one."""

    def progress(step: str) -> None:
        listener.step(engine, step)

    try:
        return run_on(
            *(pipeline, engine, parameters, folder),
            progress=progress,
            origin=origin,
            unsupported=unsupported,
        )
    except BridgeError as error:
        found = {"step": "", "attempt": 0, "type": type(error).__name__, "text": str(error)}
        return Run("", engine, "failed", error=found)


def _differences(runs: Sequence[Run]) -> Iterator[Difference]:
    statuses = {run.on: run.status for run in runs}
    if len(set(statuses.values())) > 1:
        yield Difference("status", "run", statuses)
    for kind in _COMPARED:
        yield from _parting(kind, {run.on: getattr(run, kind) for run in runs})
    ours = [run for run in runs if run.on != SOURCE]  # whose steps are not those of the source
    steps = {run.on: {step.name: step.status for step in run.steps} for run in ours}
    yield from _parting("steps", steps)


def _parting(kind: str, records: Mapping[str, Mapping[str, Any]]) -> Iterator[Difference]:
    names = dict.fromkeys(name for record in records.values() for name in record)
    for name in names:
        values = {engine: r[name] for engine, r in records.items() if name in r}
        first = next(iter(values.values()))
        if len(values) < len(records) or not all(_same(first, v) for v in values.values()):
            yield Difference(kind, name, values)


def _same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal; unlike in Python, true is not 1."""
    todo = [(one, other)]
    while todo:
        a, b = todo.pop()
        if isinstance(a, dict) and isinstance(b, dict):
            if a.keys() != b.keys():
                return False
            todo += [(a[key], b[key]) for key in a]
        elif isinstance(a, list) and isinstance(b, list):
            if len(a) != len(b):
                return False
            todo += zip(a, b, strict=True)
        elif isinstance(a, bool) != isinstance(b, bool) or a != b:
            return False
    return True


def _glue(files: Mapping[str, str]) -> int:
    """The lines of code and configuration generated for one case, without the carried modules."""
    return sum(
        _lines(text)
        for path, text in files.items()
        if path.endswith(_CODE) and f"/{PACKAGE}/" not in f"/{path}"
    )


def _lines(text: str) -> int:
    """Lines that say something: neither blank nor a comment alone."""
    stripped = (line.strip() for line in text.splitlines())
    return sum(1 for line in stripped if line and not line.startswith("#"))


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
