"""How composites run here: each runs the flows inside it, and settles what they leave behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bridge.carried.steps import choose, each, part
from bridge.expressions import reducing
from bridge.flow import Node
from bridge.model import Composite, Conditional, Loop, Map, Parallel
from bridge.runner.running import Ended, Frame, Running
from bridge.runner.work import Held
from bridge.unit import Unit
from bridge.values import Kind

__all__ = ["run_composite"]


def run_composite(running: Running, frame: Frame, node: Node) -> Ended:
    """Run a composite of ``frame``; what it sets counts only if it does not fail."""
    kind: type[Composite] = type(node.task)
    try:
        return _RUNNERS[kind](running, frame, node)
    except _Failed as failed:
        running.fail(failed.ended, frame.name + node.path, failed.__cause__ or failed)
        return failed.ended


class _Failed(Exception):  # noqa: N818 - it carries one
    """The composite itself cannot go on; the cause says why, ``ended`` what had been done."""

    def __init__(self, ended: Ended | None = None) -> None:
        self.ended = ended or Ended()
        self.ended.values = {}


def _run(
    running: Running,
    frame: Frame,
    node: Node,
    key: str = "",
    at: str = "",
    files: Sequence[Any] = (),
    variables: Mapping[str, str] | None = None,
    own: Mapping[str, Held] | None = None,
) -> Ended:
    """Run one of the flows inside; ``at`` is what it adds to the names of its steps."""
    inner = node.inner[key]
    number = "*." if at and isinstance(node.task, Map | Loop) else at
    return running.flow(
        Frame(
            inner,
            frame.name + node.place + at,
            frame.place + node.place + number,
            frame.inside(inner, **(own or {})),
            [*frame.files_of(inner.given_files), *files],
            {**frame.variables, **(variables or {})},
        )
    )


def _settled(found: Sequence[Ended]) -> Ended:
    """Several flows as one: the later wins a name, the first failure counts."""
    ended = Ended()
    for one in found:
        ended.add(one)
    return ended


def _unit(running: Running, frame: Frame, node: Node) -> Ended:
    return _run(running, frame, node)


def _parallel(running: Running, frame: Frame, node: Node) -> Ended:
    keys = list(node.inner)
    found = running.each(len(keys), lambda i: _run(running, frame, node, keys[i], f"{keys[i]}."))
    return _settled(found)


def _map(running: Running, frame: Frame, node: Node) -> Ended:
    step: Map = node.task
    try:
        items = each(frame.name + node.path, _control(running, frame, node), told=False)
    except ValueError as error:
        raise _Failed from error
    running.watch.expects(frame.name + node.path, len(items))

    def run(i: int) -> Ended:
        own: dict[str, Held] = {step.iterate_as: (Kind.JSON, items[i])}
        ended = _run(running, frame, node, "", f"{i}.", own=own)
        running.watch.advanced(frame.name + node.path)
        return ended

    # What has ended needs no thread: two that do next to nothing hinder each other most.
    flow, place = node.inner[""], frame.name + node.place
    known = {i: e for i in range(len(items)) if (e := running.taken(flow, f"{place}{i}."))}
    for _ in known:
        running.watch.advanced(frame.name + node.path)
    left = [i for i in range(len(items)) if i not in known]
    known |= zip(left, running.each(len(left), lambda i: run(left[i])), strict=True)
    found = [known[i] for i in range(len(items))]
    ended = _settled(found)
    if ended.error is None:
        try:
            ended.values = {
                output.name: _gathered(running, step, output.kind, output.name, found)
                for output in node.outputs
            }
        except (Exception, SystemExit) as error:
            raise _Failed(ended) from error
    return ended


def _gathered(running: Running, step: Map, kind: Kind, name: str, found: Sequence[Ended]) -> Held:
    """The values of a name over all items, reduced if that is asked for."""
    held = [ended.values[name] for ended in found if name in ended.values]
    if step.reducer is None and all(k is Kind.PICKLED for k, _ in held) and kind is Kind.PICKLED:
        return kind, [ref for _, ref in held]  # loaded by those who ask for them
    values: Any = [running.load(one) for one in held]
    if step.reducer is not None:
        values = reducing(step.reducer)(values)  # type: ignore[arg-type]
    return running.keep(kind, values, name)


def _conditional(running: Running, frame: Frame, node: Node) -> Ended:
    step: Conditional = node.task
    name, value = frame.name + node.path, _control(running, frame, node)
    try:
        key = choose(name, value, step.branches, step.default is not None, told=False)
    except ValueError as error:
        raise _Failed from error
    return _run(running, frame, node, str(key), f"{key}.")


def _loop(running: Running, frame: Frame, node: Node) -> Ended:
    step: Loop = node.task
    ended = Ended()
    for i in range(step.max_iterations):
        own: dict[str, Held] = {step.index_as: (Kind.JSON, i)} if step.index_as else {}
        again = {*node.inner[""].given, *node.inner[""].carried}
        carried = {n: held for n, held in ended.values.items() if n in again}
        told = {step.index_as: str(i)} if step.index_as and "=" not in step.index_as else {}
        found = _run(running, frame, node, "", f"{i}.", ended.files, told, {**carried, **own})
        ended = _settled([ended, found])
        if ended.error or _is_over(running, frame, node, ended):
            break
    return ended


def _is_over(running: Running, frame: Frame, node: Node, ended: Ended) -> bool:
    """Whether the name that ends the loop is true."""
    name = node.task.break_on
    held = ended.values.get(name) if name else None
    if held is None:
        sources = [read.source for read in node.reads if read.argument.name == name]
        held = frame.held(sources[0]) if sources else None
    return bool(held and running.load(held))


def _control(running: Running, frame: Frame, node: Node) -> Any:
    """The value that decides how a composite runs."""
    assert node.control
    sources = {read.argument.name: read.source for read in node.reads}
    held = frame.held(sources[node.control.argument.name])
    assert held
    try:
        return part(frame.name + node.path, running.load(held), *node.control.path, told=False)
    except ValueError as error:
        raise _Failed from error


_RUNNERS: dict[type[Composite], Callable[[Running, Frame, Node], Ended]] = {
    Unit: _unit,
    Parallel: _parallel,
    Map: _map,
    Conditional: _conditional,
    Loop: _loop,
}
