"""The text of ``pipeline.py``: all nodes with the datasets between them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from bridge.adapter import Options
from bridge.emit.names import Names
from bridge.emit.python import comment, docstring, imports, literal
from bridge.flow import Node, walk
from bridge.model import Pipeline
from bridge.nodes import inside
from bridge_kedro import asked
from bridge_kedro.nodes import Call, Nodes
from bridge_kedro.plan import NodeName, Plan
from bridge_kedro.remarks import Remarks

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
        self._remarks = Remarks(self.plan)
        entries = list(self._entries())
        head = [docstring(about), *map(comment, self._on_top(about))]
        head += [comment(f"TODO: {todo}") for todo in self.options.todos.get("", ())]
        own = [f"from .nodes import {', '.join(sorted(set(self._own)))}"] if self._own else []
        lines = ["from kedro.pipeline import Node, Pipeline\n"]
        lines += [*imports(self._imports.values()), *own]
        function = ["def create_pipeline(**kwargs) -> Pipeline:", "    return Pipeline(["]
        return "\n\n".join(
            ["\n".join(head), "\n".join(lines), "\n".join([*function, *entries, "    ])"])]
        )

    def _on_top(self, about: str) -> Iterator[str]:
        """What is said of the pipeline; its description where the docstring is not just that."""
        told = ast.get_docstring(ast.parse(docstring(about)))
        if (self.plan.flow.pipeline.description or about) != told:
            yield f"about: {self.plan.flow.pipeline.description!r}"
        yield from self._remarks.on_top()

    def _entries(self) -> Iterator[str]:
        """The nodes, in the order in which their steps were written."""
        flow = self.plan.flow
        todos = {k: v for k, v in self.options.todos.items() if k}
        for path in self._remarks.places:
            node = flow.nodes[path]
            for place in _prefixes(path):
                yield from (comment(f"TODO: {todo}") for todo in todos.pop(place, ()))
            for place in _inside(node):
                yield from (comment(f"{place}: TODO: {t}") for t in todos.pop(place, ()))
            yield from map(comment, self._remarks.before(node))
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
