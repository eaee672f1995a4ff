"""The record of a run, made from what an engine says of each step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bridge.flow import Flow, Output
from bridge.record import Run, Status, StepRun
from bridge.values import Kind

__all__ = ["collect"]


def collect(
    flow: Flow,
    run: Run,
    steps: Iterable[StepRun],
    value: Callable[[Output], Any],
    manifest: Callable[[str], Mapping[str, str] | None],
) -> Run:
    """Fill ``run`` from the steps that an engine reports, by the names of the model.

    ``run.parameters`` must hold the values the run started with. ``value`` gives what a task
    returned under a name, ``manifest`` the files that the task at a path put; both are asked only
    for tasks that succeeded, ``manifest`` also for those that failed after putting files.
    """
    seen = {step.name: step for step in steps}
    run.steps = [seen.get(path) or StepRun(path, "skipped", 0) for path in flow.nodes]
    status: dict[str, Status] = {step.name: step.status for step in run.steps}
    scope: dict[str, Output] = {}
    for path, node in flow.nodes.items():
        if node.puts and status[path] != "skipped":
            run.files |= manifest(path) or {}
        if status[path] == "succeeded":
            scope |= {output.name: output for output in node.outputs}
    for name, output in scope.items():
        if output.kind is Kind.PICKLED:
            from bridge.fingerprint import fingerprint

            run.objects[name] = fingerprint(value(output))
            run.parameters.pop(name, None)
            continue
        run.parameters[name] = value(output)
        if output.kind is Kind.METRIC:
            run.metrics[name] = run.parameters[name]
    return run
