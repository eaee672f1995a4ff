"""The body of a task as Python statements, for any writer to put where its framework has code.

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
from bridge.emit.python import imports, indent, literal
from bridge.emit.types import elements, trusted
from bridge.flow import Flow, Node, Read
from bridge.model import NotebookTask, PythonTask, ShellTask, Stub, Task
from bridge.values import Constant, Kind

__all__ = ["NOTEBOOKS", "Body", "body", "kept_notebook", "reach"]

NOTEBOOKS = ".notebooks"
"""The folder, in the working directory, where an export keeps its executed notebooks."""

_HELPERS = ("call", "catalog", "run_notebook", "run_shell", "to_json", "unpack")


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


def body(
    flow: Flow,
    node: Node,
    values: Mapping[str, str],
    files: Sequence[str] = (),
    taken: Sequence[str] = (),
    save_as: str = "",
) -> Body:
    """The statements that do the work of ``node``.

    ``values`` has for each argument read the expression of its source; ``files`` the expressions
    of the manifests it may get files from, in order; ``taken`` the names already used where the
    statements go; ``save_as`` the expression of where an executed notebook is kept.
    """
    found = Body()
    names = Names([*_HELPERS, *taken])
    made = _MAKERS[type(node.task)](_Making(flow, node, values, names, found, save_as))
    _assign(found, node, made, names, tuple(files))
    found.imports = imports(found.imports)
    return found


def kept_notebook(node: Node, run_id: str) -> str:
    """The expression of where an executed notebook is kept; ``run_id`` is one of the run's id."""
    name = identifier(node.path, ascii_only=True)
    return f'f"{NOTEBOOKS}/{{{run_id}}}/{name}.ipynb"'


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
        return reach(read, self.values.get(read.argument.name, ""))

    def mapping(self) -> str:
        """The values read, as the source of a dict."""
        pairs = [f"{literal(r.argument.name)}: {self.expression(r)}" for r in self.node.reads]
        return "{" + ", ".join(pairs) + "}"


@dataclass
class _Made:
    """A call, and how its result becomes the returns: ``targets`` may be unpacked from it."""

    call: str
    unpack: Callable[[str], str] = str
    by_key: bool = False


def _python(making: _Making) -> _Made:
    task: PythonTask = making.task
    top, _, rest = task.reference.qualname.partition(".")
    name = making.names(f"function {top}", top)
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
    if all(trusted(making.flow, read) for read in reads):
        positional = [making.expression(r) for r in reads if r.argument.positional_only]
        return f"{function}({', '.join([*positional, *_keywords(making)])})"
    making.body.need("arguments", "call")
    return f"call({', '.join([function, *_keywords(making, every=True)])})"


def _keywords(making: _Making, every: bool = False) -> list[str]:
    """The values read as keyword arguments; those that are no identifiers go by ``**``."""
    plain, odd = [], []
    for read in making.node.reads:
        name, expression = read.argument.name, making.expression(read)
        if read.argument.positional_only and not every:
            continue
        if identifier(name) == name:
            plain.append(f"{name}={expression}")
        else:
            odd.append(f"{literal(name)}: {expression}")
    return [*plain, *([f"**{{{', '.join(odd)}}}"] if odd else [])]


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


def _assign(found: Body, node: Node, made: _Made, names: Names, files: tuple[str, ...]) -> None:
    """Write the call, inside the catalog's block where there is one, and name its results."""
    wrapped = node.puts or node.gets
    statement = _results(found, node, made, names, inline=not wrapped)
    if not wrapped:
        found.lines = statement
        return
    found.need("files", "catalog")
    placed = names("the files placed and stored", "files")
    header = f"with catalog({_catalog_arguments(node, files)})"
    found.lines = [
        f"{header} as {placed}:" if node.puts else f"{header}:",
        *indent(statement or ["pass"]),
    ]
    found.manifest = f"{placed}.manifest" if node.puts else ""


def _catalog_arguments(node: Node, files: tuple[str, ...]) -> str:
    catalog = node.catalog
    parts = [f"get={literal(list(catalog.get))}"] if catalog.get else []
    parts += [f"put={literal(list(catalog.put))}"] if catalog.put else []
    parts += [f"upstream=[{', '.join(files)}]"] if files else []
    return ", ".join(parts if catalog.store_copy else [*parts, "store_copy=False"])


def _results(found: Body, node: Node, made: _Made, names: Names, inline: bool) -> list[str]:
    """The statements of the call; ``found.outputs`` is told where each return is."""
    outputs = node.outputs
    if not outputs or not made.call:
        return [made.call] if made.call else []
    if made.by_key:
        return _by_key(found, node, made, names, inline)
    if len(outputs) == 1:
        if inline:
            found.outputs = {outputs[0].name: _checked(found, node, 0, made.call)}
            return []
        name = names(f"result {outputs[0].name}", outputs[0].name)
        found.outputs = {outputs[0].name: _checked(found, node, 0, name)}
        return [f"{name} = {made.call}"]
    targets = [names(f"result {o.name}", o.name) for o in outputs]
    found.outputs = {
        o.name: _checked(found, node, i, target)
        for i, (o, target) in enumerate(zip(outputs, targets, strict=True))
    }
    return [f"{', '.join(targets)} = {made.unpack(made.call)}"]


def _by_key(found: Body, node: Node, made: _Made, names: Names, inline: bool) -> list[str]:
    """A command or a notebook gives a dict of its returns, checked already."""
    if len(node.outputs) == 1 and inline:
        name = node.outputs[0].name
        found.outputs = {name: f"{made.call}[{literal(name)}]"}
        return []
    results = names("the results", "results")
    found.outputs = {o.name: f"{results}[{literal(o.name)}]" for o in node.outputs}
    return [f"{results} = {made.call}"]


def _checked(found: Body, node: Node, index: int, expression: str) -> str:
    output = node.outputs[index]
    if output.kind is Kind.PICKLED:
        return expression
    return f"{found.need('values', 'to_json')}({expression}, {literal(output.name)})"
