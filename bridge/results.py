"""The record of a run, made from what an engine says of each step."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from bridge.flow import Flow, Output, walk
from bridge.model import Loop, Map, Task
from bridge.record import Run, StepRun
from bridge.unit import Unit
from bridge.values import Kind

__all__ = ["collect", "settle", "skipped"]


def collect(
    flow: Flow,
    run: Run,
    steps: Iterable[StepRun],
    value: Callable[[Output], Any],
    manifest: Callable[[str], Mapping[str, str] | None],
) -> Run:
    """Fill ``run`` from the steps that an engine reports, by the names of the model.

    ``run.parameters`` must hold the values the run started with. ``value`` gives what a step
    returned under a name, ``manifest`` the files that the step at a path put; both are asked only
    for steps that succeeded, ``manifest`` also for those that failed after putting files.
    """
    run.steps = list(steps)
    status = {step.name: step.status for step in run.steps}
    scope: dict[str, Output] = {}
    for path, node in flow.nodes.items():
        if node.puts and status.get(path, "skipped") != "skipped":
            run.files |= manifest(path) or {}
        if status.get(path) == "succeeded":
            scope |= {output.name: output for output in node.outputs}
    found = {name: (output.kind, value(output)) for name, output in scope.items()}
    settle(run, {name: held for name, held in found.items() if not is_absent(held[1])})
    return run


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


def is_absent(value: Any) -> bool:
    """Whether a value is the mark of one that was not set."""
    return isinstance(value, type) and value.__name__ == "ABSENT"


def skipped(flow: Flow, steps: Collection[StepRun]) -> Iterator[str]:
    """The tasks that could have run beside ``steps`` and did not, by their names in the record.

    Of a map and of a loop those are counted whose item or iteration had begun.
    """
    ran: dict[str, Any] = {}
    for step in steps:
        within = ran
        for part in step.name.split("."):
            within = within.setdefault(part, {})
    yield from _skipped(flow, "", {step.name for step in steps}, ran)


def _skipped(flow: Flow, prefix: str, names: set[str], ran: Mapping[str, Any]) -> Iterator[str]:
    for path in flow.dead:
        yield from _all_of(flow, prefix, path)
    for path, node in flow.nodes.items():
        name = prefix + path
        if not node.inner and name not in names:
            yield name
        for key, inner in node.inner.items():
            for start in _starts(node.task, name, prefix, key, ran):
                yield from _skipped(inner, start, names, ran)
        if node.handler:
            yield from _skipped(node.handler, f"{name}.on_failure.", names, ran)
    if flow.handler:
        yield from _skipped(flow.handler, f"{prefix}on_failure.", names, ran)


def _starts(step: Any, name: str, prefix: str, key: str, ran: Mapping[str, Any]) -> list[str]:
    """How the names begin of all runs that a flow inside a step has had, or could have had."""
    if isinstance(step, Unit):
        return [prefix]
    if not isinstance(step, Map | Loop):
        return [f"{name}.{key}."]
    within = ran
    for part in name.split("."):
        within = within.get(part, {})
    return [f"{name}.{number}." for number in within if number.isdecimal()]


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
