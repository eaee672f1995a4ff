"""The statements of one task.

A writer says how each value is reached there (``self.rate``, ``params["rate"]``, ``rate``); the
body imports the user's function, calls it with those values and tells under which expression
each declared return is found afterwards. What the plain call would not promise is written out,
and only where it is needed: a conversion where types are not known to agree, a check where a
value must be JSON, the files it gets and puts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bridge.emit.carried import PACKAGE
from bridge.emit.names import Names, identifier
from bridge.emit.python import indent, literal
from bridge.emit.types import elements, trusted
from bridge.flow import Flow, Node, Output, Read, Stored
from bridge.model import NotebookTask, PythonTask, ShellTask, Stub, Task
from bridge.nodes import returns_of
from bridge.values import Constant, Kind

__all__ = ["HELPERS", "Body", "reach", "task_body"]

HELPERS = (
    *(
        "ABSENT",
        "Terminated",
        "load_dataset",
        "save_dataset",
        "attempts",
        "call",
        "catalog",
        "choose",
        "deepcopy",
        "each",
    ),
    *("environment", "merged", "part", "present", "reduced", "run_notebook", "run_shell"),
    *("secrets", "step", "time_limit", "to_json", "to_object", "unpack"),
)
"""What bodies use of the modules that an export carries."""


@dataclass
class Body:
    """Statements of a task: ``outputs`` maps each return to an expression valid after ``lines``.

    ``imports`` are lines, ``manifest`` the expression of the files it put (empty: it puts none),
    ``carries`` the modules that an export must carry for it.
    """

    imports: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    manifest: str = ""
    carries: set[str] = field(default_factory=set)

    def need(self, module: str, name: str) -> str:
        """Import a name of a carried module; gives the name back."""
        line = f"from {PACKAGE}.{module} import {name}"
        if line not in self.imports:
            self.imports.append(line)
        self.carries.add(module)
        return name


def task_body(
    found: Body,
    flow: Flow,
    node: Node,
    values: Mapping[str, str],
    files: Sequence[str],
    names: Names,
    save_as: str,
    targets: Mapping[str, str] | None = None,
    manifest: str = "",
) -> None:
    """Add the statements of a task to ``found``.

    ``targets`` are the variables that its results go to, by name, where these are settled;
    ``manifest`` is the variable, if any, of a dict that is to become the manifest.
    """
    making = _Making(flow, node, values, names, found, save_as)
    made = _MAKERS[type(node.task)](making)
    for name, target in (targets or {}).items():
        names.settle(f"result {name}", target)
    _assign(found, node, made, names, tuple(files), manifest)


def reach(read: Read, expression: str) -> str:
    """The expression of the place inside ``expression`` at which ``read`` points."""
    if isinstance(read.source, Constant):
        return literal(read.source.value)
    return expression + "".join(f"[{literal(key)}]" for key in read.path)


@dataclass
class _Making:
    flow: Flow
    node: Node
    values: Mapping[str, str]
    names: Names
    body: Body
    save_as: str

    @property
    def task(self) -> Any:
        return self.node.task

    def expression(self, read: Read) -> str:
        if isinstance(read.source, Stored):
            return f"{self.body.need('datasets', 'load_dataset')}({dataset(read.source)})"
        return reach(read, self.values.get(read.argument.name, ""))

    def mapping(self) -> str:
        """The values read, as the source of a dict."""
        pairs = [f"{literal(r.argument.name)}: {self.expression(r)}" for r in self.node.reads]
        mapping = "{" + ", ".join(pairs) + "}"
        if all(read.certain for read in self.node.reads):
            return mapping
        return f"{self.body.need('steps', 'present')}({mapping})"


@dataclass
class _Made:
    """A call, and how its result becomes the returns: ``targets`` may be unpacked from it."""

    call: str
    unpack: Callable[[str], str] = str
    by_key: bool = False


def _python(making: _Making) -> _Made:
    task: PythonTask = making.task
    top, _, rest = task.reference.qualname.partition(".")
    name = making.names(f"function {task.reference.module}:{top}", top)
    alias = "" if name == top else f" as {name}"
    making.body.imports.append(f"from {task.reference.module} import {top}{alias}")
    function = f"{name}.{rest}" if rest else name
    call = _call(making, function)
    returns = [r.name for r in task.outputs]
    if len(returns) < 2 or len(elements(making.node.signature.returns)) == len(returns):
        return _Made(call)
    making.body.need("values", "unpack")
    return _Made(call, lambda result: f"unpack({result}, {literal(returns)})")


def _call(making: _Making, function: str) -> str:
    reads = making.node.reads
    if making.node.signature.direct and all(trusted(making.flow, read) for read in reads):
        positional = [making.expression(r) for r in reads if r.argument.positional_only]
        return f"{function}({', '.join([*positional, *_keywords(making)])})"
    making.body.need("arguments", "call")
    return f"call({', '.join([function, *_keywords(making, every=True)])})"


def _keywords(making: _Making, every: bool = False) -> list[str]:
    """The values read as keyword arguments; those that are no identifiers go by ``**``."""
    plain, odd, perhaps = [], [], []
    for read in making.node.reads:
        name, expression = read.argument.name, making.expression(read)
        if read.argument.positional_only and not every:
            continue
        if not read.certain:
            perhaps.append(f"{literal(name)}: {expression}")
        elif identifier(name) == name:
            plain.append(f"{name}={expression}")
        else:
            odd.append(f"{literal(name)}: {expression}")
    found = [*plain, *([f"**{{{', '.join(odd)}}}"] if odd else [])]
    if perhaps:
        found.append(f"**{making.body.need('steps', 'present')}({{{', '.join(perhaps)}}})")
    return found


def _shell(making: _Making) -> _Made:
    task: ShellTask = making.task
    making.body.need("shell", "run_shell")
    returns = [r.name for r in task.outputs]
    more = f", returns={literal(returns)}" if returns else ""
    return _Made(f"run_shell({literal(task.command)}, {making.mapping()}{more})", by_key=True)


def _notebook(making: _Making) -> _Made:
    task: NotebookTask = making.task
    making.body.need("notebook", "run_notebook")
    kinds = {r.name: "pickled" if r.kind is Kind.PICKLED else "json" for r in task.outputs}
    more = f", returns={literal(kinds)}" if kinds else ""
    more += f", save_as={making.save_as}" if making.save_as else ""
    return _Made(f"run_notebook({literal(task.notebook)}, {making.mapping()}{more})", by_key=True)


def _stub(making: _Making) -> _Made:
    return _Made("")


_MAKERS: dict[type[Task], Callable[[_Making], _Made]] = {
    PythonTask: _python,
    ShellTask: _shell,
    NotebookTask: _notebook,
    Stub: _stub,
}


def _assign(
    found: Body,
    node: Node,
    made: _Made,
    names: Names,
    files: tuple[str, ...],
    manifest: str,
) -> None:
    """Write the call, inside the catalog's block where there is one, and name its results."""
    wrapped = node.puts or node.gets
    statement = _results(found, node, made, names, inline=not wrapped)
    if not wrapped:
        found.lines = statement
        return
    found.need("files", "catalog")
    placed = names("the files placed and stored", "files")
    header = f"with catalog({_catalog_arguments(node, files, manifest)})"
    found.lines = [
        f"{header} as {placed}:" if node.puts and not manifest else f"{header}:",
        *indent(statement or ["pass"]),
    ]
    found.manifest = manifest or (f"{placed}.manifest" if node.puts else "")


def _catalog_arguments(node: Node, files: tuple[str, ...], manifest: str) -> str:
    catalog = node.catalog
    parts = [f"get={literal(list(catalog.get))}"] if catalog.get else []
    parts += [f"put={literal(list(catalog.put))}"] if catalog.put else []
    if len(files) == 1 and files[0].startswith("*"):
        parts.append(f"upstream={files[0][1:]}")
    elif files:
        parts.append(f"upstream=[{', '.join(files)}]")
    parts += [] if catalog.store_copy else ["store_copy=False"]
    parts += [f"manifest={manifest}"] if manifest and catalog.put else []
    return ", ".join(parts)


def dataset(stored: Stored) -> str:
    """The arguments by which a dataset is loaded and saved."""
    given = stored.dataset
    parts = [literal(given.type), *([literal(given.path)] if given.path is not None else [])]
    parts += [f"credentials={literal(given.credentials)}"] if given.credentials else []
    plain = {k: v for k, v in given.options.items() if identifier(k) == k and k not in _OWN}
    odd = {key: value for key, value in given.options.items() if key not in plain}
    parts += [f"{key}={literal(value)}" for key, value in plain.items()]
    return ", ".join([*parts, *([f"**{literal(odd)}"] if odd else [])])


_OWN = ("kind", "path", "credentials", "value")


def _results(found: Body, node: Node, made: _Made, names: Names, inline: bool) -> list[str]:
    """The statements of the call; ``found.outputs`` is told where each return is."""
    lines = _called(found, node, made, names, inline)
    for stored in node.saves:
        value = found.outputs.pop(stored.name)
        save = found.need("datasets", "save_dataset")
        lines.append(f"{save}({value}, {dataset(stored)})")
    return lines


def _declared(node: Node) -> tuple[Output, ...]:
    """All that a task returns, what goes to datasets as objects."""
    own = {output.name: output for output in node.outputs}
    return tuple(
        own.get(r.name) or Output(node.path, r.name, Kind.PICKLED) for r in returns_of(node.task)
    )


def _called(found: Body, node: Node, made: _Made, names: Names, inline: bool) -> list[str]:
    outputs = _declared(node)
    if not outputs or not made.call:
        return [made.call] if made.call else []
    if made.by_key:
        return _by_key(found, node, made, names, inline)
    if len(outputs) == 1:
        if inline:
            found.outputs = {outputs[0].name: _checked(found, outputs[0], made.call)}
            return []
        name = names(f"result {outputs[0].name}", outputs[0].name)
        found.outputs = {outputs[0].name: _checked(found, outputs[0], name)}
        return [f"{name} = {made.call}"]
    targets = [names(f"result {o.name}", o.name) for o in outputs]
    found.outputs = {
        o.name: _checked(found, o, target) for o, target in zip(outputs, targets, strict=True)
    }
    return [f"{', '.join(targets)} = {made.unpack(made.call)}"]


def _by_key(found: Body, node: Node, made: _Made, names: Names, inline: bool) -> list[str]:
    """A command or a notebook gives a dict of its returns, checked already."""
    outputs = _declared(node)
    if len(outputs) == 1 and inline:
        name = outputs[0].name
        found.outputs = {name: f"{made.call}[{literal(name)}]"}
        return []
    results = names("the results", "results")
    found.outputs = {o.name: f"{results}[{literal(o.name)}]" for o in outputs}
    return [f"{results} = {made.call}"]


def _checked(found: Body, output: Output, expression: str) -> str:
    if output.kind is Kind.PICKLED:
        return expression
    return f"{found.need('values', 'to_json')}({expression}, {literal(output.name)})"
