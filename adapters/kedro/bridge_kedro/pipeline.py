"""The text of ``pipeline.py``: all nodes with the datasets between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from bridge.adapter import Options
from bridge.emit.names import Names
from bridge.emit.python import comment, docstring, imports, literal
from bridge.flow import Flow, Node, walk
from bridge.model import Pipeline
from bridge.nodes import inside
from bridge.unit import Unit
from bridge_kedro import asked
from bridge_kedro.nodes import Call, Nodes
from bridge_kedro.plan import NodeName, Plan

__all__ = ["pipeline_text"]


def pipeline_text(plan: Plan, nodes: Nodes, options: Options, about: str) -> str:
    """The module with ``create_pipeline``; asks ``nodes`` for the function of each node."""
    return _Writing(plan, nodes, options).text(about)


@dataclass
class _Writing:
    plan: Plan
    nodes: Nodes
    options: Options
    _own: list[str] = field(default_factory=list)
    _imports: dict[str, str] = field(default_factory=dict)

    def text(self, about: str) -> str:
        reserved = {"Node", "Pipeline", "create_pipeline", "kwargs", "gather"}
        self._names = Names({*reserved, *self.nodes.functions.values()})
        entries = list(self._entries())
        head = [docstring(about)]
        head += [comment(f"TODO: {todo}") for todo in self.options.todos.get("", ())]
        own = [f"from .nodes import {', '.join(sorted(set(self._own)))}"] if self._own else []
        lines = ["from kedro.pipeline import Node, Pipeline\n"]
        lines += [*imports(self._imports.values()), *own]
        function = ["def create_pipeline(**kwargs) -> Pipeline:", "    return Pipeline(["]
        return "\n\n".join(
            ["\n".join(head), "\n".join(lines), "\n".join([*function, *entries, "    ])"])]
        )

    def _entries(self) -> Iterator[str]:
        flow = self.plan.flow
        remarks = _remarks(flow, self.options)
        for path, node in flow.nodes.items():
            for place in _prefixes(path):
                yield from map(comment, remarks.pop(place, ()))
            for place in _inside(node):
                yield from (comment(f"{place}: {text}") for text in remarks.pop(place, ()))
            yield from map(comment, asked.remarks(node))
            call = self.nodes.call(node)
            lists = {
                "tags": asked.tags(flow, node),
                "confirms": asked.confirms(node, self.plan.stored),
            }
            yield self._node(call, self.plan.outputs(node), self.plan.nodes[path], lists)
        for gather in self.plan.gathers.values():
            yield self._node(self.nodes.gather(gather), [gather.marker], gather.name)

    def _node(
        self,
        call: Call,
        outputs: Sequence[str],
        name: NodeName,
        lists: Mapping[str, Sequence[str]] = MappingProxyType({}),
    ) -> str:
        parts = [f"func={self._function(call)}", f"inputs={_inputs(call)}"]
        parts += [f"outputs={literal(_few(list(outputs)))}", f"name={literal(name.name)}"]
        parts += [f"namespace={literal(name.namespace)}"] if name.namespace else []
        parts += [f"{what}={literal(list(found))}" for what, found in lists.items() if found]
        return f"Node({', '.join(parts)},),"

    def _function(self, call: Call) -> str:
        if call.reference is None:
            self._own.append(call.function)
            return call.function
        name = self._names(str(call.reference), call.function)
        alias = "" if name == call.function else f" as {name}"
        line = f"from {call.reference.module} import {call.function}{alias}"
        self._imports[str(call.reference)] = line
        return name


def _inputs(call: Call) -> str:
    """A list of the datasets where the function's own arguments are named like them."""
    names = list(call.inputs.values())
    if call.reference is None and names == list(call.inputs):
        return literal(_few(names))
    return literal(dict(call.inputs))


def _few(names: list[str]) -> list[str] | str | None:
    return names if len(names) > 1 else names[0] if names else None


def _remarks(flow: Flow, options: Options) -> dict[str, list[str]]:
    """What stands before the first node of a step: its pipeline's description, what is left out."""
    found: dict[str, list[str]] = {}
    for path, step in walk(flow.pipeline):
        found[path] = [f"TODO: {todo}" for todo in options.todos.get(path, ())]
        for key, pipeline in inside(step) if not isinstance(step, Unit) else ():
            todos = options.todos.get(path + key, ()) if key else ()
            told = [pipeline.description] if pipeline.description else []
            told += [f"TODO: {todo}" for todo in todos]
            found.setdefault(path + key, []).extend(told)
    return found


def _prefixes(path: str) -> Iterator[str]:
    """The path's beginnings, the shortest first, and the path itself."""
    place = path.find(".")
    while place >= 0:
        yield path[:place]
        place = path.find(".", place + 1)
    yield path


def _inside(node: Node) -> Iterator[str]:
    """The places of all that is inside a node, as they are written."""
    if not node.inner:
        return
    around = Pipeline([node.step])
    for path, step in walk(around, node.path.removesuffix(node.task.name)):
        yield path
        yield from (path + key for key, _ in inside(step))
