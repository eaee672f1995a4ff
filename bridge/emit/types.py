"""Where types are known to agree, so that generated code needs no conversion."""

from __future__ import annotations

import typing
from dataclasses import replace
from types import GenericAlias
from typing import Any

from bridge.flow import Flow, Given, Node, Output, Parameter, Read, Stored
from bridge.model import Loop, Map, PythonTask
from bridge.signatures import UNKNOWN
from bridge.values import Constant, Kind

__all__ = ["elements", "trusted"]


def elements(annotation: Any) -> tuple[Any, ...]:
    """The types of a tuple's places, where the annotation names them all; else nothing."""
    if typing.get_origin(annotation) is not tuple:
        return ()
    found = typing.get_args(annotation)
    return () if Ellipsis in found else found


def trusted(flow: Flow, read: Read) -> bool:
    """Whether the value of an argument has the type that its annotation asks for.

    True where nothing is asked, where objects travel as they are, where the producer is annotated
    with the very type, and where the declared value of a parameter fits unchanged.
    """
    annotation, source = read.argument.annotation, read.source
    if annotation in (UNKNOWN, Any, object):
        return True
    if isinstance(source, Stored):
        return True
    if isinstance(source, Output):
        return source.kind is Kind.PICKLED or _is(_produced(flow, source), read.path, annotation)
    if isinstance(source, Given):
        return source.kind is Kind.PICKLED or _given(flow, read)
    if isinstance(source, Parameter):
        known = source.name in flow.pipeline.parameters
        return known and _fits(flow.pipeline.parameters[source.name], read.path, annotation)
    return isinstance(source, Constant) and _fits(source.value, (), annotation)


def _given(flow: Flow, read: Read) -> bool:
    """Whether what a pipeline is given from outside, or begins with, has the type asked for."""
    assert isinstance(read.source, Given)
    name = read.source.name
    if name in flow.sets and _is_carried(flow):
        return False
    if name not in flow.begins:
        outside = flow.source_outside(read)
        return outside is not None and trusted(*outside)
    control = flow.begins[name]
    if control is None:
        return read.argument.annotation is int and not read.path
    listed = replace(read.argument, annotation=GenericAlias(list, (read.argument.annotation,)))
    outer = flow.outer
    return outer is not None and not read.path and trusted(outer, replace(control, argument=listed))


def _is_carried(flow: Flow) -> bool:
    """Whether what a pipeline sets is given to it again."""
    around = flow.outer.nodes.values() if flow.outer else ()
    return any(isinstance(n.task, Loop) and flow in n.inner.values() for n in around) or bool(
        flow.begins and None in flow.begins.values()
    )


def _is(known: Any, path: tuple[str | int, ...], annotation: Any) -> bool:
    return not path and bool(known == annotation)


def _produced(flow: Flow, output: Output) -> Any:
    """The annotation of a value that a step gives back."""
    node = flow.nodes[output.step]
    if node.inner:
        return _left(node, output)
    if not isinstance(node.task, PythonTask):
        return UNKNOWN
    annotation = node.signature.returns
    if len(node.outputs) == 1:
        return annotation
    types = elements(annotation)
    place = [o.name for o in node.outputs].index(output.name)
    return types[place] if len(types) == len(node.outputs) else UNKNOWN


def _left(node: Node, output: Output) -> Any:
    """The annotation of what a composite leaves behind, where all ways through it agree."""
    name = output.name
    if name in {read.argument.name for read in node.reads} or not output.certain:
        return UNKNOWN
    found = []
    for flow in node.inner.values():
        for left in [flow.sets[name]] if name in flow.sets else []:
            handled = flow.handler or any(n.handler for n in flow.nodes.values())
            known = left.step in flow.nodes and not handled
            found.append(_produced(flow, left) if known else UNKNOWN)
    if UNKNOWN in found or any(one != found[0] for one in found):
        return UNKNOWN
    if isinstance(node.task, Map):
        return UNKNOWN if node.task.reducer is not None else GenericAlias(list, (found[0],))
    return found[0]


def _fits(value: Any, path: tuple[str | int, ...], annotation: Any) -> bool:
    from bridge.carried.arguments import convert

    try:
        for key in path:
            value = value[key]
        converted = convert(value, annotation, "")
    except (ValueError, TypeError, LookupError):
        return False
    return type(converted) is type(value) and bool(converted == value)
