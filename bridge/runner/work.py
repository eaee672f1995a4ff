"""One attempt at a task, wherever it is carried out: what is asked for, and what comes of it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple

from bridge.flow import Node, Output, Read, Stored
from bridge.frames import own_frames
from bridge.model import Task
from bridge.results import stored_arguments
from bridge.tasks import Done, Place, left_behind, perform
from bridge.values import Constant, Fact, Kind

__all__ = [
    "Error",
    "Held",
    "Log",
    "Manifest",
    "Order",
    "Outcome",
    "attempted",
    "failure",
    "keep",
    "load",
]

Error = dict[str, Any]
Manifest = Mapping[str, str]
Held = tuple[Kind, Any]
"""A value and its kind: JSON as it is, an object as a reference into the store.

An object that is the list of others is held as the list of their references.
"""


Log = tuple[str, int, int]
"""A part of a log: the file, below the folder of runs, its first and its last byte."""


class Order(NamedTuple):
    """An attempt to be made at the task in ``place`` of the flow, under the ``name`` of the record.

    ``given`` are the values of its arguments that the pipeline has, ``files`` the manifests that it
    may get files from, ``variables`` those of the environment that are set around it. With
    ``only_files`` nothing but what it has put is stored, after an attempt that could not do so.
    """

    place: str
    name: str
    given: Mapping[str, Held]
    files: Sequence[Manifest] = ()
    facts: Mapping[str, Any] = {}
    variables: Mapping[str, str] = {}
    only_files: bool = False


class Outcome(NamedTuple):
    """What came of an attempt: values by name and files put, or the error, and the time it took.

    ``saved`` are the datasets written, ``log`` where its output is kept.
    """

    values: Mapping[str, Held]
    files: Manifest
    saved: Sequence[str] = ()
    error: Error | None = None
    seconds: float = 0.0
    log: Log | None = None


def attempted(order: Order, node: Node, place: Place) -> Outcome:
    """Make an attempt in this process; whatever it raises is told in the outcome."""
    done, error = Done(), None
    values: dict[str, Held] = {}
    if order.only_files:
        return Outcome({}, left_behind(node, place))
    started = time.perf_counter()
    try:
        with _surroundings(node.task, order.variables):
            values = _carried_out(order, node, place, done)
    except (Exception, SystemExit) as problem:
        error, values = failure(order.name, order.facts["attempt"], problem), {}
    seconds = time.perf_counter() - started
    saved = [] if error else [stored.name for stored in node.saves]
    return Outcome(values, done.manifest, saved, error, seconds)


def _carried_out(order: Order, node: Node, place: Place, done: Done) -> dict[str, Held]:
    values = dict(_values(order, node, place))
    perform(node, values, order.files, place, done, order.name)
    made = {o.name: _kept(o, done.values[o.name], place) for o in node.outputs}
    for stored in node.saves:
        from bridge.carried.datasets import save_dataset

        save_dataset(done.values[stored.name], **stored_arguments(stored))
    return made


def _kept(output: Output, value: Any, place: Place) -> Held:
    if output.kind is not Kind.PICKLED:
        return output.kind, value  # it has been found to be JSON
    return keep(output.kind, value, output.name, place)


def _values(order: Order, node: Node, place: Place) -> Iterator[tuple[str, Any]]:
    for read in node.reads:
        source, name = read.source, read.argument.name
        if isinstance(source, Constant):
            yield name, own(source.value)
        elif isinstance(source, Stored):
            from bridge.carried.datasets import load_dataset

            yield name, load_dataset(**stored_arguments(source))
        elif isinstance(source, Fact):
            yield name, order.facts[source.name]
        elif name in order.given:
            yield name, load(order.given[name], place, read)


def keep(kind: Kind, value: Any, name: str, place: Place) -> Held:
    """What is to be held of a value. Raises ValueError when it is not of its kind."""
    from bridge.carried.values import to_json
    from bridge.catalog import save_object

    if kind is Kind.PICKLED:
        return kind, save_object(value, name, place.store)
    return kind, to_json(value, name)


def load(held: Held, place: Place, read: Read | None = None) -> Any:
    """A value of its own for whoever uses it: an object anew, JSON as a copy."""
    kind, value = held
    if kind is Kind.PICKLED:
        if isinstance(value, list):
            return [load((kind, item), place) for item in value]
        from bridge.catalog import load_object

        return load_object(value, place.store)
    for key in read.path if read else ():
        value = _inside(value, key, read)
    return own(value)


def own(value: Any) -> Any:
    """A JSON value that shares nothing with ``value`` that could be changed."""
    return json.loads(json.dumps(value)) if isinstance(value, dict | list) else value


def failure(name: str, attempt: int, error: BaseException) -> Error:
    """A failure as it stands in the record, and where it was raised."""
    told = {"step": name, "attempt": attempt, "type": type(error).__name__, "text": str(error)}
    return {**told, "frames": own_frames(error)}


def _surroundings(task: Task, variables: Mapping[str, str]) -> ExitStack:
    """The time limit, the secrets and the variables of a task."""
    stack = ExitStack()
    if task.environment or task.secrets or variables:
        from bridge.carried.surroundings import environment, secrets

        stack.enter_context(environment(variables))
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
