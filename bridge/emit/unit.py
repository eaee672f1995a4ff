"""The statements of all that is inside a composite: loops, branches and handlers in plain Python.

Each task in it is told of as it ends, by the name it has in the record of a run
(``each.0.fetch``). A name of the scope is a variable; a pipeline inside sets the variables of the
one around it, except where others must not see them before it has ended.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bridge.emit.names import Names, identifier
from bridge.emit.python import indent, literal
from bridge.emit.sharing import may_change, repeats, uses
from bridge.emit.task import Body, task_body
from bridge.expressions import Expression, spreads
from bridge.flow import Flow, Node, Output, Read
from bridge.model import Conditional, Loop, Map, NotebookTask, Parallel, Step, Task
from bridge.unit import Unit
from bridge.values import Fact, Kind

__all__ = ["write_unit"]

_FAILED = "except (Exception, SystemExit):"
_ABSENT = "ABSENT"

Name = tuple[str | tuple[str], ...]
"""The beginning of a step's name: texts, and variables that hold a number."""


@dataclass
class Place:
    """A flow where it is written.

    ``given`` are the expressions of what it is given, ``files`` those of the manifests; ``targets``
    the variables that its names go to. ``gather`` are the variables of lists that are told of each
    manifest. It is ``careful`` where a handler of failures must find the names as they were;
    ``owned`` are the values given that nobody else has, ``begun`` the targets that have a value.
    """

    flow: Flow
    name: Name = ()
    given: dict[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    targets: dict[str, str] = field(default_factory=dict)
    gather: tuple[str, ...] = ()
    careful: bool = False
    owned: frozenset[str] = frozenset()
    outermost: bool = False
    begun: set[str] = field(default_factory=set)
    made: dict[tuple[str, str], str] = field(default_factory=dict)
    manifests: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def expression(self, source: Any) -> str:
        """The variable of a value that was made here, or what is given."""
        if isinstance(source, Output):
            return self.made[source.step, source.name]
        return self.given[source.name]

    def manifests_of(self, paths: Sequence[str]) -> tuple[str, ...]:
        """The expressions of the manifests of steps; empty text stands for those given."""
        return tuple(m for p in paths for m in (self.manifests.get(p, ()) if p else self.files))

    def is_shared(self, source: Any) -> bool:
        """Whether a value is used by others than one task, so that none may change it."""
        if isinstance(source, Output):
            left = self.flow.sets.get(source.name)
            return uses(self.flow, source) > 1 or (left is not None and left.step == source.step)
        return source.name not in self.owned or uses(self.flow, source) > 1

    def taken(self, name: str, source: Any) -> str:
        """The expression of what a flow inside takes under a name."""
        return self.given[name] if self.outermost else self.expression(source)


def write_unit(
    flow: Flow,
    node: Node,
    values: Mapping[str, str],
    files: Sequence[str],
    names: Names,
    found: Body,
    keep: Callable[[str], str] | None,
    own: bool,
) -> None:
    """Add the statements of all that is inside the composite ``node`` to ``found``."""
    facts = {r.source.name: r.argument.name for r in node.reads if isinstance(r.source, Fact)}
    given = {r.argument.name: values[r.argument.name] for r in node.reads}
    writer = _Writer(found, names, {n: values[a] for n, a in facts.items()}, keep)
    place = Place(flow, given=given, outermost=True)
    place.manifests = {
        path: (expression,) for path, expression in zip(node.files_from, files, strict=True)
    }
    place.owned = frozenset(given if own else ())
    if node.stores:
        place.gather = (names("all that is stored", "stored"),)
        found.lines.append(f"{place.gather[0]} = []")
    found.lines += writer.composite(place, node)
    found.outputs = {o.name: place.made[node.path, o.name] for o in node.outputs}
    if node.stores:
        found.manifest = f"{found.need('files', 'merged')}({place.gather[0]})"


@dataclass
class _Writer:
    body: Body
    names: Names
    facts: Mapping[str, str]
    keep: Callable[[str], str] | None

    # Flows

    def flow(self, place: Place) -> list[str]:
        """The statements of a flow, up to what it leaves in its ``targets``."""
        flow = place.flow
        unset = [name for name, left in flow.sets.items() if self._may_be_unset(place, name, left)]
        lines = [f"{place.targets[name]} = {self.need(_ABSENT)}" for name in unset]
        if flow.handler:
            for node in flow.nodes.values():
                lines += self._manifest(place, node)
            body = self._nodes(place)
            handler = self._handler(place, flow.handler, ("on_failure.",))
            return [*lines, "try:", *indent(body or ["pass"]), _FAILED, *indent(handler)]
        return [*lines, *self._nodes(place)]

    def _may_be_unset(self, place: Place, name: str, left: Output) -> bool:
        handled = place.flow.handler or any(n.handler for n in place.flow.nodes.values())
        begun = place.targets[name] in place.begun
        return bool(handled) and not begun and (not left.certain or bool(place.flow.handler))

    def _nodes(self, place: Place) -> list[str]:
        """The nodes, behind a condition where what they wait for may have failed."""
        lines: list[str] = []
        waits = _waits(place.flow)
        open_for: tuple[str, ...] = ()
        flags: dict[str, str] = {}
        for path, node in place.flow.nodes.items():
            guards = tuple(flags[p] for p in waits[path])
            written = self._handled(place, node, flags) if node.handler else self.node(place, node)
            if not guards:
                lines += written
            elif guards == open_for:
                lines += indent(written)
            else:
                lines += [f"if {' and '.join(guards)}:", *indent(written or ["pass"])]
            open_for = guards if written else ()
        return lines

    def _handled(self, place: Place, node: Node, flags: dict[str, str]) -> list[str]:
        """A node whose failure is handled; a flag is set if it has not failed and others wait."""
        assert node.handler
        careful, place.careful = place.careful, True
        manifest = [] if place.flow.handler else self._manifest(place, node)
        lines = self.node(place, node)
        place.careful = careful
        handler = self._handler(place, node.handler, (f"{node.path}.on_failure.",))
        if not any(node.path in waiting for waiting in _waits(place.flow).values()):
            return [*manifest, "try:", *indent(lines), _FAILED, *indent(handler)]
        flag = flags[node.path] = self.names(
            f"flag {id(place)} {node.path}", f"{node.path}_succeeded"
        )
        return [
            *manifest,
            f"{flag} = False",
            *["try:", *indent([*lines, f"{flag} = True"])],
            *[_FAILED, *indent(handler)],
        ]

    def _handler(self, place: Place, handler: Flow, at: Name) -> list[str]:
        inner = self._inside(place, None, handler, at, place.gather)
        inner.targets = {name: self._target(place, name) for name in handler.sets}
        return self.flow(inner) or ["pass"]

    def _inside(
        self, place: Place, node: Node | None, flow: Flow, at: Name, gather: tuple[str, ...]
    ) -> Place:
        """A flow inside the one of ``place``, with all that it is given."""
        given = {name: place.taken(name, source) for name, source in flow.given.items()}
        files = place.manifests_of(flow.given_files)
        inner = Place(flow, (*place.name, *at), given, files, {}, gather, place.careful)
        if node and not repeats(node):
            inner.owned = frozenset(n for n, s in flow.given.items() if _owns(place, node, n, s))
        return inner

    # Nodes

    def node(self, place: Place, node: Node) -> list[str]:
        """The statements of a node; what it sets is in ``place.made`` afterwards."""
        return self.composite(place, node) if node.inner else self._task(place, node)

    def _task(self, place: Place, node: Node) -> list[str]:
        manifest = [] if node.handler or place.flow.handler else self._manifest(place, node)
        name = _text((*place.name, node.path))
        targets = {o.name: self._target(place, o.name) for o in node.outputs}
        made = Body()
        variable = next(iter(place.manifests.get(node.path, ())), "")
        task_body(
            made,
            place.flow,
            node,
            self._values(place, node, name),
            place.manifests_of(node.files_from),
            self.names,
            self._save_as(place, node),
            targets,
            variable,
        )
        self.body.imports += made.imports
        self.body.carries |= made.carries
        lines = [*made.lines, *self._results(node, made, targets)]
        place.made |= {(node.path, o): target for o, target in targets.items()}
        return [*manifest, *self._attempts(node.task, name, variable, lines or ["pass"])]

    def _results(self, node: Node, made: Body, targets: Mapping[str, str]) -> Iterator[str]:
        for output in node.outputs:
            value = made.outputs[output.name]
            if output.kind is Kind.PICKLED:
                value = f"{self.need('to_object')}({value}, {literal(output.name)})"
            if value != targets[output.name]:
                yield f"{targets[output.name]} = {value}"

    def _attempts(self, task: Task, name: str, files: str, lines: list[str]) -> list[str]:
        """The statements of a task under the policy that is written on it."""
        if task.terminate_with_failure:
            text = f"'{task.name}' ends the run with a failure"
            lines = [*lines, f"raise {self.need('Terminated')}({literal(text)})"]
        around = list(self._surroundings(task))
        told = f"{name}, files={files}" if files else name
        if not task.retry:
            once = f"{self.need('step')}({told})"
            return [f"with {', '.join([once, *around])}:", *indent(lines)]
        retry = task.retry
        told = f"{name}, retries={literal(retry.times)}"
        told += f", delay={literal(retry.delay)}" if retry.delay else ""
        told += f", backoff={literal(retry.backoff)}" if retry.backoff != 1 else ""
        told += f", files={files}" if files else ""
        return [
            f"for attempt in {self.need('attempts')}({told}):",
            f"    with {', '.join(['attempt', *around])}:",
            *indent(indent(lines)),
        ]

    def _surroundings(self, task: Task) -> Iterator[str]:
        if task.secrets:
            yield f"{self.need('secrets')}({', '.join(map(literal, task.secrets))})"
        if task.environment:
            yield f"{self.need('environment')}({literal(dict(task.environment))})"
        if task.timeout is not None:
            yield f"{self.need('time_limit')}({literal(task.timeout)})"

    def _values(self, place: Place, node: Node, name: str) -> dict[str, str]:
        found = {}
        for read in node.reads:
            if isinstance(read.source, Fact):
                attempt = "attempt.number" if node.task.retry else "1"
                facts = {**self.facts, "step": name, "attempt": attempt}
                found[read.argument.name] = facts[read.source.name]
            elif isinstance(read.source, Output) or hasattr(read.source, "certain"):
                value = place.expression(read.source)
                if may_change(place.flow, node, read) and place.is_shared(read.source):
                    value = f"{self.need('deepcopy')}({value})"
                found[read.argument.name] = value
        return found

    def _save_as(self, place: Place, node: Node) -> str:
        if not (self.keep and isinstance(node.task, NotebookTask)):
            return ""
        parts = [*place.name, identifier(node.path, ascii_only=True)]
        plain = [f"{{{p[0]}}}" if isinstance(p, tuple) else re.sub(r"[^\w]+", "_", identifier(
            p, ascii_only=True) + "_") if i < len(parts) - 1 else p for i, p in enumerate(parts)]  # fmt: skip
        return self.keep(re.sub("_+", "_", "".join(plain)))

    def _manifest(self, place: Place, node: Node) -> list[str]:
        """A variable for what a task puts, told to whoever gathers such."""
        if node.inner or not node.puts or node.path in place.manifests:
            return []
        variable = self.names(f"manifest {id(place)} {node.path}", f"{node.path}_files")
        place.manifests[node.path] = (variable,)
        lists = [f"{gathering}.append({variable})" for gathering in place.gather]
        return [f"{variable} = {{}}", *lists]

    def _target(self, place: Place, name: str) -> str:
        """The variable in which a name of the flow is kept."""
        if name not in place.targets:
            place.targets[name] = self.names(f"target {id(place)} {name}", name)
        return place.targets[name]

    # Composites

    def composite(self, place: Place, node: Node) -> list[str]:
        """The statements of all that is inside a composite."""
        gather, lines = place.gather, []
        if node.stores and not isinstance(node.task, Unit):
            variable = self.names(f"manifests {id(place)} {node.path}", f"{node.path}_files")
            lines.append(f"{variable} = []")
            place.manifests[node.path] = (f"*{variable}",)
            gather = (*gather, variable)
        return [*lines, *_COMPOSITES[type(node.task)](self, place, node, gather)]

    def unit(self, place: Place, node: Node, gather: tuple[str, ...]) -> list[str]:
        inner = self._inside(place, node, node.inner[""], (node.place,), gather)
        lines = self._set_here(place, node, inner)
        written = self.flow(inner)
        if node.stores:
            place.manifests[node.path] = tuple(m for ms in inner.manifests.values() for m in ms)
        return [*lines, *written, *self._settle(place, node, inner)]

    def map(self, place: Place, node: Node, gather: tuple[str, ...]) -> list[str]:
        step: Map = node.task
        flow = node.inner[""]
        number = self.names(f"number {id(place)} {node.path}", "i")
        item = self.names(f"item {id(place)} {node.path}", step.iterate_as)
        inner = self._inside(place, node, flow, (f"{node.path}.", (number,), "."), gather)
        inner.given[step.iterate_as] = item
        assert node.control
        if _owns(place, node, node.control.argument.name, node.control.source):
            inner.owned = frozenset([step.iterate_as])
        inner.targets = {n: self.names(f"one {id(inner)} {n}", f"{n}_item") for n in flow.sets}
        every = {o.name: self._list(place, node, o.name) for o in node.outputs}
        name = _text((*place.name, node.path))
        values = f"{self.need('each')}({name}, {self._control(place, node)})"
        appended = [self._append(flow, every[n], inner.targets[n], n) for n in every]
        loop = f"for {number}, {item} in enumerate({values}):"
        place.made |= {(node.path, o): variable for o, variable in every.items()}
        written = self.flow(inner)
        lines = [
            *(f"{variable} = []" for variable in every.values()),
            *[loop, *indent([*written, *appended] or ["pass"])],
            *self._reduce(node, name, every),
        ]
        return [*lines, *self._rename(place, node, every)]

    def _list(self, place: Place, node: Node, name: str) -> str:
        """The variable in which the values of a name over all items are gathered."""
        taken = {read.argument.name for read in node.reads}
        if place.careful or name in taken:
            return self.names(f"every {id(place)} {node.path} {name}", f"{name}_list")
        return self._target(place, name)

    def _append(self, flow: Flow, every: str, one: str, name: str) -> str:
        line = f"{every}.append({one})"
        return line if flow.sets[name].certain else f"if {one} is not ABSENT:\n    {line}"

    def _reduce(self, node: Node, name: str, every: Mapping[str, str]) -> Iterator[str]:
        reducer = node.task.reducer
        if reducer is None:
            return
        if isinstance(reducer, Expression):
            function = f"({reducer.text})"
        else:
            top, _, rest = reducer.qualname.partition(".")
            function = self.names(f"function {reducer.module}:{top}", top)
            alias = "" if function == top else f" as {function}"
            self.body.imports.append(f"from {reducer.module} import {top}{alias}")
            function += f".{rest}" if rest else ""
        if spreads(reducer):
            function = f"lambda values: {function}(*values)"
        for output in node.outputs:
            variable = every[output.name]
            check = "to_object" if output.kind is Kind.PICKLED else "to_json"
            value = f"{self.need('reduced')}({name}, {function}, {variable})"
            yield f"{variable} = {self.need(check)}({value}, {literal(output.name)})"

    def _rename(self, place: Place, node: Node, found: Mapping[str, str]) -> Iterator[str]:
        """Let the names of the flow stand for what was found, where their variables are settled."""
        for name, variable in found.items():
            target = self._target(place, name)
            place.made[node.path, name] = target
            if target != variable:
                yield f"{target} = {variable}"

    def conditional(self, place: Place, node: Node, gather: tuple[str, ...]) -> list[str]:
        step: Conditional = node.task
        name = _text((*place.name, node.path))
        chosen = self.names(f"chosen {id(place)} {node.path}", f"{node.path}_branch")
        more = ", default=True" if step.default is not None else ""
        call = f"{self.need('choose')}({name}, {self._control(place, node)}, "
        lines = [f"{chosen} = {call}{literal(list(step.branches))}{more})"]
        setup: list[str] = []
        word = "if"
        keys = {str(key): key for key in step.branches} | ({"default": "default"} if more else {})
        for key, flow in node.inner.items():
            inner = self._inside(place, node, flow, (f"{node.path}.{key}.",), gather)
            setup += [line for line in self._set_here(place, node, inner) if line not in setup]
            written = [*self.flow(inner), *self._settle(place, node, inner, copied=True)]
            test = f"{chosen} {_is(keys[key])}"
            last = key == list(node.inner)[-1] and word == "elif"
            lines += [f"{word} {test}:" if not last else "else:", *indent(written or ["pass"])]
            word = "elif"
        return [*setup, *lines, *self._made_here(place, node)]

    def loop(self, place: Place, node: Node, gather: tuple[str, ...]) -> list[str]:
        step: Loop = node.task
        flow = node.inner[""]
        number = self.names(f"number {id(place)} {node.path}", step.index_as or "i")
        inner = self._inside(place, node, flow, (f"{node.path}.", (number,), "."), gather)
        setup = self._set_here(place, node, inner)
        inner.given |= {name: inner.targets[name] for name in flow.sets if name in flow.given}
        if step.index_as:
            inner.given[step.index_as] = number
        if node.path in place.manifests:
            inner.files = (*inner.files, *place.manifests[node.path])
        lines = self.flow(inner)
        if step.break_on:
            over = inner.targets.get(step.break_on) or self._taken(place, node, step.break_on)
            left = flow.sets.get(step.break_on)
            sure = left is None or left.certain
            lines += [
                f"if {over}:" if sure else f"if {over} is not ABSENT and {over}:",
                "    break",
            ]
        loop = f"for {number} in range({literal(step.max_iterations)}):"
        return [*setup, loop, *indent(lines or ["pass"]), *self._settle(place, node, inner)]

    def parallel(self, place: Place, node: Node, gather: tuple[str, ...]) -> list[str]:
        lines: list[str] = []
        ends: list[str] = []
        for key, flow in node.inner.items():
            inner = self._inside(place, node, flow, (f"{node.path}.{key}.",), gather)
            inner.targets = {n: self.names(f"branch {id(inner)} {n}", n) for n in flow.sets}
            lines += self.flow(inner)
            for name, left in flow.sets.items():
                line = f"{self._target(place, name)} = {inner.targets[name]}"
                ends += (
                    [line]
                    if left.certain
                    else [f"if {inner.targets[name]} is not ABSENT:\n    {line}"]
                )
        begin = self._begin_unset(place, node)
        return [*begin, *lines, *ends, *self._made_here(place, node)]

    def _begin_unset(self, place: Place, node: Node) -> Iterator[str]:
        """Give the names that branches may not set the value they had, or the mark of none."""
        reads = {r.argument.name for r in node.reads if not isinstance(r.source, Fact)}
        for output in node.outputs:
            target = self._target(place, output.name)
            setters = [f.sets[output.name] for f in node.inner.values() if output.name in f.sets]
            if any(left.certain for left in setters):
                continue
            value = self._taken(place, node, output.name) if output.name in reads else ""
            if value != target:
                yield f"{target} = {value or self.need(_ABSENT)}"

    # What a composite leaves behind

    def _set_here(self, place: Place, node: Node, inner: Place) -> list[str]:
        """Let a flow inside set the variables of this one, or its own where that must wait.

        A name that it may not set begins with the value it had, or with the mark of none.
        """
        lines = []
        outputs = {output.name: output for output in node.outputs}
        reads = {r.argument.name for r in node.reads if not isinstance(r.source, Fact)}
        for name in inner.flow.sets:
            key = f"inner {id(place)} {node.path} {name}"
            target = self.names(key, name) if place.careful else self._target(place, name)
            inner.targets[name] = target
            value = self._taken(place, node, name) if name in reads else ""
            keeps = not inner.flow.sets[name].certain or not outputs[name].certain
            keeps = keeps or isinstance(node.task, Conditional | Loop)
            if value and keeps:
                lines += [f"{target} = {value}"] if value != target else []
            elif not outputs[name].certain:
                lines.append(f"{target} = {self.need(_ABSENT)}")
            else:
                continue
            inner.begun.add(target)
        return lines

    def _settle(
        self, place: Place, node: Node, inner: Place, copied: bool = False
    ) -> Iterator[str]:
        for name, left in inner.flow.sets.items():
            target, variable = self._target(place, name), inner.targets[name]
            if target != variable:
                line = f"{target} = {variable}"
                yield line if left.certain else f"if {variable} is not ABSENT:\n    {line}"
            if not copied:
                place.made[node.path, name] = target

    def _made_here(self, place: Place, node: Node) -> tuple[str, ...]:
        for output in node.outputs:
            place.made[node.path, output.name] = self._target(place, output.name)
        return ()

    def _control(self, place: Place, node: Node) -> str:
        assert node.control
        value = self._taken(place, node, node.control.argument.name)
        return value + "".join(f"[{literal(key)}]" for key in node.control.path)

    def _taken(self, place: Place, node: Node, name: str) -> str:
        """The expression of what a composite takes from the flow it stands in."""
        found = [read.source for read in node.reads if read.argument.name == name]
        return place.taken(name, found[0])

    def need(self, name: str) -> str:
        """Make a name available that bodies use."""
        if name == "deepcopy":
            self.body.imports.append("from copy import deepcopy")
            return name
        return self.body.need(_MODULES.get(name, "steps"), name)


_MODULES = {
    "environment": "surroundings",
    "secrets": "surroundings",
    "to_json": "values",
    "to_object": "values",
    "merged": "files",
}
_COMPOSITES: dict[type[Step], Callable[[_Writer, Place, Node, tuple[str, ...]], list[str]]] = {
    Unit: _Writer.unit,
    Map: _Writer.map,
    Conditional: _Writer.conditional,
    Loop: _Writer.loop,
    Parallel: _Writer.parallel,
}


def _owns(place: Place, node: Node, name: str, source: Any) -> bool:
    """Whether a flow inside ``node`` is alone in using a value that it is given."""
    takers = [flow for flow in node.inner.values() if name in flow.given]
    if isinstance(node.task, Parallel) and len(takers) > 1:
        return False
    return name in place.owned if place.outermost else not place.is_shared(source)


def _waits(flow: Flow) -> dict[str, tuple[str, ...]]:
    """For each node those before it whose failure is handled, so that it runs only without it."""
    found: dict[str, dict[str, None]] = {}
    for path, node in flow.nodes.items():
        found[path] = {}
        for earlier in (e for name in node.after for e in flow.exits[name]):
            found[path] |= dict.fromkeys(
                [earlier] if flow.nodes[earlier].handler else found[earlier]
            )
    return {path: tuple(waits) for path, waits in found.items()}


def _is(key: Any) -> str:
    """A comparison with a key; unlike in Python, True is not 1."""
    return f"is {key!r}" if key is None or isinstance(key, bool) else f"== {literal(key)}"


def _text(name: Name) -> str:
    """The expression of a step's name."""
    if all(isinstance(part, str) for part in name):
        return literal("".join(part for part in name if isinstance(part, str)))
    text = "".join(f"\0{p[0]}\1" if isinstance(p, tuple) else p.replace("{", "{{").replace("}", "}}")
                   for p in name)  # fmt: skip
    return "f" + repr(text).replace("\\x00", "{").replace("\\x01", "}")
