"""A task of the model as a ``@task`` function."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bridge.emit.body import Body, body, kept_notebook
from bridge.emit.carried import PACKAGE
from bridge.emit.names import Names
from bridge.emit.python import comment, indent, literal
from bridge.flow import Flow, Node, Output, Parameter
from bridge.model import NotebookTask, ShellTask, Stub
from bridge.values import Fact, Kind
from bridge_airflow.ids import Ids
from bridge_airflow.params import reach_parameter
from bridge_airflow.tables import CONTEXT, RESERVED_KEYS

__all__ = ["Steps", "is_placeholder", "keys", "sources"]

_MANIFEST = "files"
_CONTEXT_ARGUMENTS = {
    "params": "params",
    "run_id": "run_id",
    "ti": "ti",
    "ts": "ts=None",  # a run may have no logical date
}


def is_placeholder(node: Node) -> bool:
    """Whether the task does nothing at all, so that no function is needed."""
    return isinstance(node.task, Stub) and not node.puts and not node.gets


def keys(node: Node) -> dict[str, str]:
    """The keys in the dict that is the task's XCom, by the name returned; of its files, by ''."""
    names = [output.name for output in node.outputs]
    found = {name: name for name in names if name not in RESERVED_KEYS}
    for name in [*(n for n in names if n not in found), *([""] if node.puts else [])]:
        key = name or _MANIFEST
        while key in found.values() or key in RESERVED_KEYS:
            key += "_"
        found[name] = key
    return found


def sources(node: Node) -> list[str]:
    """The paths of the tasks whose results the task takes, in the order of its arguments."""
    values = [read.source.step for read in node.reads if isinstance(read.source, Output)]
    return list(dict.fromkeys([*values, *node.files_from]))


@dataclass
class Steps:
    """Makes the functions; ``imports`` and ``carries`` gather what all of them need together."""

    flow: Flow
    ids: Ids
    names: Names
    todos: Mapping[str, Sequence[str]]
    imports: set[str] = field(default_factory=set)
    carries: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._same_name = Counter(node.task.name for node in self.flow.nodes.values())

    def name(self, path: str) -> str:
        """The function of a task."""
        return self.names(f"task {path}", self._wanted(path))

    def result(self, path: str) -> str:
        """The variable that holds what a task returns, in the DAG and in the tasks it goes to."""
        ending = "" if is_placeholder(self.flow.nodes[path]) else "_result"
        return self.names(f"result {path}", self._wanted(path) + ending)

    def _wanted(self, path: str) -> str:
        """The task's own name, after that of its branch where other tasks are named alike."""
        name = self.flow.steps[path].name
        group = path[: -len(name) - 1]
        return f"{self.ids.part(group)}_{name}" if group and self._same_name[name] > 1 else name

    def function(self, node: Node) -> list[str]:
        """The lines of a task's function."""
        context: dict[str, None] = {}
        values = self._values(node, context)
        if isinstance(node.task, NotebookTask):
            context["run_id"] = None
        results = [self.result(path) for path in sources(node)]
        made = self._body(node, values, [*results, *context])
        name, task_id = self.name(node.path), self.ids.part(node.path)
        return [
            *todo_lines(self.todos.get(node.path, ())),
            "@task" if name == task_id else f"@task(task_id={literal(task_id)})",
            f"def {name}({', '.join([*results, *_arguments(context)])}):",
            *indent([*made.imports, *made.lines, *self._return(node, made)]),
        ]

    def _body(self, node: Node, values: Mapping[str, str], taken: Iterable[str]) -> Body:
        files = [self._item(path, "") for path in node.files_from]
        reserved = [*taken, "float", "load_object", "save_object"]
        kept = kept_notebook(node, "run_id") if isinstance(node.task, NotebookTask) else ""
        made = body(self.flow, node, values, files, reserved, kept)
        own = []
        for line in made.imports:
            module, _, names = line.removeprefix(f"from {PACKAGE}.").partition(" import ")
            if module in made.carries:
                for name in names.split(", "):
                    self._need("xcom" if name == "to_json" else module, name)
            else:
                own.append(line)
        made.imports = [*own, ""] if own else []
        return made

    def _values(self, node: Node, context: dict[str, None]) -> dict[str, str]:
        """The expression of each argument's source; ``context`` is told what Airflow must give."""
        found = {}
        for read in node.reads:
            source = read.source
            if isinstance(source, Output):
                found[read.argument.name] = self._output(source)
            elif isinstance(source, Parameter):
                context["params"] = None
                found[read.argument.name] = reach_parameter(self.flow, read)
            elif isinstance(source, Fact):
                found[read.argument.name] = self._fact(source, node, context)
        return found

    def _output(self, source: Output) -> str:
        item = self._item(source.step, source.name)
        if source.kind is not Kind.PICKLED:
            return item
        self._need("objects", "load_object")
        return f"load_object({item})"

    def _item(self, path: str, name: str) -> str:
        return f"{self.result(path)}[{literal(keys(self.flow.nodes[path])[name])}]"

    def _fact(self, fact: Fact, node: Node, context: dict[str, None]) -> str:
        if fact.name == "step":
            return literal(node.path)
        argument, expression = CONTEXT[fact.name]
        context[argument] = None
        return expression

    def _return(self, node: Node, made: Body) -> list[str]:
        checked = not isinstance(node.task, ShellTask | NotebookTask)
        key = keys(node)
        items = []
        for output in node.outputs:
            value = made.outputs[output.name]
            if output.kind is Kind.PICKLED:
                self._need("objects", "save_object")
                value = f"save_object({value}, {literal(output.name)})"
            elif not checked:
                self._need("xcom", "to_json")
                value = f"to_json({value}, {literal(output.name)})"
            items.append(f"{literal(key[output.name])}: {value}")
        if made.manifest:
            items.append(f"{literal(key[''])}: {made.manifest}")
        return [f"return {{{', '.join(items)}}}"] if items else []

    def _need(self, module: str, name: str) -> None:
        self.imports.add(f"from {PACKAGE}.{module} import {name}")
        self.carries.add("values" if module == "xcom" else module)


def todo_lines(todos: Iterable[str]) -> list[str]:
    """Comments about what was left out at this place."""
    return [comment(f"TODO: {todo}") for todo in todos]


def _arguments(context: Container[str]) -> list[str]:
    """Those that Airflow fills in."""
    return [written for name, written in _CONTEXT_ARGUMENTS.items() if name in context]
