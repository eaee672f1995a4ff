"""The statements of all that is inside a composite: loops, branches and handlers in plain Python.

Each task in it is told of as it ends, by the name it has in the record of a run
(``each.0.fetch``). A name of the scope is a variable; a pipeline inside sets the variables of the
one around it, except where others must not see them before it has ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bridge.emit.composites import composite
from bridge.emit.names import Names
from bridge.emit.place import Name, Place, file_name, inside, text
from bridge.emit.python import indent, literal
from bridge.emit.remarks import about_pipeline, about_task
from bridge.emit.remarks import lines as comments
from bridge.emit.sharing import may_change
from bridge.emit.task import Body, task_body
from bridge.flow import Flow, Given, Node, Output
from bridge.model import NotebookTask, Task
from bridge.unit import Unit
from bridge.values import Fact, Kind

__all__ = ["write_unit"]

_FAILED = "except (Exception, SystemExit):"


def write_unit(
    flow: Flow,
    node: Node,
    values: Mapping[str, str],
    files: Sequence[str],
    names: Names,
    found: Body,
    keep: Callable[[str], str] | None,
    own: bool,
    within: Name = (),
) -> None:
    """Add the statements of all that is inside the composite ``node`` to ``found``."""
    facts = {r.source.name: r.argument.name for r in node.reads if isinstance(r.source, Fact)}
    given = {r.argument.name: values[r.argument.name] for r in node.reads}
    persists = isinstance(node.task, Unit) and node.task.persists
    if persists:
        given |= _loaded(node, given, names, found)
    writer = _Writer(found, names, {n: values[a] for n, a in facts.items()}, keep)
    place = Place(flow, within, given, outermost=True)
    found_at = zip(node.files_from, files, strict=True)
    place.manifests = {path: (expression,) for path, expression in found_at}
    place.files = place.manifests.get("", ())
    place.owned = frozenset(given if own else ())
    if node.stores:
        place.gather = (names("all that is stored", "stored"),)
        found.lines.append(f"{place.gather[0]} = []")
    found.lines += composite(writer, place, node)
    found.outputs = {o.name: place.made[node.path, o.name] for o in node.outputs}
    if persists:
        found.outputs |= _saved(node, found)
    if node.stores:
        found.manifest = f"{found.need('files', 'merged')}({place.gather[0]})"


def _loaded(node: Node, given: Mapping[str, str], names: Names, found: Body) -> dict[str, str]:
    """Load the objects to which references come in; the variables that then hold them."""
    variables = {}
    for read in node.reads:
        name, source = read.argument.name, read.source
        if isinstance(source, Output | Given) and source.kind is Kind.PICKLED:
            call = f"{found.need('objects', 'load_object')}({given[name]})"
            if not source.certain:
                absent = found.need("steps", "ABSENT")
                call = f"{call} if {given[name]} is not {absent} else {absent}"
            variables[name] = names(f"object {name}", name)
            found.lines.append(f"{variables[name]} = {call}")
    return variables


def _saved(node: Node, found: Body) -> Iterator[tuple[str, str]]:
    """The expressions that save the objects which go out, and give their references."""
    for output in node.outputs:
        if output.kind is Kind.PICKLED:
            value = found.outputs[output.name]
            call = f"{found.need('objects', 'save_object')}({value}, {literal(output.name)})"
            if not output.certain:
                absent = found.need("steps", "ABSENT")
                call = f"({call} if {value} is not {absent} else {absent})"
            yield output.name, call


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
        unset = [place.targets[name] for name in self._perhaps_unset(place)]
        lines = [f"{target} = {self.need('ABSENT')}" for target in unset]
        place.unset = {*unset}
        if flow.handler:
            for node in flow.nodes.values():
                lines += self._manifest(place, node)
            place.careful = True
            body = self._nodes(place)
            handler = self._handler(place, flow.handler, ("on_failure.",))
            return [*lines, "try:", *indent(body or ["pass"]), _FAILED, *indent(handler)]
        return [*lines, *self._nodes(place)]

    def pipeline(self, place: Place) -> list[str]:
        """The same, below what is said of its pipeline."""
        order = place.flow.orders.get("", ())
        return [*comments(about_pipeline(place.flow.pipeline, [*order])), *self.flow(place)]

    def _perhaps_unset(self, place: Place) -> list[str]:
        """The names that a flow leaves unset on some way to its end."""
        flow = place.flow
        if not (flow.handler or any(node.handler for node in flow.nodes.values())):
            return []
        begun, sure = place.begun, flow.handler is None
        return [
            name
            for name, left in flow.sets.items()
            if place.targets[name] not in begun and not (sure and left.certain)
        ]

    def _nodes(self, place: Place) -> list[str]:
        """The nodes, behind a condition where what they wait for may have failed."""
        lines: list[str] = []
        waits = _waits(place.flow)
        waited = {path for found in waits.values() for path in found}
        open_for: tuple[str, ...] = ()
        flags: dict[str, str] = {}
        for path, node in place.flow.nodes.items():
            guards = tuple(flags[p] for p in waits[path])
            written = (
                self._handled(place, node, flags, path in waited)
                if node.handler
                else self.node(place, node)
            )
            if path in flags:
                lines.append(f"{flags[path]} = False")
                open_for = ()
            if not guards:
                lines += written
            elif guards == open_for:
                lines += indent(written)
            else:
                lines += [f"if {' and '.join(guards)}:", *indent(written or ["pass"])]
            open_for = guards if written else ()
        return lines

    def _handled(
        self, place: Place, node: Node, flags: dict[str, str], is_waited_for: bool
    ) -> list[str]:
        """A node whose failure is handled; its flag is set if it has not failed and others wait."""
        assert node.handler
        careful, place.careful = place.careful, True
        manifest = [] if place.flow.handler else self._manifest(place, node)
        lines = self.node(place, node)
        place.careful = careful
        handler = self._handler(place, node.handler, (f"{node.path}.on_failure.",))
        if not is_waited_for:
            return [*manifest, "try:", *indent(lines), _FAILED, *indent(handler)]
        flag = flags[node.path] = self.names(
            f"flag {place.number} {node.path}", f"{node.path}_succeeded"
        )
        return [
            *manifest,
            *["try:", *indent([*lines, f"{flag} = True"])],
            *[_FAILED, *indent(handler)],
        ]

    def _handler(self, place: Place, handler: Flow, at: Name) -> list[str]:
        inner = inside(place, None, handler, at, place.gather)
        inner.targets = {name: self.target(place, name) for name in handler.sets}
        place.unset -= {*inner.targets.values()}
        return self.pipeline(inner) or ["pass"]

    # Nodes

    def node(self, place: Place, node: Node) -> list[str]:
        """The statements of a node; what it sets is in ``place.made`` afterwards."""
        lines = composite(self, place, node) if node.inner else self._task(place, node)
        place.unset -= {self.target(place, output.name) for output in node.outputs}
        return lines

    def _task(self, place: Place, node: Node) -> list[str]:
        manifest = [] if node.handler or place.flow.handler else self._manifest(place, node)
        name = text((*place.name, node.path))
        targets = {o.name: self.target(place, o.name) for o in node.outputs}
        results = targets
        if place.careful:  # a task that fails sets nothing, however far it came
            results = {n: self.names(f"{n} of {place.number} {node.path}", n) for n in targets}
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
            results,
            variable,
        )
        self.body.imports += made.imports
        self.body.carries |= made.carries
        kept = results if place.careful and node.task.terminate_with_failure else targets
        lines = [*made.lines, *self._results(node, made, kept, place.careful)]
        place.made |= {(node.path, o): target for o, target in targets.items()}
        told = comments(about_task(node))
        return [*told, *manifest, *self._attempts(node.task, name, variable, lines or ["pass"])]

    def _results(
        self, node: Node, made: Body, targets: Mapping[str, str], at_once: bool
    ) -> Iterator[str]:
        found: dict[str, str] = {}
        for output in node.outputs:
            value = made.outputs[output.name]
            if output.kind is Kind.PICKLED:
                value = f"{self.need('to_object')}({value}, {literal(output.name)})"
            if value != targets[output.name]:
                found[targets[output.name]] = value
        if at_once and found:
            yield f"{', '.join(found)} = {', '.join(found.values())}"
        elif found:
            yield from (f"{target} = {value}" for target, value in found.items())

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
            elif isinstance(read.source, Output | Given):  # datasets are loaded where they are used
                value = place.expression(read.source)
                again = node.task.retry is not None  # an earlier attempt may have changed it
                if may_change(place.flow, node, read) and (again or place.is_shared(read.source)):
                    value = f"{self.need('deepcopy')}({value})"
                found[read.argument.name] = value
        return found

    def _save_as(self, place: Place, node: Node) -> str:
        if not (self.keep and isinstance(node.task, NotebookTask)):
            return ""
        return self.keep(file_name((*place.name, node.path)))

    def _manifest(self, place: Place, node: Node) -> list[str]:
        """A variable for what a task puts, told to whoever gathers such."""
        if node.inner or not node.puts or node.path in place.manifests:
            return []
        variable = self.names(f"manifest {place.number} {node.path}", f"{node.path}_files")
        place.manifests[node.path] = (variable,)
        lists = [f"{gathering}.append({variable})" for gathering in place.gather]
        return [f"{variable} = {{}}", *lists]

    def target(self, place: Place, name: str) -> str:
        """The variable in which a name of the flow is kept."""
        if name not in place.targets:
            place.targets[name] = self.names(f"target {place.number} {name}", name)
        return place.targets[name]

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
