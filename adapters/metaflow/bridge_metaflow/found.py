"""What Metaflow has recorded of a run, told in the names of the pipeline."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bridge.carried.steps import ABSENT
from bridge.flow import Output
from bridge.model import Map
from bridge.record import Run, StepRun
from bridge.results import is_absent, settle
from bridge.unit import Unit
from bridge_metaflow.layout import FlowStep
from bridge_metaflow.places import Place, parts
from bridge_metaflow.plan import Plan

__all__ = ["Found", "items"]

Items = tuple[int, ...]
"""The numbers of the items and iterations around a step, the outermost first."""


def items(task: Any) -> Items:
    """The items for which Metaflow has started a task."""
    path = task.metadata_dict.get("foreach-execution-path", "")
    return tuple(int(part.rpartition(":")[2]) for part in path.split(",") if part)


class Found:
    """The tasks of a run by their steps and items; ``error`` is that of the first that failed.

    ``failed`` are the ids of those that did, in order; ``notes`` the file in which tasks that
    share one of Metaflow's have noted how they ended.
    """

    def __init__(self, laid: Plan, run_id: str, failed: list[str], notes: Path) -> None:
        from metaflow import Run as MetaflowRun
        from metaflow import namespace

        namespace(None)
        self.plan = laid
        self.run = MetaflowRun(f"{laid.class_name}/{run_id}")
        self.error: dict[str, Any] | None = None
        self._failed = failed
        self._notes = notes
        self._steps = {place: step for step in laid.steps for place in step.tasks}
        loops = {laid.names.step[step] for step in laid.steps if step.does == "loop"}
        self._tasks = {
            step.id: _in_turn(step) if step.id in loops else _by_items(step) for step in self.run
        }

    def _of(self, step: FlowStep) -> dict[Items, Any]:
        return self._tasks.get(self.plan.names.step[step], {})

    def steps(self) -> list[StepRun]:
        """How each task ended, composites of the outermost pipeline too; the others did not run."""
        found: list[StepRun] = []
        for step in self.plan.steps:
            for numbers, task in self._of(step).items():
                if task.successful or task.id in self._failed or self._caught(step, task):
                    found += self._ended(step, numbers, task)
        for place in self.plan.places.all:
            if place.around is None and parts(place.node) and (ended := self._whole(place)):
                found.append(ended)
        return found

    def _ended(self, step: FlowStep, numbers: Items, task: Any) -> Iterator[StepRun]:
        attempts, seconds = task.current_attempt + 1, _seconds(task) / max(1, len(step.tasks))
        if failed := self._caught(step, task):
            retry = failed.node.task.retry
            attempts = min(attempts, 1 + (retry.times if retry else 0))  # more are those of @catch
        elif not task.successful:
            failed = self._failed_place(step, numbers, task)
        else:
            failed = self._lost(step, numbers, task)
        for place in step.tasks:
            if place.around and isinstance(place.node.task, Unit):
                continue  # its tasks have noted how they ended
            status = "failed" if place is failed else "succeeded"
            yield StepRun(place.name(numbers), status, attempts, seconds)  # type: ignore[arg-type]
            if place is failed:
                return

    def _whole(self, place: Place) -> StepRun | None:
        """How a composite ended."""
        ends = [task for step in self.plan.ends[place] for task in self._of(step).values()]
        if ends and all(task.successful for task in ends):
            return StepRun(place.name(), "succeeded")
        inside = {place, *self.plan.places.inside(place)}
        begun = (step for step in self.plan.steps if step.of in inside or inside & {*step.tasks})
        return StepRun(place.name(), "failed") if any(map(self._of, begun)) else None

    # Failures

    def _caught(self, step: FlowStep, task: Any) -> Place | None:
        """The task whose failure was caught."""
        place = step.tasks[0] if len(step.tasks) == 1 else None
        if place is None or not place.node.handler:
            return None
        error = self.plan.names.own(place, "error")
        return place if error in task and task[error].data is not None else None

    def handled(self, record: Run) -> None:
        """Put into the record what handlers of failures have set and stored."""
        for place in self.plan.places.all:
            step = self._steps.get(place)
            task = self._of(step).get(()) if step else None
            if not (step and task and self._caught(step, task) and place.node.handler):
                continue
            flow = place.node.handler
            for path, node in flow.nodes.items():
                inner = self.plan.places(flow, path)
                for held in self._manifests(inner, ()):
                    record.files |= held
                if self._is_over(inner):
                    found = {o.name: (o.kind, self._value(inner, o)) for o in node.outputs}
                    settle(record, {n: v for n, v in found.items() if not is_absent(v[1])})

    def _is_over(self, place: Place) -> bool:
        ends = [t for s in self.plan.ends.get(place, ()) for t in self._of(s).values()]
        ends += list(self._of(self._steps[place]).values()) if place in self._steps else []
        return any(task.successful for task in ends)

    def _failed_place(self, step: FlowStep, numbers: Items, task: Any) -> Place | None:
        """The task that failed in a step, if any; notes the error of the first step."""
        error = task.exception
        place = self._in_trace(step, getattr(error, "stacktrace", None) or "")
        if self._failed[0] == task.id:
            last = " ".join(task.stderr.split()).removesuffix("Task failed.").strip()
            kind = error.type.rpartition(".")[2] if error else "RuntimeError"
            text = error.exception if error else last or "the step's process died"
            if kind == "TimeoutException" and place:
                kind = "TimeoutError"
                text = f"timed out after {place.node.task.timeout:g} seconds"
            at = place or step.of
            name = at.name(numbers) if at else self.plan.names.step[step]
            self._note(name, task, kind, text)
            if place and isinstance(place.node.task, Unit):
                self._note_inside(place, numbers, kind)
        return place

    def _in_trace(self, step: FlowStep, trace: str) -> Place | None:
        """The task in whose method an exception arose; of a step with a single task, that one."""
        methods = {self.plan.names.task[place]: place for place in step.tasks}
        called = re.findall(rf'{re.escape(self.plan.file)}", line \d+, in (\w+)', trace)
        found = [methods[name] for name in called if name in methods]
        return [*step.tasks[:1], *found][-1] if step.tasks else None

    def _note_inside(self, place: Place, numbers: Items, kind: str) -> None:
        """Tell which of the tasks of a unit has failed with an exception, as they have noted it."""
        if not self._notes.exists():
            return
        begins = place.name(numbers).removesuffix(place.node.path)
        begins += place.node.path.removesuffix(place.node.task.name)
        names = [*(s.name for s in place.node.task.pipeline.steps), "on_failure"]
        notes = map(json.loads, self._notes.read_text(encoding="utf-8").splitlines())
        for note in notes:
            own = any(f"{note['name']}.".startswith(f"{begins}{name}.") for name in names)
            if own and note["status"] == "failed" and note["error"]["type"] == kind:
                self.error = {"step": note["name"], "attempt": note["attempts"], **note["error"]}

    def _lost(self, step: FlowStep, numbers: Items, task: Any) -> Place | None:
        """The first task of which Metaflow has silently left out a value, if any."""
        for place in step.tasks:
            for output in place.node.outputs:
                artifact = self.plan.names.artifact(place.flow, output)
                if output.certain and artifact not in task:
                    text = f"'{output.name}' is a function, which Metaflow keeps no artifact of"
                    self._note(place.name(numbers), task, "TypeError", text)
                    return place
        return None

    def _note(self, name: str, task: Any, kind: str, text: str) -> None:
        found = {"step": name, "attempt": task.current_attempt + 1, "type": kind, "text": text}
        self.error = self.error or found

    # Values and files

    def value(self, output: Output) -> Any:
        """What a step of the outermost pipeline gave back."""
        return self._value(self.plan.places(self.plan.flow, output.step), output)

    def _value(self, place: Place, output: Output) -> Any:
        steps = self.plan.ends[place] if parts(place.node) else [self._steps[place]]
        artifact = self.plan.names.artifact(place.flow, output)
        tasks = [task for step in steps for task in self._of(step).values()]
        ended = next(task for task in reversed(tasks) if task.successful)
        return ended[artifact].data if artifact in ended else ABSENT

    def manifest(self, path: str) -> Mapping[str, str]:
        """The files that a step of the outermost pipeline put, with all that is inside it."""
        found: dict[str, str] = {}
        for held in self._manifests(self.plan.places(self.plan.flow, path), ()):
            found |= held
        return found

    def _manifests(self, place: Place, numbers: Items) -> Iterator[Mapping[str, str]]:
        """The manifests in their order: item after item, and of one step after step."""
        if not place.node.puts:
            return
        if not parts(place.node):
            task, name = self._of(self._steps[place]).get(numbers), self._files(place)
            if task and name in task:
                yield task[name].data
            return
        inner = [self.plan.places(f, p) for f in parts(place.node).values() for p in f.nodes]
        for deeper in self._items(place, numbers):
            for child in inner:
                yield from self._manifests(child, deeper)

    def _files(self, place: Place) -> str:
        return self.plan.names.own(place, "files")

    def _items(self, place: Place, numbers: Items) -> list[Items]:
        """The items of a map, as many as were begun; of another composite the one around it."""
        if not isinstance(place.node.task, Map):
            return [numbers]
        depth = len(place.maps) + 1
        begun = {
            found[:depth]
            for inner in self.plan.places.inside(place)
            if inner in self._steps
            for found in self._of(self._steps[inner])
        }
        return sorted(found for found in begun if found[:-1] == numbers)


def _by_items(step: Any) -> dict[Items, Any]:
    tasks = {items(task): task for task in step}
    return {numbers: tasks[numbers] for numbers in sorted(tasks)}


def _in_turn(step: Any) -> dict[Items, Any]:
    tasks = sorted(step, key=lambda task: int(task.id))
    return {(number,): task for number, task in enumerate(tasks)}


def _seconds(task: Any) -> float:
    """The time that all attempts of a task took, without the start of their processes."""
    began, total = None, 0.0
    for entry in sorted(task.metadata, key=lambda entry: entry.created_at):
        if entry.name == "attempt":
            began = entry.created_at
        elif entry.name == "attempt_ok" and began:
            total += (entry.created_at - began) / 1000
    return total
