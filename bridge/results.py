"""The record of a run, made from what an engine says of each step."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bridge.flow import Flow, Node, Output, Stored, walk
from bridge.model import Loop, Map, Task
from bridge.record import Run, StepRun
from bridge.unit import Unit
from bridge.values import Kind

__all__ = ["collect", "settle", "settle_datasets", "settle_list", "skipped", "stored_arguments"]


def collect(
    flow: Flow,
    run: Run,
    steps: Iterable[StepRun],
    value: Callable[[Output], Any],
    manifest: Callable[[str], Mapping[str, str] | None],
    inside: Path | None = None,
) -> Run:
    """Fill ``run`` from the steps that an engine reports, by the names of the model.

    ``run.parameters`` must hold the values the run started with. ``value`` gives what a step
    returned under a name, ``manifest`` the files that the step at a path put; both are asked only
    for steps that succeeded, ``manifest`` also for those that failed after putting files.
    ``inside`` is the file where the tasks of units have noted how they ended.
    """
    notes = _notes(inside)
    found = {step.name: step for step in steps}
    composites = {path for path, node in flow.nodes.items() if node.inner}
    run.steps = [step for name, step in found.items() if name not in composites]
    run.steps += [
        StepRun(n["name"], n["status"], n["attempts"], n["seconds"]) for n in notes.values()
    ]
    if run.error and (note := _failure(run.error["step"], flow, notes)):
        run.error = {"step": note["name"], "attempt": note["attempts"], **note["error"]}
    scope: dict[str, Output] = {}
    for path, node in flow.nodes.items():
        status = found[path].status if path in found else "skipped"
        if node.puts and status == "failed" and node.inner:
            for note in notes.values():
                run.files |= note["files"] if _is_inside(note["name"], node) else {}
        if node.puts and status != "skipped":
            run.files |= manifest(path) or {}
        if status == "succeeded":
            scope |= {output.name: output for output in node.outputs}
    sets = {} if run.error else flow.sets
    values = {n: (sets.get(n, o).kind, _loaded(flow, o, value(o))) for n, o in scope.items()}
    settle(run, {name: held for name, held in values.items() if not is_absent(held[1])})
    if flow.pipeline.datasets:
        ran = [step.name for step in run.steps if step.status == "succeeded"]
        settle_datasets(run, _saved(flow, "", {*ran, *map(_place, ran)}))
    return run


def _loaded(flow: Flow, output: Output, value: Any) -> Any:
    """The value itself where a reference to an object was handed on."""
    task = flow.nodes[output.step].task
    referred = output.kind is Kind.PICKLED and isinstance(task, Unit) and task.persists
    if not referred or is_absent(value):
        return value
    from bridge.carried.objects import load_object

    return load_object(value)


Note = dict[str, Any]


def _notes(file: Path | None) -> dict[str, Note]:
    """What the tasks of units have noted, by name; of one tried again, the last."""
    if file is None or not file.exists():
        return {}
    lines = file.read_text(encoding="utf-8").splitlines()
    return {note["name"]: note for note in map(json.loads, lines)}


def _failure(path: str, flow: Flow, notes: Mapping[str, Note]) -> Note | None:
    """The note of the task by which the unit at ``path`` has failed: the last that did."""
    node = flow.nodes.get(path)
    if node is None or not node.inner:
        return None
    failed = [n for n in notes.values() if n["status"] == "failed" and _is_inside(n["name"], node)]
    return failed[-1] if failed else None


def _is_inside(name: str, node: Node) -> bool:
    """Whether the step of this name is one of those inside ``node``."""
    if not isinstance(node.task, Unit):
        return name == node.path or name.startswith(f"{node.path}.")
    prefix = node.path.removesuffix(node.task.name)
    return any(
        name == prefix + step or name.startswith(f"{prefix}{step}.")
        for step in (*(s.name for s in node.task.pipeline.steps), "on_failure")
    )


def settle(run: Run, values: Mapping[str, tuple[Kind, Any]]) -> None:
    """Put values into a record, each where its kind belongs."""
    for name, (kind, value) in values.items():
        for held in (run.parameters, run.metrics, run.objects):
            held.pop(name, None)
        if kind is Kind.PICKLED:
            from bridge.fingerprint import fingerprint

            run.objects[name] = fingerprint(value)
            continue
        run.parameters[name] = value
        if kind is Kind.METRIC:
            run.metrics[name] = value


def settle_list(run: Run, name: str, loads: Sequence[Callable[[], Any]]) -> None:
    """Put the list of objects that are loaded one by one into a record."""
    from bridge.fingerprint import fingerprint_list

    for held in (run.parameters, run.metrics):
        held.pop(name, None)
    run.objects[name] = fingerprint_list(loads)


def stored_arguments(stored: Stored) -> dict[str, Any]:
    """The arguments by which a dataset is loaded and saved."""
    given = stored.dataset
    named = {"kind": given.type, "path": given.path, "credentials": given.credentials}
    return {**given.options, **named}


def settle_datasets(run: Run, saved: Iterable[Stored]) -> None:
    """Put what datasets hold that were written into a record, by its content."""
    for stored in saved:
        from bridge.fingerprint import fingerprint

        run.objects[stored.name] = fingerprint(_held(stored))


def _held(stored: Stored) -> Any:
    """What a dataset holds: parts that it would load later, bytes where it can only save."""
    from bridge.carried.datasets import load_dataset

    try:
        found = load_dataset(**stored_arguments(stored))
    except Exception:  # whatever its load() raises
        place = Path(stored.dataset.path or "")
        if place.is_file():
            return place.read_bytes()
        raise
    if isinstance(found, dict) and all(map(callable, found.values())):
        return {name: load() for name, load in found.items()}
    return found


def _saved(flow: Flow, prefix: str, places: set[str]) -> Iterator[Stored]:
    """The datasets that steps have written, of which the ``places`` are known."""
    for path, node in flow.nodes.items():
        if node.saves and prefix + path in places:
            yield from node.saves
        for key, inner in node.inner.items():
            at = f"{node.place}*." if isinstance(node.task, Map | Loop) else node.at(key)
            yield from _saved(inner, prefix + at, places)
        if node.handler:
            yield from _saved(node.handler, f"{prefix}{path}.on_failure.", places)
    if flow.handler:
        yield from _saved(flow.handler, f"{prefix}on_failure.", places)


def _place(name: str) -> str:
    """A step's name with a ``*`` for each number of an item or an iteration."""
    return ".".join("*" if part.isdecimal() else part for part in name.split("."))


def is_absent(value: Any) -> bool:
    """Whether a value is the mark of one that was not set."""
    return isinstance(value, type) and value.__name__ == "ABSENT"


def skipped(flow: Flow, steps: Collection[StepRun]) -> Iterator[str]:
    """The tasks that could have run beside ``steps`` and did not, by their names in the record.

    Of a map and of a loop those are counted whose item or iteration had begun.
    """
    numbers: _Numbers = {}
    for step in steps:
        parts = step.name.split(".")
        for i, part in enumerate(parts):
            if part.isdecimal():
                numbers.setdefault(".".join(parts[:i]), {})[part] = None
    yield from _skipped(flow, "", {step.name for step in steps}, numbers)


_Numbers = dict[str, dict[str, None]]
"""The items and iterations that have begun, in order, by the names of their maps and loops."""


def _skipped(flow: Flow, prefix: str, names: set[str], numbers: _Numbers) -> Iterator[str]:
    for path in flow.dead:
        yield from _all_of(flow, prefix, path)
    for path, node in flow.nodes.items():
        name = prefix + path
        if not node.inner and name not in names:
            yield name
        for key, inner in node.inner.items():
            for start in _starts(node, prefix, key, numbers):
                yield from _skipped(inner, start, names, numbers)
        if node.handler:
            yield from _skipped(node.handler, f"{name}.on_failure.", names, numbers)
    if flow.handler:
        yield from _skipped(flow.handler, f"{prefix}on_failure.", names, numbers)


def _starts(node: Node, prefix: str, key: str, numbers: _Numbers) -> list[str]:
    """How the names begin of all runs that a flow inside a step has had, or could have had."""
    if isinstance(node.task, Unit):
        return [prefix + node.place]
    if not isinstance(node.task, Map | Loop):
        return [f"{prefix}{node.path}.{key}."]
    path = prefix + node.path
    return [f"{path}.{number}." for number in numbers.get(path, ())]


def _all_of(flow: Flow, prefix: str, path: str) -> Iterator[str]:
    """The tasks of a step that was never analysed, since it never runs."""
    many: set[str] = set()
    for name, step in walk(flow.pipeline, prefix):
        if not (name == prefix + path or name.startswith(f"{prefix}{path}.")):
            continue
        if isinstance(step, Map | Loop):
            many.add(f"{name}.")
        elif isinstance(step, Task) and not any(name.startswith(place) for place in many):
            yield name
