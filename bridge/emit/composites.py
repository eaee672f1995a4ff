"""Composites as loops and branches of plain Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from bridge.emit.names import Names
from bridge.emit.place import Place, inside, owns, text
from bridge.emit.python import comment, indent, literal
from bridge.emit.remarks import about_order, about_step, branch, lines, said
from bridge.emit.task import Body
from bridge.expressions import Expression, spreads
from bridge.flow import Flow, Node
from bridge.model import Conditional, Loop, Map, Parallel, Step
from bridge.unit import Unit
from bridge.values import Fact, Kind

__all__ = ["Writer", "composite"]

Written = tuple[list[str], list[str]]
"""The statements that run a composite, and those by which its names stand for what it has set."""


class Writer(Protocol):
    """Who writes the flows inside."""

    body: Body
    names: Names

    def flow(self, place: Place) -> list[str]:
        """The statements of a flow, up to what it leaves in its ``targets``."""

    def pipeline(self, place: Place) -> list[str]:
        """The same, below what is said of its pipeline."""

    def target(self, place: Place, name: str) -> str:
        """The variable in which a name of the flow is kept."""

    def need(self, name: str) -> str:
        """Make a name available that bodies use."""


def composite(writer: Writer, place: Place, node: Node) -> list[str]:
    """The statements of all that is inside a composite; what it sets is in ``place.made`` then."""
    gather, found = place.gather, [] if isinstance(node.task, Unit) else _remarks(node)
    if node.stores and not isinstance(node.task, Unit):
        variable = writer.names(f"manifests {place.number} {node.path}", f"{node.path}_files")
        found.append(f"{variable} = []")
        place.manifests[node.path] = (f"*{variable}",)
        gather = (*gather, variable)
    run, settle = _WRITERS[type(node.task)](writer, place, node, gather)
    return [*found, *run, *(_terminate(writer, place, node) or settle)]


def _remarks(node: Node) -> list[str]:
    remarks = about_step(node.step)
    if isinstance(node.task, Map) and node.task.reducer is not None and not node.outputs:
        remarks.append(f"reducer: {said(str(node.task.reducer))}")
    return lines(remarks)


def _terminate(writer: Writer, place: Place, node: Node) -> list[str]:
    """A composite that is to end the run with a failure; it sets nothing."""
    if not node.task.terminate_with_failure:
        return []
    said = literal(f"'{node.task.name}' ends the run with a failure")
    name = text((*place.name, node.path))
    raised = f"raise {writer.need('Terminated')}({said})"
    return [f"with {writer.need('step')}({name}):", *indent([raised])]


def _unit(writer: Writer, place: Place, node: Node, gather: tuple[str, ...]) -> Written:
    inner = inside(place, node, node.inner[""], (node.place,), gather)
    found = _set_here(writer, place, node, inner)
    pipeline, order = inner.flow.pipeline, [*inner.flow.orders[""]]
    is_whole = pipeline.on_failure is not None
    if pipeline.order == "data" and (is_whole or len(order) > 1):
        found = [*lines(about_order(pipeline, order)), *found]
    written = writer.flow(inner)
    if node.stores:
        place.manifests[node.path] = tuple(m for ms in inner.manifests.values() for m in ms)
    return [*found, *written], _rename(writer, place, node, inner.targets)


def _map(writer: Writer, place: Place, node: Node, gather: tuple[str, ...]) -> Written:
    step: Map = node.task
    flow = node.inner[""]
    number = writer.names(f"number {place.number} {node.path}", "i")
    item = writer.names(f"item {place.number} {node.path}", step.iterate_as)
    inner = inside(place, node, flow, (f"{node.path}.", (number,), "."), gather)
    inner.given[step.iterate_as] = item
    assert node.control
    if owns(place, node, node.control.argument.name, node.control.source):
        inner.owned = frozenset([step.iterate_as])
    inner.targets = {n: writer.names(f"one {inner.number} {n}", f"{n}_item") for n in flow.sets}
    every = {o.name: _list(writer, place, node, o.name) for o in node.outputs}
    name = text((*place.name, node.path))
    values = f"{writer.need('each')}({name}, {_control(writer, place, node, name)})"
    appended = [_append(writer, flow, every[n], inner.targets[n], n) for n in every]
    loop = f"for {number}, {item} in enumerate({values}):"
    place.made |= {(node.path, o): variable for o, variable in every.items()}
    written = writer.pipeline(inner)
    found = [
        *_named("item", item, step.iterate_as),
        *(f"{variable} = []" for variable in every.values()),
        *[loop, *indent([*written, *appended] or ["pass"])],
        *_reduce(writer, node, name, every),
    ]
    return found, _rename(writer, place, node, every)


def _named(what: str, variable: str, name: str) -> list[str]:
    """The name that a variable stands for, where it could not have that one."""
    return [] if variable == name else lines([f"{what}: {said(name)}"])


def _list(writer: Writer, place: Place, node: Node, name: str) -> str:
    """The variable in which the values of a name over all items are gathered."""
    taken = {read.argument.name for read in node.reads}
    if place.careful or name in taken:
        return writer.names(f"every {place.number} {node.path} {name}", f"{name}_list")
    return writer.target(place, name)


def _append(writer: Writer, flow: Flow, every: str, one: str, name: str) -> str:
    line = f"{every}.append({one})"
    return line if flow.sets[name].certain else f"if {one} is not ABSENT:\n    {line}"


def _reduce(writer: Writer, node: Node, name: str, every: Mapping[str, str]) -> Iterator[str]:
    reducer = node.task.reducer
    if reducer is None:
        return
    if isinstance(reducer, Expression):
        function = f"({reducer.text})"
    else:
        top, _, rest = reducer.qualname.partition(".")
        function = writer.names(f"function {reducer.module}:{top}", top)
        alias = "" if function == top else f" as {function}"
        writer.body.imports.append(f"from {reducer.module} import {top}{alias}")
        function += f".{rest}" if rest else ""
    if spreads(reducer):
        function = f"lambda values: {function}(*values)"
    for output in node.outputs:
        variable = every[output.name]
        check = "to_object" if output.kind is Kind.PICKLED else "to_json"
        value = f"{writer.need('reduced')}({name}, {function}, {variable})"
        yield f"{variable} = {writer.need(check)}({value}, {literal(output.name)})"


def _rename(writer: Writer, place: Place, node: Node, found: Mapping[str, str]) -> list[str]:
    """Let the names of the flow stand for what was found, where their variables are settled."""
    renamed = []
    for output in node.outputs:
        target = place.made[node.path, output.name] = writer.target(place, output.name)
        if target != found[output.name]:
            renamed.append(f"{target} = {found[output.name]}")
    return renamed


def _conditional(writer: Writer, place: Place, node: Node, gather: tuple[str, ...]) -> Written:
    step: Conditional = node.task
    name = text((*place.name, node.path))
    chosen = writer.names(f"chosen {place.number} {node.path}", f"{node.path}_branch")
    more = ", default=True" if step.default is not None else ""
    call = f"{writer.need('choose')}({name}, {_control(writer, place, node, name)}, "
    found = [f"{chosen} = {call}{literal(list(step.branches))}{more})"]
    setup: list[str] = []
    variables: dict[str, str] = {}
    word = "if"
    keys = {str(key): key for key in step.branches} | ({"default": "default"} if more else {})
    for key, flow in node.inner.items():
        inner = inside(place, node, flow, (f"{node.path}.{key}.",), gather)
        setup += [line for line in _set_here(writer, place, node, inner) if line not in setup]
        variables |= inner.targets
        written = writer.pipeline(inner)
        test = f"{chosen} {_is(keys[key])}"
        last = key == list(node.inner)[-1] and word == "elif"
        found += [f"{word} {test}:" if not last else "else:", *indent(written or ["pass"])]
        word = "elif"
    return [*setup, *found], _rename(writer, place, node, variables)


def _loop(writer: Writer, place: Place, node: Node, gather: tuple[str, ...]) -> Written:
    step: Loop = node.task
    flow = node.inner[""]
    number = writer.names(f"number {place.number} {node.path}", step.index_as or "i")
    inner = inside(place, node, flow, (f"{node.path}.", (number,), "."), gather)
    setup = _set_here(writer, place, node, inner)
    again = {*flow.given, *flow.carried}
    inner.given |= {name: inner.targets[name] for name in flow.sets if name in again}
    # what only steps that never run would set
    inner.given |= {name: writer.need("ABSENT") for name in flow.carried - {*flow.sets}}
    if step.index_as:
        inner.given[step.index_as] = number
    if node.path in place.manifests:
        inner.files = (*inner.files, *place.manifests[node.path])
    found = writer.pipeline(inner)
    if step.index_as and "=" not in step.index_as:
        variables = f"{{{literal(step.index_as)}: str({number})}}"
        found = [f"with {writer.need('environment')}({variables}):", *indent(found or ["pass"])]
    elif step.index_as:
        setup = [*lines([f"index: {said(step.index_as)}"]), *setup]
    if step.break_on:
        over = inner.targets.get(step.break_on) or _taken(writer, place, node, step.break_on)
        left = flow.sets.get(step.break_on)
        sure = left is None or left.certain
        test = over if sure else f"{over} is not ABSENT and {over}"
        found += [f"if {test}:", "    break"]
    loop = f"for {number} in range({literal(step.max_iterations)}):"
    settle = _rename(writer, place, node, inner.targets)
    return [*setup, loop, *indent(found or ["pass"])], settle


def _parallel(writer: Writer, place: Place, node: Node, gather: tuple[str, ...]) -> Written:
    found: list[str] = []
    ends: list[str] = []
    for key, flow in node.inner.items():
        inner = inside(place, node, flow, (f"{node.path}.{key}.",), gather)
        inner.targets = {n: writer.names(f"branch {inner.number} {n}", n) for n in flow.sets}
        found += [comment(branch(node.task.name, key)), *writer.pipeline(inner)]
        for name, left in flow.sets.items():
            line = f"{writer.target(place, name)} = {inner.targets[name]}"
            ends += (
                [line] if left.certain else [f"if {inner.targets[name]} is not ABSENT:\n    {line}"]
            )
    begin = _begin_unset(writer, place, node)
    for output in node.outputs:
        place.made[node.path, output.name] = writer.target(place, output.name)
    return [*begin, *found], ends


def _begin_unset(writer: Writer, place: Place, node: Node) -> Iterator[str]:
    """Give the names that branches may not set the value they had, or the mark of none."""
    reads = {r.argument.name for r in node.reads if not isinstance(r.source, Fact)}
    for output in node.outputs:
        target = writer.target(place, output.name)
        setters = [f.sets[output.name] for f in node.inner.values() if output.name in f.sets]
        if any(left.certain for left in setters):
            continue
        value = _taken(writer, place, node, output.name) if output.name in reads else ""
        if value != target and (value or target not in place.unset):
            yield f"{target} = {value or writer.need('ABSENT')}"


# What a composite leaves behind


def _set_here(writer: Writer, place: Place, node: Node, inner: Place) -> list[str]:
    """Let a flow inside set the variables of this one, or its own where that must wait.

    A name that it may not set begins with the value it had, or with the mark of none.
    """
    found = []
    outputs = {output.name: output for output in node.outputs}
    reads = {r.argument.name for r in node.reads if not isinstance(r.source, Fact)}
    for name in inner.flow.sets:
        key = f"inner {place.number} {node.path} {name}"
        target = writer.names(key, name) if place.careful else writer.target(place, name)
        inner.targets[name] = target
        value = _taken(writer, place, node, name) if name in reads else ""
        keeps = not inner.flow.sets[name].certain or not outputs[name].certain
        keeps = keeps or isinstance(node.task, Conditional | Loop)
        begins = name in inner.flow.carried or not outputs[name].certain
        if value and keeps:
            found += [f"{target} = {value}"] if value != target else []
        elif not begins:
            continue
        elif target not in place.unset and (
            target not in place.begun or name in inner.flow.carried
        ):
            found.append(f"{target} = {writer.need('ABSENT')}")
        inner.begun.add(target)
    return found


def _control(writer: Writer, place: Place, node: Node, name: str) -> str:
    """The expression of what decides how a composite runs, whose own name is that of ``name``."""
    assert node.control
    value = _taken(writer, place, node, node.control.argument.name)
    if not node.control.path:
        return value
    return f"{writer.need('part')}({name}, {value}, {', '.join(map(literal, node.control.path))})"


def _taken(writer: Writer, place: Place, node: Node, name: str) -> str:
    """The expression of what a composite takes from the flow it stands in."""
    found = [read.source for read in node.reads if read.argument.name == name]
    return place.taken(name, found[0])


def _is(key: Any) -> str:
    """A comparison with a key; unlike in Python, True is not 1."""
    return f"is {key!r}" if key is None or isinstance(key, bool) else f"== {literal(key)}"


_WRITERS: dict[type[Step], Callable[[Writer, Place, Node, tuple[str, ...]], Written]] = {
    Unit: _unit,
    Map: _map,
    Conditional: _conditional,
    Loop: _loop,
    Parallel: _parallel,
}
