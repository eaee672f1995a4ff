"""Runs a flow as it is, by Metaflow's own command, and reads what its steps have set."""

from __future__ import annotations

import json
import os
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bridge.adapter import Job, Source
from bridge.engine import serve
from bridge.errors import RunError
from bridge.record import Run
from bridge.results import settle
from bridge_metaflow.engine import isolate, output, program
from bridge_metaflow.found import Items, items
from bridge_metaflow.reading.functions import Output
from bridge_metaflow.reading.parameters import Given
from bridge_metaflow.reading.reader import Apart, Read, read_flow
from bridge_metaflow.reading.structure import Again, Do, Each, Fork, Node, Series, walk

__all__ = ["SourceJob", "run"]

_ABSENT = object()


@dataclass(frozen=True)
class SourceJob(Job):
    """A run of ``source`` as it is."""

    source: Source = field(default_factory=lambda: Source(Path()))


def run(job: Job) -> Run:
    """Run the flow of the job's source. Raises RunError when Metaflow refuses to start."""
    assert isinstance(job, SourceJob)
    isolate(job)
    found = read_flow(job.source)
    run_id = _execute(job, found)
    values = _Values(job, found, run_id)
    record = Run(job.run_id, "source", "succeeded" if values.run.successful else "failed")
    record.artifacts["metaflow"] = f"{found.source.name}/{run_id}"
    record.parameters = {**job.pipeline.parameters, **job.parameters}
    if record.status == "failed":
        record.error = values.error()
        return record
    known = {n: (kind, values.value(n)) for n, kind in job.sets.items()}
    settle(record, {n: held for n, held in known.items() if held[1] is not _ABSENT})
    return record


def _execute(job: SourceJob, found: Read) -> str:
    """Run the flow to its end; gives Metaflow's id of the run."""
    id_file = job.home / "metaflow-run-id"
    id_file.unlink(missing_ok=True)
    tail: deque[str] = deque(output(_command(job, found, id_file)), maxlen=10)
    if not id_file.exists():
        raise RunError(f"metaflow did not start the flow:\n{''.join(tail).strip()}")
    return id_file.read_text().strip()


def _command(job: SourceJob, found: Read, id_file: Path) -> list[str]:
    workers = str(max(2, os.cpu_count() or 2))
    options = [f"--run-id-file={id_file}", f"--max-workers={workers}", "--max-num-splits=100000"]
    local = ["--datastore=local", "--metadata=local", "--environment=local"]
    before, after = [], []
    for name, value in job.parameters.items():
        given = found.given.get(found.guess.parameters[name] if found.guess else name)
        if given is None:
            raise RunError(f"'{found.source.name}' has no Parameter '{name}'")
        if given.kind == "Config":
            before += ["--config-value", given.option, json.dumps(value)]
        elif value is not None:
            after.append(f"--{given.option}={_as_text(given, value)}")
    flow = [*program(str(job.source.path)), "--no-pylint", "--quiet"]
    return [*flow, *local, *before, "run", *options, *after]


def _as_text(given: Given, value: Any) -> str:
    if given.separator and isinstance(value, list):
        return given.separator.join(map(str, value))
    if given.type == "JSONType":
        return json.dumps(value)
    return value if isinstance(value, str) else repr(value)


class _Values:
    """What the steps of a run have set, by the names of the pipeline."""

    def __init__(self, job: SourceJob, found: Read, run_id: str) -> None:
        from metaflow import Run as MetaflowRun
        from metaflow import namespace

        namespace(None)
        if found.apart:
            _own_classes(found.apart)
        self.run = MetaflowRun(f"{found.source.name}/{run_id}")
        self._found, self._job = found, job
        self._written = found.apart.written if found.apart else {}
        self._tasks: dict[str, dict[Items, list[Any]]] = {}
        for step in self.run:
            held = self._tasks.setdefault(step.id, {})
            for task in sorted(step, key=lambda task: int(task.id)):
                held.setdefault(items(task), []).append(task)

    def error(self) -> dict[str, Any]:
        """How the first task that failed did so."""
        for tasks in self._tasks.values():
            for task in (t for several in tasks.values() for t in several):
                if not task.successful and task.exception:
                    found = task.exception
                    kind = found.type.rpartition(".")[2]
                    step, attempt = task.parent.id, task.current_attempt + 1
                    text = str(found.exception)
                    return {"step": step, "attempt": attempt, "type": kind, "text": text}
        return {"step": "", "attempt": 0, "type": "RuntimeError", "text": "the run failed"}

    def value(self, name: str) -> Any:
        """What the pipeline's name stands for at its end."""
        apart = self._found.apart
        if apart is None:
            return self._at_the_end(name)
        for given in self._found.given.values():
            if name == apart.uses.renamed.get(given.name):
                return self._included(given, next(iter(apart.steps)))
        return self._in(apart.series, name, ())

    def _at_the_end(self, name: str) -> Any:
        """What the last step has for a name of the pipeline that the flow was written for."""
        guess, task = self._found.guess, self.run.end_task
        assert guess
        own = [known[name] for known in (guess.values, guess.parameters) if name in known]
        return next((task[attribute].data for attribute in own if attribute in task), _ABSENT)

    def _included(self, given: Given, first: str) -> Any:
        return self._tasks[first][()][-1][given.name].data

    def _in(self, series: Series, name: str, at: Items) -> Any:
        """The value that the last part of a series has set."""
        for node in reversed(series):
            value = self._of(node, name, at)
            if value is not _ABSENT:
                return value
        return _ABSENT

    def _of(self, node: Node, name: str, at: Items) -> Any:
        if isinstance(node, Do | Again):
            do = node if isinstance(node, Do) else node.do
            written = self._written.get(do.step.name)
            outputs = written.signature.outputs if written else []
            wanted = next((o for o in outputs if o.name == name), None)
            return self._output(do.step.name, wanted, at) if wanted else _ABSENT
        if isinstance(node, Fork):
            return self._in([n for s in node.branches.values() for n in s], name, at)
        if isinstance(node, Each):
            if not self._sets(node.body, name):
                return _ABSENT
            found = (self._in(node.body, name, (*at, number)) for number in self._numbers(node, at))
            return [value for value in found if value is not _ABSENT]
        taken = [s for _, s in node.arms if s and self._ran(s, at)]
        return self._in(taken[0], name, at) if taken else _ABSENT

    def _sets(self, series: Series, name: str) -> bool:
        written = [self._written.get(do.step.name) for do in walk(series)]
        return any(o.name == name for w in written if w for o in w.signature.outputs)

    def _ran(self, series: Series, at: Items) -> bool:
        first = next(walk(series)).step.name
        return at in self._tasks.get(first, {})

    def _numbers(self, each: Each, at: Items) -> Iterator[int]:
        first = next(walk(each.body)).step.name
        for found in sorted(self._tasks.get(first, {})):
            if found[:-1] == at:
                yield found[-1]

    def _output(self, step: str, wanted: Output, at: Items) -> Any:
        tasks = self._tasks.get(step, {}).get(at)
        if not tasks:
            return _ABSENT
        origin = wanted.origin
        value: Any = tasks[-1][origin.name].data if origin.name in tasks[-1] else None
        if origin.what == "numbers":
            return list(range(len(value)))
        if origin.what == "over":
            return value not in origin.keys
        if origin.what == "error" and value is not None:
            return SimpleNamespace(type=value.type, exception=value.exception)
        return value


def _own_classes(found: Apart) -> None:
    """Let objects of classes of the flow's file be loaded: as those that the functions have."""
    import importlib.util

    if not found.classes:
        return
    name = next(iter(found.written.values())).step.module.name if not found.text else found.module
    spec = importlib.util.spec_from_loader(name, loader=None)
    assert spec
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    exec(compile(found.text, f"{name}.py", "exec"), vars(module))
    main = sys.modules["__main__"]
    for name in found.classes:
        setattr(main, name, getattr(module, name))


if __name__ == "__main__":
    from bridge_metaflow.original import run as run_source  # whose classes are those of the job

    serve(run_source)
