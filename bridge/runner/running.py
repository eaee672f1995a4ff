"""A run under way: flows inside flows, task after task, several at once where the order lets them.

What is here decides what runs when; the attempts themselves are made by an executor.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bridge.flow import Flow, Given, Node, Output, Parameter, Read, Stored
from bridge.model import Step
from bridge.record import Status, StepRun
from bridge.runner.executors import Executor
from bridge.runner.finished import Finished
from bridge.runner.identity import inputs_of
from bridge.runner.journal import Journal
from bridge.runner.together import Room, together
from bridge.runner.turns import Turns
from bridge.runner.watch import Watch
from bridge.runner.work import Error, Held, Manifest, Order, Outcome, failure
from bridge.runner.work import keep as kept
from bridge.runner.work import load as loaded
from bridge.tasks import Place
from bridge.values import Fact, Kind

__all__ = ["Ended", "Frame", "Running"]


@dataclass(slots=True)
class Ended:
    """How a flow has ended: the values it has set, the files it has put, and its failure."""

    values: dict[str, Held] = field(default_factory=dict)
    files: list[Manifest] = field(default_factory=list)
    steps: list[StepRun] = field(default_factory=list)
    error: Error | None = None

    def add(self, more: Ended) -> None:
        """Let another follow: it wins a name, the first failure counts."""
        self.values |= more.values
        self.files += more.files
        self.steps += more.steps
        self.error = self.error or more.error


@dataclass
class Frame:
    """A flow in the middle of its run; ``name`` begins the names of its steps in the record.

    ``place`` does the same with a ``*`` for each number of an item or iteration. ``variables`` are
    those of the environment that its tasks find.
    """

    flow: Flow
    name: str = ""
    place: str = ""
    given: Mapping[str, Held] = field(default_factory=dict)
    files: list[Manifest] = field(default_factory=list)
    variables: Mapping[str, str] = field(default_factory=dict)
    made: dict[tuple[str, str], Held] = field(default_factory=dict)
    manifests: dict[str, list[Manifest]] = field(default_factory=dict)
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
        return self.given.get(source.name) if isinstance(source, Given | Parameter) else None

    def files_of(self, paths: tuple[str, ...]) -> list[Manifest]:
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
        executor: Executor,
        room: Room,
        journal: Journal,
        finished: Finished,
        watch: Watch,
    ) -> None:
        self.place, self.room, self.watch = place, room, watch
        self.saved: dict[str, Stored] = {}
        self._facts = {"run_id": run_id, "logical_date": datetime.now(UTC).isoformat()}
        self._executor, self._journal, self._finished = executor, journal, finished
        self._turns = Turns()
        self._needs: dict[int, _Needs | None] = {}

    # Flows

    def flow(self, frame: Frame) -> Ended:
        """Run a flow to its end; independent steps end before a failure ends it.

        Where the failure is handled, that is done instead of all that follows in order.
        """
        ended = Ended()
        handler = frame.flow.handler
        for found in self._in_order(frame, bool(handler)):
            ended.add(found)
        if ended.error and handler:
            ended.error = None
            ended.add(self._handled(frame, handler, "on_failure."))
        return ended

    def taken(self, flow: Flow, name: str) -> Ended | None:
        """How a flow ended in the run that is gone on with; None when anything is left to do.

        ``name`` begins the names of its steps. Only one made of tasks is found to have ended.
        """
        found = []
        for path, node in flow.nodes.items():
            known = None if node.inner else self._finished.taken(name + path, node)
            if known is None:
                return None
            found.append((node, *known))
        ended = Ended()
        for one in found:
            ended.add(self._told(*one))
        return ended

    def _in_order(self, frame: Frame, stops: bool) -> Iterable[Ended]:
        """How each step has ended, in the order of the flow, whichever ended first."""
        nodes = list(frame.flow.nodes.values())
        found: dict[int, Ended] = {}

        def work(i: int) -> None:
            if i < len(nodes):
                found[i] = self._step(frame, nodes[i])

        needs = None if stops else self._needs_of(frame.flow)
        if needs:
            together(len(needs), work, self.room, needs)
        for i in range(0 if needs else len(nodes)):
            work(i)
            if stops and found[i].error:
                break
        return [found[i] for i in sorted(found)]

    def _needs_of(self, flow: Flow) -> _Needs | None:
        """What the steps of a flow wait for, by their numbers; None where all stand in a row."""
        key = id(flow)
        if key not in self._needs:
            self._needs[key] = _needs(flow)
        return self._needs[key]

    def _handled(self, frame: Frame, handler: Flow, path: str) -> Ended:
        """What is to run after a failure; the flow ends as this ends."""
        given, files = frame.inside(handler), frame.files_of(handler.given_files)
        names = frame.name + path, frame.place + path
        return self.flow(Frame(handler, *names, given, files, frame.variables))

    def _step(self, frame: Frame, node: Node) -> Ended:
        """Run a step when what it waits for has ended well, and handle its failure."""
        if not frame.is_ready(node):
            frame.succeeded[node.path] = False
            return Ended()
        ended = self._composite(frame, node) if node.inner else self._task(frame, node)
        frame.succeeded[node.path] = ended.error is None
        if ended.error and node.handler:
            ended.error = None
            ended.add(self._handled(frame, node.handler, f"{node.path}.on_failure."))
        return ended

    def _composite(self, frame: Frame, node: Node) -> Ended:
        from bridge.runner.composites import run_composite

        found = run_composite(self, frame, node)
        frame.manifests[node.path] = found.files
        ended = Ended(files=found.files, steps=found.steps, error=found.error)
        if found.error is None and node.task.terminate_with_failure:
            self.fail(ended, frame.name + node.path, _terminated(node.task))
        for output in () if ended.error else node.outputs:
            held = found.values.get(output.name) or _before(frame, node, output)
            if held:
                frame.made[node.path, output.name] = output.kind, held[1]
                ended.values[output.name] = output.kind, held[1]
        return ended

    def fail(self, ended: Ended, name: str, error: BaseException) -> None:
        """Note that a composite itself has failed, and how."""
        step = StepRun(name, "failed", 1)
        ended.steps.append(step)
        ended.error = failure(name, 1, error)
        self.watch.ended(step)

    # Tasks

    def _task(self, frame: Frame, node: Node) -> Ended:
        name = frame.name + node.path
        step, outcome = self._finished.taken(name, node) or self._worked(frame, node, name)
        frame.made |= {(node.path, key): held for key, held in outcome.values.items()}
        frame.manifests[node.path] = [outcome.files]
        return self._told(node, step, outcome)

    def _told(self, node: Node, step: StepRun, outcome: Outcome) -> Ended:
        """Tell how a task has ended."""
        for stored in node.saves:
            if stored.name in outcome.saved:
                self.saved[stored.name] = stored
        self.watch.ended(step)
        return Ended(dict(outcome.values), [outcome.files], [step], outcome.error)

    def _worked(self, frame: Frame, node: Node, name: str) -> tuple[StepRun, Outcome]:
        """How a task has ended that was not taken over; it is in the journal then."""
        given = {r.argument.name: held for r in node.reads if (held := frame.held(r.source))}
        files = frame.files_of(node.files_from)
        order = Order(frame.place + node.path, name, given, files, {}, frame.variables)
        inputs = inputs_of(order, node)
        earlier = self._finished.of(order, node, inputs)
        if isinstance(earlier, str):
            step, outcome = self._attempts(node, order)
            step.note = earlier
            self._finished.keep(order, node, inputs, step, outcome)
        else:
            step, outcome = earlier
        if step.note or isinstance(earlier, str):  # the others are noted already
            self._journal.note(order.place, step, outcome, inputs, self._finished.key(node))
        return step, outcome

    def _attempts(self, node: Node, order: Order) -> tuple[StepRun, Outcome]:
        """Try a task as often as it is to be tried."""
        self.watch.began(order.name)
        retry = node.task.retry
        times, delay = (retry.times, retry.delay) if retry else (0, 0.0)
        started = time.perf_counter()
        for attempt in range(1, times + 2):
            facts = {**self._facts, "step": order.name, "attempt": attempt}
            outcome = self._attempt(node, order._replace(facts=facts))
            if outcome.error is None or attempt > times:
                break
            time.sleep(delay * retry.backoff ** (attempt - 1))
        if outcome.error is None and node.task.terminate_with_failure:
            error = failure(order.name, attempt, _terminated(node.task))
            outcome = outcome._replace(values={}, error=error)
        status: Status = "failed" if outcome.error else "succeeded"
        return StepRun(order.name, status, attempt, time.perf_counter() - started), outcome

    def _attempt(self, node: Node, order: Order) -> Outcome:
        with self._turns.turn(node.catalog, order.files):
            outcome = self._executor.attempt(order)
        if outcome.log and outcome.log[1] < outcome.log[2]:
            self._journal.wrote(order.name, order.facts["attempt"], outcome.log)
        return outcome

    # Values

    def load(self, held: Held, read: Read | None = None) -> Any:
        """A value of its own for whoever uses it."""
        return loaded(held, self.place, read)

    def keep(self, kind: Kind, value: Any, name: str) -> Held:
        """What is to be held of a value. Raises ValueError when it is not of its kind."""
        return kept(kind, value, name, self.place)

    def each(self, count: int, run: Callable[[int], Ended]) -> list[Ended]:
        """Run flows that do not wait for one another, and give how they have ended, in order."""
        found: list[Any] = [None] * count

        def work(i: int) -> None:
            found[i] = run(i)

        together(count, work, self.room)
        return found


_Needs = Sequence[Collection[int]]


def _needs(flow: Flow) -> _Needs | None:
    """What each node waits for, by number; beyond the nodes, what stands for several at once."""
    numbers = {path: i for i, path in enumerate(flow.nodes)}
    needs: list[set[int]] = [set() for _ in numbers]
    groups: dict[str, int] = {}
    for i, node in enumerate(flow.nodes.values()):
        for path in node.after:
            exits = [numbers[e] for e in flow.exits[path] if e in numbers]
            if len(exits) > 1 and path not in groups:
                groups[path] = len(needs)
                needs.append({*exits})
            needs[i] |= {groups[path]} if path in groups else {*exits}
    rows = all(i - 1 in found for i, found in enumerate(needs[1 : len(numbers)], 1))
    return None if rows and not groups else needs


def _terminated(step: Step) -> Exception:
    from bridge.carried.steps import Terminated

    return Terminated(f"'{step.name}' ends the run with a failure")


def _before(frame: Frame, node: Node, output: Output) -> Held | None:
    """The value that a name has kept where the composite has not set it."""
    for read in node.reads:
        if read.argument.name == output.name and not isinstance(read.source, Fact):
            return frame.held(read.source)
    return None
