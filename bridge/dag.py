"""Pipelines of the ``runnable`` SDK in YAML, the ``dag:`` form, read as pipelines of this model.

::

    dag:
      start_at: train
      steps:
        train:
          type: task
          command: functions.train
          returns: [{name: model, kind: object}, {name: accuracy, kind: metric}]
          next: report
          on_failure: tidy
        report: {type: task, command_type: shell, command: echo $accuracy, next: success}
        tidy: {type: stub, next: fail}

What follows from ``start_at`` on is the pipeline, what follows from the step that an
``on_failure`` names is the pipeline for that failure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from bridge.errors import ModelError, Where
from bridge.model import (
    Catalog,
    Conditional,
    Loop,
    Map,
    NotebookTask,
    Parallel,
    Pipeline,
    PythonTask,
    Retry,
    ShellTask,
    Step,
    Stub,
)
from bridge.references import Reference, dotted
from bridge.serial.forms import Choice, Json, ListOf, MappingOf, Plain, ReducerForm, expect
from bridge.serial.read_yaml import parse
from bridge.serial.records import Record
from bridge.serial.spot import Problems, Spot, did_you_mean, shown
from bridge.values import Kind, Return

__all__ = ["load_dag"]

Reading = Callable[[Any, Spot], Any]
_Made = tuple[Callable[..., Any], dict[str, Any]]

_ENDS = ("success", "fail")
_KINDS = {"json": Kind.JSON, "metric": Kind.METRIC, "object": Kind.PICKLED}
_TEXT, _NUMBER, _ANYTHING = Plain(str).read, Plain(int).read, MappingOf(Json()).read


def load_dag(text: str, file: str) -> Pipeline:
    """The pipeline below ``dag`` in a YAML text, each step with its line in ``file``.

    What else stands beside it is there for its anchors. Raises ModelError with all that is wrong.
    """
    data, lines = parse(text, file, aliases=True)
    spot = Spot("the pipeline", Where(file), lines=lines)
    expect(data, dict, spot)
    if "dag" not in data:
        raise spot.refuse("has no 'dag'")
    try:
        return _Graphs().read(data["dag"], spot.at(data, "dag"))
    except RecursionError:
        raise ModelError("pipelines are nested too deeply in one another", spot.where) from None


class _Node(NamedTuple):
    """A step and where it leads to; or else an end, and which."""

    spot: Spot
    data: dict[str, Any]
    step: Step | None
    next: str = ""
    on_failure: str = ""
    end: str = ""


class _Graphs:
    """Reads ``start_at`` and ``steps``; a graph that stands in several places is read once."""

    def __init__(self) -> None:
        self._read: dict[int, Pipeline] = {}
        self._kinds: dict[str, Callable[[dict[str, Any], Spot], _Made]] = {
            "task": self._task,
            "stub": self._stub,
            "parallel": self._parallel,
            "map": self._map,
            "conditional": self._conditional,
            "loop": self._loop,
        }

    def read(self, data: Any, spot: Spot) -> Pipeline:
        """The pipeline that a graph stands for."""
        if id(data) not in self._read:
            self._read[id(data)] = self._pipeline(data, spot)
        return self._read[id(data)]

    def _pipeline(self, data: Any, spot: Spot) -> Pipeline:
        needed = {"start_at": _TEXT, "steps": self._nodes}
        keys = {**needed, "name": _TEXT, "description": _TEXT}
        given = _read_keys(data, keys, needed, spot)
        start = given.pop("start_at")
        return _Links(given.pop("steps"), spot).pipeline(start, spot.at(data, "start_at"), given)

    def _nodes(self, data: Any, spot: Spot) -> dict[str, _Node]:
        expect(data, dict, spot)
        problems, nodes = Problems(), {}
        for name, inner in data.items():
            at = spot.of(f"step {shown(name)}", spot.at(data, name).where)
            nodes[name] = problems.run(self._node, name, inner, data, at)
        problems.tell()
        return nodes

    def _node(self, name: str, data: Any, steps: Mapping[str, Any], spot: Spot) -> _Node:
        expect(data, dict, spot)
        kind = data.get("type")
        if "type" not in data:
            raise spot.refuse(f"has no 'type'; give one of {', '.join([*self._kinds, *_ENDS])}")
        if kind in _ENDS:
            _read_keys(data, {"type": _TEXT}, (), spot)
            return _Node(spot, data, None, end=kind)
        if not isinstance(kind, str) or kind not in self._kinds:
            hint = did_you_mean(kind, [*self._kinds, *_ENDS])
            raise spot.at(data, "type").refuse(f"cannot be {shown(kind)}; {hint}")
        make, given = self._kinds[kind](data, spot)
        onward, on_failure = given.pop("next"), given.pop("on_failure", "")
        follows = steps.get(onward, {"type": onward})
        fails = isinstance(follows, dict) and follows.get("type") == "fail"
        step = make(name=name, where=spot.where, terminate_with_failure=fails, **given)
        return _Node(spot, data, step, onward, on_failure)

    def _task(self, data: dict[str, Any], spot: Spot) -> _Made:
        types = Choice(*_COMMANDS)
        kind = types.read(data.get("command_type", "python"), spot.at(data, "command_type"))
        make, argument, command, more = _COMMANDS[kind]
        given = _read_step(data, {"command": command, **_OF_TASK, **more}, ("command",), spot)
        given[argument] = given.pop("command")
        attempts = given.pop("max_attempts", 1)
        for name in ("command_type", "stream_end_type"):
            given.pop(name, None)
        return make, {**given, "retry": Retry(attempts - 1) if attempts > 1 else None}

    def _stub(self, data: dict[str, Any], spot: Spot) -> _Made:
        known = {key: value for key, value in data.items() if key in ("type", *_COMMON)}
        extra = {k: Json().read(v, spot.at(data, k)) for k, v in data.items() if k not in known}
        return Stub, {**_read_step(known, {}, (), spot), "extra": extra}

    def _parallel(self, data: dict[str, Any], spot: Spot) -> _Made:
        return Parallel, _read_step(data, {"branches": self._branches}, ("branches",), spot)

    def _map(self, data: dict[str, Any], spot: Spot) -> _Made:
        needed = {"branch": self.read, "iterate_on": _TEXT, "iterate_as": _TEXT}
        return Map, _read_step(data, {**needed, "reducer": ReducerForm().read}, needed, spot)

    def _conditional(self, data: dict[str, Any], spot: Spot) -> _Made:
        needed = {"parameter": _TEXT, "branches": self._branches}
        return Conditional, _read_step(data, {**needed, "default": self.read}, needed, spot)

    def _loop(self, data: dict[str, Any], spot: Spot) -> _Made:
        needed = {"branch": self.read, "max_iterations": _NUMBER, "break_on": _TEXT,
                  "index_as": _TEXT}  # fmt: skip
        return Loop, _read_step(data, needed, needed, spot)

    def _branches(self, data: Any, spot: Spot) -> dict[str, Pipeline]:
        expect(data, dict, spot)
        problems = Problems()
        found = {key: problems.run(self.read, data[key], spot.at(data, key)) for key in data}
        problems.tell()
        return found


class _Links:
    """What follows what in one graph."""

    def __init__(self, nodes: Mapping[str, _Node], spot: Spot) -> None:
        self._nodes = nodes
        self._spot = spot
        self._handlers: dict[str, Pipeline] = {}

    def pipeline(self, start: str, spot: Spot, given: Mapping[str, Any]) -> Pipeline:
        """The steps from ``start`` on, each with the pipeline for its failure."""
        self._check(start, spot)
        for node in self._nodes.values():
            if node.step and node.on_failure and self._end(node.on_failure) != "fail":
                node.step.on_failure = self._handler(node.on_failure)  # type: ignore[misc]
        return Pipeline(self._chain(start), where=self._spot.where, **given)

    def _handler(self, start: str) -> Pipeline:
        if start not in self._handlers:
            steps = self._chain(start) or [Stub(name=start, where=self._spot.where)]
            self._handlers[start] = Pipeline(steps, where=steps[0].where)
        return self._handlers[start]

    def _chain(self, start: str) -> list[Step]:
        steps, name = [], start
        while name in self._nodes and (step := self._nodes[name].step):
            steps.append(step)
            name = self._nodes[name].next
        return steps

    def _end(self, name: str) -> str:
        """Which end a name stands for, if any."""
        return self._nodes[name].end if name in self._nodes else name

    def _check(self, start: str, spot: Spot) -> None:
        problems = Problems()
        for name, at in [(start, spot), *self._named()]:
            if name not in self._nodes and name not in _ENDS:
                hint = did_you_mean(name, [*self._nodes, *_ENDS])
                problems.add(at.refuse(f"names no step, {shown(name)}; {hint}"))
        problems.tell()
        reached = self._reached(start)
        for name, node in self._nodes.items():
            if node.step and name not in reached:
                problems.add(node.spot.refuse("is reached from no step; delete it"))
        problems.tell()

    def _named(self) -> Iterator[tuple[str, Spot]]:
        for node in self._nodes.values():
            for key, name in (("next", node.next), ("on_failure", node.on_failure)):
                if name:
                    yield name, node.spot.at(node.data, key)

    def _reached(self, start: str) -> set[str]:
        """The steps on the ways from ``start``. Raises ModelError for one that leads to itself."""
        ended, way = set[str](), set[str]()
        todo = [(start, False)]
        while todo:
            name, is_over = todo.pop()
            node = self._nodes.get(name)
            if is_over:
                way.remove(name)
                ended.add(name)
            elif name in way:
                raise self._nodes[name].spot.refuse("leads back to itself")
            elif node and node.step and name not in ended:
                way.add(name)
                todo += [(name, True), (node.next, False)]
                todo += [(node.on_failure, False)] if node.on_failure else []
        return ended


def _returns(data: Any, spot: Spot) -> list[Return]:
    expect(data, list, spot)
    return [_return(item, spot.at(data, i)) for i, item in enumerate(data)]


def _return(data: Any, spot: Spot) -> Return:
    if isinstance(data, str) and data:
        return Return(data)
    kind = Choice(*_KINDS).read
    given = _read_keys(data, {"name": _TEXT, "kind": kind}, ("name",), spot)
    return Return(given["name"], _KINDS[given.get("kind", "json")])


def _read_step(
    data: dict[str, Any], keys: Mapping[str, Reading], required: Iterable[str], spot: Spot
) -> dict[str, Any]:
    given = _read_keys(data, {"type": _TEXT, **_COMMON, **keys}, (*required, "next"), spot)
    del given["type"]
    return given


def _read_keys(
    data: Any, keys: Mapping[str, Reading], required: Iterable[str], spot: Spot
) -> dict[str, Any]:
    """The values by key; raises ModelError with all that is unknown, missing or wrong."""
    expect(data, dict, spot)
    problems, found = Problems(), {}
    for key, value in data.items():
        if key in keys:
            found[key] = problems.run(keys[key], value, spot.at(data, key))
        else:
            there = Spot(spot.owner, spot.at(data, key).where, spot.trail, spot.lines)
            hint = did_you_mean(key, keys)
            problems.add(there.refuse(f"has an unknown key {shown(key)}; {hint}"))
    for key in required:
        if key not in data:
            problems.add(spot.refuse(f"has no '{key}', which it needs"))
    problems.tell()
    return found


def _function(data: Any, spot: Spot) -> Reference:
    try:
        return dotted(_TEXT(data, spot))
    except ModelError as error:
        raise spot.refuse(f"names no function: {error}") from None


_COMMON: dict[str, Reading] = {"next": _TEXT, "on_failure": _TEXT, "overrides": _ANYTHING}
_OF_TASK: dict[str, Reading] = {
    "command_type": _TEXT,
    "returns": _returns,
    "secrets": ListOf(Plain(str)).read,
    "catalog": Record(Catalog).read,
    "max_attempts": _NUMBER,
}
_COMMANDS: dict[str, tuple[type[Step], str, Reading, dict[str, Reading]]] = {
    "python": (PythonTask, "function", _function, {}),
    "async-python": (PythonTask, "function", _function, {"stream_end_type": _TEXT}),
    "notebook": (NotebookTask, "notebook", _TEXT, {"optional_ploomber_args": _ANYTHING}),
    "shell": (ShellTask, "command", _TEXT, {}),
}
