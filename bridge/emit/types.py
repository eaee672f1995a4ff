"""Where types are known to agree, so that generated code needs no conversion."""

from __future__ import annotations

import typing
from typing import Any

from bridge.flow import Flow, Output, Parameter, Read
from bridge.model import PythonTask
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
    if isinstance(source, Output):
        return source.kind is Kind.PICKLED or _produced(flow, source, read.path) == annotation
    if isinstance(source, Parameter):
        known = source.name in flow.pipeline.parameters
        return known and _fits(flow.pipeline.parameters[source.name], read.path, annotation)
    return isinstance(source, Constant) and _fits(source.value, (), annotation)


def _produced(flow: Flow, output: Output, path: tuple[str | int, ...]) -> Any:
    node = flow.nodes[output.step]
    if path or not isinstance(node.task, PythonTask):
        return UNKNOWN
    annotation = node.signature.returns
    if len(node.outputs) == 1:
        return annotation
    types = elements(annotation)
    place = [o.name for o in node.outputs].index(output.name)
    return types[place] if len(types) == len(node.outputs) else UNKNOWN


def _fits(value: Any, path: tuple[str | int, ...], annotation: Any) -> bool:
    from bridge.carried.arguments import convert

    try:
        for key in path:
            value = value[key]
        converted = convert(value, annotation, "")
    except (ValueError, TypeError, LookupError):
        return False
    return type(converted) is type(value) and bool(converted == value)
