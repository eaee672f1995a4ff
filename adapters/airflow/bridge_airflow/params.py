"""The parameters of a pipeline as typed Params."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Iterator
from typing import Any

from bridge.emit.python import literal
from bridge.emit.types import trusted
from bridge.flow import Flow, Node, Parameter, Read
from bridge.signatures import UNKNOWN
from bridge_airflow.places import control
from bridge_airflow.settings import schema

__all__ = ["declare", "reach_parameter"]

_TYPES: dict[type, str] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}
_ANYTHING = (UNKNOWN, Any, object)


def declare(flow: Flow) -> list[str]:
    """The entries of the DAG's ``params``, one for each parameter that the pipeline declares."""
    asked: dict[str, list[Any]] = {name: [] for name in flow.pipeline.parameters}
    for read in _reads(flow):
        if isinstance(read.source, Parameter) and not read.path and read.source.name in asked:
            asked[read.source.name].append(read.argument.annotation)
    return [
        f"{literal(name)}: Param({literal(value)}{_said(flow, name, value, asked[name])})"
        for name, value in flow.pipeline.parameters.items()
    ]


def _said(flow: Flow, name: str, value: Any, annotations: Iterable[Any]) -> str:
    """What is said of a parameter; what the pipeline says to Airflow counts before all else."""
    restriction = _restriction(value, annotations)
    given = schema(flow.pipeline, name)
    own = "".join(f", {key}={literal(value)}" for key, value in given.items() if key.isidentifier())
    return own if "type" in given else restriction + own


def _reads(flow: Flow) -> Iterator[Read]:
    """All that tasks read, and what decides how composites run, by its source outside all."""
    for inside, read in _inner_reads(flow):
        outside: tuple[Flow, Read] | None = (inside, read)
        while outside:
            inside, read = outside
            outside = inside.source_outside(read)
        yield read


def _inner_reads(flow: Flow) -> Iterator[tuple[Flow, Read]]:
    todo = [flow]
    while todo:
        found = todo.pop()
        todo += [found.handler] if found.handler else []
        for node in found.nodes.values():
            todo += [*node.inner.values(), *([node.handler] if node.handler else [])]
            decides = control(node)
            reads = node.reads if not node.inner else [decides] if decides else []
            yield from ((found, read) for read in reads)


def _restriction(value: Any, annotations: Iterable[Any]) -> str:
    """What a value given at a run must be; nothing where its readers take more than one kind."""
    kind = _TYPES.get(type(value))
    found = [kind]
    for annotation in annotations:
        members, optional = _members(annotation)
        if len(members) > 1:
            return ""
        if optional and "null" not in found:
            found.append("null")
        if kind == "integer" and members != (int,):
            found[0] = "number"  # who asks for no int is given 0.5 as well
    if kind == "integer" and not annotations:
        found[0] = "number"
    if kind is None:
        return ""
    return f", type={literal(found[0] if len(found) == 1 else found)}"


def _members(annotation: Any) -> tuple[tuple[Any, ...], bool]:
    """The types that an annotation allows, and whether None is among them."""
    if annotation in _ANYTHING:
        return (annotation,), False
    if typing.get_origin(annotation) not in (typing.Union, types.UnionType):
        return (annotation,), False
    members = typing.get_args(annotation)
    return tuple(m for m in members if m is not type(None)), type(None) in members


def reach_parameter(flow: Flow, node: Node, read: Read) -> str:
    """The expression, inside a task, of a parameter that the node reads.

    JSON has 1 for 1.0: where a float is asked for and nothing else converts, it is made one here.
    """
    expression = f"params[{literal(_name(flow, read))}]"
    wanted = [(flow, read)]
    if node.inner:
        reads = [pair for inner in node.inner.values() for pair in _inner_reads(inner)]
        wanted = [pair for pair in reads if _comes_from(*pair, flow, read)]
    as_float = wanted and all(_takes_float(*pair) for pair in wanted)
    return f"float({expression})" if as_float else expression


def _name(flow: Flow, read: Read) -> str:
    while outside := flow.source_outside(read):
        flow, read = outside
    assert isinstance(read.source, Parameter)
    return read.source.name


def _comes_from(inside: Flow, inner: Read, flow: Flow, read: Read) -> bool:
    """Whether what is read inside is what ``read`` gives."""
    while inside is not flow:
        outside = inside.source_outside(inner)
        if outside is None:
            return False
        inside, inner = outside
    return inner.source == read.source


def _takes_float(flow: Flow, read: Read) -> bool:
    return read.argument.annotation is float and not read.path and trusted(flow, read)
