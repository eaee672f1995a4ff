"""A run under way in this process: flows inside flows, task after task."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bridge.flow import Flow, Node, Output, Read, Stored
from bridge.frames import own_frames
from bridge.model import Step, Task
from bridge.record import Status, StepRun
from bridge.results import stored_arguments
from bridge.runner.journal import Journal
from bridge.tasks import Done, Place, perform
from bridge.values import Constant, Fact, Kind

__all__ = ["Ended", "Error", "Frame", "Held", "Running", "failure"]

Error = dict[str, Any]
Held = tuple[Kind, Any]
"""A value and its kind: JSON as it is, an object as a reference into the store."""


@dataclass
class Ended:
    """How a flow has ended: the values it has set, the files it has put, and its failure."""

    values: dict[str, Held] = field(default_factory=dict)
    files: list[Mapping[str, str]] = field(default_factory=list)
    error: Error | None = None


@dataclass
class Frame:
    """A flow in the middle of its run; ``name`` begins the names of its steps in the record.

    ``place`` does the same with a ``*`` for each number of an item or iteration.
    """

    flow: Flow
    name: str = ""
    place: str = ""
    given: Mapping[str, Held] = field(default_factory=dict)
    files: list[Mapping[str, str]] = field(default_factory=list)
    made: dict[tuple[str, str], Held] = field(default_factory=dict)
    manifests: dict[str, list[Mapping[str, str]]] = field(default_factory=dict)
    succeeded: dict[str, bool] = field(default_factory=dict)

    def is_ready(self, node: Node) -> bool:
        """Whether all that must have ended before the node has, and well."""
        return all(self._has_succeeded(path) for path in node.after)

    def _has_succeeded(self, path: str) -> bool:
        if path not in self.succeeded:
            self.succeeded[path] = all(self.succeeded[e] for e in self.flow.exits[path])
        return self.succeeded[path]

    def held(self, source: Any) -> Held | None:
        """What is held of a value that the pipeline has made or was given; None if it has none."""
        if isinstance(source, Output):
            found = self.made.get((source.step, source.name))
            return found or (self.held(source.before) if source.before else None)
        return self.given.get(source.name)

    def files_of(self, paths: tuple[str, ...]) -> list[Mapping[str, str]]:
        """The manifests of the steps at ``paths``; empty text stands for those given."""
        return [m for p in paths for m in (self.manifests.get(p, ()) if p else self.files)]

    def inside(self, flow: Flow, **own: Held) -> dict[str, Held]:
        """What a flow inside this one is given."""
        found = {name: self.held(source) for name, source in flow.given.items()}
        return {name: held for name, held in found.items() if held} | own


class Running:
    """What all flows of a run have in common, and the way each of them runs."""

    def __init__(
        self,
        run_id: str,
        place: Place,
        progress: Callable[[StepRun], None],
        journal: Journal,
        done: Mapping[str, Mapping[str, Any]],
    ) -> None:
        self.place = place
        self.steps: list[StepRun] = []
        self.saved: dict[str, Stored] = {}
        self._facts = {"run_id": run_id, "logical_date": datetime.now(UTC).isoformat()}
        self._progress = progress
        self._journal = journal
        self._done = done

    def flow(self, frame: Frame) -> Ended:
        """Run a flow to its end; independent steps end before a failure ends it.

        Where the failure is handled, that is done instead of all that follows in order.
        """
        ended = Ended()
        for node in frame.flow.nodes.values():
            if ended.error and frame.flow.handler:
                break
            if not frame.is_ready(node):
                frame.succeeded[node.path] = False
                continue
            error = self._node(frame, node)
            frame.succeeded[node.path] = error is None
            ended.files += frame.manifests.get(node.path, [])
            if error is None:
                ended.values |= {o.name: frame.made[node.path, o.name] for o in node.outputs
                                 if (node.path, o.name) in frame.made}  # fmt: skip
            elif node.handler:
                self._handle(frame, node.handler, f"{node.path}.on_failure.", ended)
            else:
                ended.error = ended.error or error
        if ended.error and frame.flow.handler:
            ended.error = None
            self._handle(frame, frame.flow.handler, "on_failure.", ended)
        return ended

    def _handle(self, frame: Frame, handler: Flow, path: str, ended: Ended) -> None:
        """Run what is to run after a failure; the flow ends as this ends."""
        found = self.flow(
            Frame(
                handler,
                frame.name + path,
                frame.place + path,
                frame.inside(handler),
                frame.files_of(handler.given_files),
            )
        )
        ended.values |= found.values
        ended.files += found.files
        ended.error = ended.error or found.error

    def _node(self, frame: Frame, node: Node) -> Error | None:
        if not node.inner:
            return self._task(frame, node)
        from bridge.runner.composites import run_composite

        found = run_composite(self, frame, node)
        frame.manifests[node.path] = found.files
        if found.error is None and node.task.terminate_with_failure:
            from bridge.carried.steps import Terminated

            return self.failed(frame.name + node.path, Terminated(_terminates(node.task)))
        if found.error is None:
            for output in node.outputs:
                held = found.values.get(output.name) or _before(frame, node, output)
                if held:
                    frame.made[node.path, output.name] = output.kind, held[1]
        return found.error

    def failed(self, name: str, error: BaseException) -> Error:
        """Note that a composite itself has failed, and how."""
        self.tell(StepRun(name, "failed", 1))
        return failure(name, 1, error)

    def tell(self, step: StepRun) -> None:
        """Put the end of a step on record."""
        self.steps.append(step)
        self._progress(step)

    # Tasks

    def _task(self, frame: Frame, node: Node) -> Error | None:
        name = frame.name + node.path
        earlier = self._done.get(name)
        if earlier is not None:
            kinds = {output.name: output.kind for output in node.outputs}
            for key, value in earlier["values"].items():
                frame.made[node.path, key] = kinds[key], value
            frame.manifests[node.path] = [earlier["files"]]
            self.tell(StepRun(name, "succeeded", earlier["attempts"], earlier["seconds"]))
            return None
        started = time.perf_counter()
        done, attempt, error = self._attempts(frame, node, name)
        status: Status = "failed" if error else "succeeded"
        step = StepRun(name, status, attempt, time.perf_counter() - started)
        values = {key: value for key, (_, value) in done.items()}
        manifest = frame.manifests[node.path][0]
        self._journal.note(node, frame.place + node.path, step, values, manifest)
        self.tell(step)
        return error

    def _attempts(
        self, frame: Frame, node: Node, name: str
    ) -> tuple[dict[str, Held], int, Error | None]:
        """Try a task as often as it is to be tried; what it made, and its last failure."""
        retry = node.task.retry
        times, delay = (retry.times, retry.delay) if retry else (0, 0.0)
        for attempt in range(1, times + 2):
            done = Done()
            error: Error | None = None
            try:
                made = self._attempt(frame, node, name, attempt, done)
            except (Exception, SystemExit) as problem:
                made, error = {}, failure(name, attempt, problem)
            frame.manifests[node.path] = [done.manifest]
            if error is None or attempt > times:
                break
            time.sleep(delay * retry.backoff ** (attempt - 1))
        if error is None and node.task.terminate_with_failure:
            from bridge.carried.steps import Terminated

            made, error = {}, failure(name, attempt, Terminated(_terminates(node.task)))
        frame.made |= {(node.path, key): held for key, held in made.items()}
        return made, attempt, error

    def _attempt(
        self, frame: Frame, node: Node, name: str, attempt: int, done: Done
    ) -> dict[str, Held]:
        with _surroundings(node.task):
            values = dict(self._values(frame, node, {"step": name, "attempt": attempt}))
            perform(node, values, frame.files_of(node.files_from), self.place, done, name)
            made = {
                output.name: (output.kind, self._keep(output, done.values[output.name]))
                for output in node.outputs
            }
            for stored in node.saves:
                from bridge.carried.datasets import save_dataset

                save_dataset(done.values[stored.name], **stored_arguments(stored))
                self.saved[stored.name] = stored
            return made

    def _values(
        self, frame: Frame, node: Node, facts: Mapping[str, Any]
    ) -> Iterator[tuple[str, Any]]:
        for read in node.reads:
            source = read.source
            if isinstance(source, Constant):
                yield read.argument.name, _copy(source.value)
            elif isinstance(source, Stored):
                from bridge.carried.datasets import load_dataset

                yield read.argument.name, load_dataset(**stored_arguments(source))
            elif isinstance(source, Fact):
                yield read.argument.name, {**self._facts, **facts}[source.name]
            elif held := frame.held(source):
                yield read.argument.name, self.load(held, read)

    def load(self, held: Held, read: Read | None = None) -> Any:
        """A value of its own for whoever uses it: an object anew, JSON as a copy."""
        kind, value = held
        if kind is Kind.PICKLED:
            from bridge.carried.objects import load_object

            return load_object(value, self.place.store)
        for key in read.path if read else ():
            value = _inside(value, key, read)
        return _copy(value)

    def keep(self, kind: Kind, value: Any, name: str) -> Held:
        """What is to be held of a value. Raises ValueError when it is not of its kind."""
        from bridge.carried.objects import save_object
        from bridge.carried.values import to_json

        if kind is Kind.PICKLED:
            return kind, save_object(value, name, self.place.store)
        return kind, to_json(value, name)

    def _keep(self, output: Output, value: Any) -> Any:
        if output.kind is not Kind.PICKLED:
            return value  # it has been found to be JSON
        return self.keep(output.kind, value, output.name)[1]


def failure(name: str, attempt: int, error: BaseException) -> Error:
    """A failure as it stands in the record, and where it was raised."""
    told = {"step": name, "attempt": attempt, "type": type(error).__name__, "text": str(error)}
    return {**told, "frames": own_frames(error)}


def _terminates(step: Step) -> str:
    return f"'{step.name}' ends the run with a failure"


def _before(frame: Frame, node: Node, output: Output) -> Held | None:
    """The value that a name has kept where the composite has not set it."""
    for read in node.reads:
        if read.argument.name == output.name and not isinstance(read.source, Fact):
            return frame.held(read.source)
    return None


def _surroundings(task: Task) -> ExitStack:
    """The time limit, the secrets and the variables of a task."""
    stack = ExitStack()
    if task.environment or task.secrets:
        from bridge.carried.surroundings import environment, secrets

        stack.enter_context(secrets(*task.secrets))
        stack.enter_context(environment(task.environment))
    if task.timeout is not None:
        from bridge.carried.steps import time_limit

        stack.enter_context(time_limit(task.timeout))
    return stack


def _inside(value: Any, key: str | int, read: Any) -> Any:
    try:
        return value[key]
    except (LookupError, TypeError):
        raise ValueError(
            f"argument '{read.argument.name}' reads a place {read.path!r} that is not there"
        ) from None


def _copy(value: Any) -> Any:
    """A JSON value that shares nothing with ``value`` that could be changed."""
    return json.loads(json.dumps(value)) if isinstance(value, dict | list) else value
