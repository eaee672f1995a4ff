"""Projects that bridge has written: the tasks behind their functions, told from the text.

A pipeline is guessed from what the project says, and written again. Only where that gives the very
text of the project is the guess right; else the project is read like any other. Runs in a process
of its own, since writing imports the functions.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bridge.adapter import Options
from bridge.emit.python import finish
from bridge.errors import BridgeError
from bridge.inquiry import answer
from bridge.model import Pipeline, PythonTask
from bridge.policies import Dataset
from bridge.serial import to_data
from bridge.values import FACTS, At, Constant, Fact, Input, Kind, Return
from bridge_kedro.reading.seen import Entry, NodeSeen, Project
from bridge_kedro.writer import write

__all__ = ["is_likely", "look"]

_FOLDERS = ("data/02_intermediate", "data/06_models", "data/08_reporting")
_ABOUT = "The pipeline '{}'."
_SCHEDULE = re.compile(r"```\n(.+) cd path/to/this/folder && kedro run\n```")


class _UnlikeError(Exception):
    """Something that the writer would not have written, or that is not told from its text."""


def is_likely(project: Project, root: Path) -> bool:
    """Whether a project is laid out as the writer does it."""
    return (root / project.src / _module(project).replace(".", "/") / "pipeline.py").is_file()


def _module(project: Project) -> str:
    return f"{project.package}.pipelines.{project.package}"


def look(question: Mapping[str, Any]) -> dict[str, Any] | None:
    """The pipeline as data; None for a project that would be written otherwise."""
    root, project = Path(question["root"]), Project.from_json(question["project"])
    sys.path.insert(0, str(root / project.src))
    try:
        found = _Guess(project, root).pipeline()
        files = write(found, Options()).files
        return to_data(found) if all(_is_there(root, *file) for file in files.items()) else None
    except (_UnlikeError, BridgeError):
        return None


def _is_there(root: Path, path: str, text: str) -> bool:
    try:
        written = (root / path).read_text("utf-8")
    except OSError:
        return False
    return written == (finish(text, path) if path.endswith(".py") else text)


class _Guess:
    def __init__(self, project: Project, root: Path) -> None:
        self._project, self._root = project, root
        self._nodes = root / project.src / _module(project).replace(".", "/") / "nodes.py"
        tree = ast.parse(self._nodes.read_text("utf-8") if self._nodes.exists() else "")
        self._functions = {f.name: f for f in tree.body if isinstance(f, ast.FunctionDef)}
        self._imported = {
            alias.asname or alias.name: f"{statement.module}:{alias.name}"
            for statement in tree.body
            if isinstance(statement, ast.ImportFrom)
            for alias in statement.names
        }
        self._entries = {entry.name: entry for entry in project.entries}
        self._makers = {n: node for node in project.nodes for n in node.outputs.values()}

    def pipeline(self) -> Pipeline:
        """The pipeline, if it is like this. Raises _UnlikeError."""
        project = self._project
        steps = [self._task(node) for node in project.nodes]
        datasets = {e.name: _dataset(e) for e in project.entries if not _is_value(e)}
        about = project.about if project.about != _ABOUT.format(project.name) else ""
        found = _SCHEDULE.search((self._root / "README.md").read_text("utf-8"))
        return Pipeline(
            steps,
            name=project.name,
            description=about,
            parameters=project.parameters,
            datasets=datasets,
            order="data",
            schedule=found[1] if found else None,
        )

    def _task(self, node: NodeSeen) -> PythonTask:
        own = node.call.reference.startswith(f"{_module(self._project)}.nodes:")
        read = self._plain if not own else self._wrapped
        function, inputs, returns, after = read(node)
        kept: dict[str, Any] = {"tags": node.tags} if node.tags else {}
        kept |= {"namespace": node.namespace} if node.namespace else {}
        kept |= {"confirms": node.confirms} if node.confirms else {}
        return PythonTask(
            name=node.name,
            function=function,
            inputs={name: value for name, value in inputs.items() if value != At(name)},
            returns=returns,
            after=after,
            overrides={"kedro": kept} if kept else {},
        )

    def _plain(self, node: NodeSeen) -> tuple[str, dict[str, Input], list[Return], list[str]]:
        """A node that calls the user's own function."""
        arguments = node.call.arguments
        if arguments is None or not all(isinstance(v, str) for v in arguments.values()):
            raise _UnlikeError
        inputs: dict[str, Input] = {n: self._from(str(v)) for n, v in arguments.items()}
        return node.call.reference, inputs, [self._return(n) for n in node.outputs.values()], []

    def _from(self, dataset: str) -> At | Fact:
        """What a dataset holds; what nobody makes may be a fact of the run."""
        if not dataset.startswith("params:"):
            known = dataset in self._makers or dataset in self._entries
            return At(dataset) if known or dataset not in FACTS else Fact(dataset)
        path = self._project.paths.get(dataset.removeprefix("params:"))
        if path is None:
            raise _UnlikeError
        return At(path[0], tuple(path[1:]))

    def _return(self, dataset: str) -> Return:
        """An object, or a metric where it is kept in the folder of those."""
        entry = self._entries.get(dataset)
        path = str(entry.options.get(entry.path_key)) if entry else ""
        if entry and _is_value(entry) and path.endswith(".json"):
            return Return(dataset, Kind.METRIC if path.startswith(_FOLDERS[2]) else Kind.JSON)
        return Return(dataset, Kind.PICKLED)

    # The functions of nodes.py

    def _wrapped(self, node: NodeSeen) -> tuple[str, dict[str, Input], list[Return], list[str]]:
        written = self._functions.get(node.call.reference.partition(":")[2])
        arguments = node.call.arguments
        if written is None or arguments is None:
            raise _UnlikeError
        call, given = _taken_apart(written)
        function, keywords = self._called(call)
        inputs = {name: self._input(value, arguments) for name, value in keywords.items()}
        names = list(node.outputs.values())
        returns = [self._given(name, value) for name, value in zip(names, given, strict=True)]
        used = {n.id for n in ast.walk(written) if isinstance(n, ast.Name)}
        waits = [str(dataset) for name, dataset in arguments.items() if name not in used]
        if not {*waits} <= self._makers.keys():
            raise _UnlikeError
        return function, inputs, [r for r in returns if r], [self._makers[w].name for w in waits]

    def _called(self, call: ast.Call) -> tuple[str, dict[str, ast.expr]]:
        """The user's function, and the values of its arguments."""
        function, positional = call.func, list(call.args)
        if isinstance(function, ast.Name) and self._imported.get(function.id) == _CALL:
            function = positional.pop(0)
        name, _, rest = ast.unparse(function).partition(".")
        if positional or name not in self._imported:
            raise _UnlikeError
        keywords: dict[str, ast.expr] = {}
        for keyword in call.keywords:
            if keyword.arg is not None:
                keywords[keyword.arg] = keyword.value
            elif isinstance(keyword.value, ast.Dict):
                pairs = zip(keyword.value.keys, keyword.value.values, strict=True)
                keywords |= {ast.literal_eval(key): value for key, value in pairs if key}
        return self._imported[name] + (f".{rest}" if rest else ""), keywords

    def _input(self, value: ast.expr, arguments: Mapping[str, Any]) -> Input:
        path: list[str | int] = []
        while isinstance(value, ast.Subscript):
            path.insert(0, ast.literal_eval(value.slice))
            value = value.value
        if not isinstance(value, ast.Name):
            try:
                return Constant(ast.literal_eval(value))
            except ValueError:
                raise _UnlikeError from None
        dataset = arguments[value.id]
        if dataset == "parameters":
            return At(str(path[0]), tuple(path[1:]))
        found = self._from(dataset)
        return At(found.name, (*found.path, *path)) if isinstance(found, At) else found

    def _given(self, dataset: str, value: ast.expr) -> Return | None:
        """What a function gives back as an output; None for a mark that it has ended."""
        if isinstance(value, ast.Constant) and value.value is True:
            return None
        is_call = isinstance(value, ast.Call) and isinstance(value.func, ast.Name)
        if is_call and self._imported.get(value.func.id) == _TO_JSON:  # type: ignore[attr-defined]
            name = ast.literal_eval(value.args[1])  # type: ignore[attr-defined]
            found = self._return(dataset)
            return Return(name, Kind.METRIC if found.kind is Kind.METRIC else Kind.JSON)
        return Return(dataset, Kind.PICKLED)


_CALL, _TO_JSON = "tasklib.arguments:call", "tasklib.values:to_json"


def _taken_apart(written: ast.FunctionDef) -> tuple[ast.Call, list[ast.expr]]:
    """The call of the user's function, and the expressions of what is given back."""
    body = [s for s in written.body if not isinstance(s, ast.Expr) or isinstance(s.value, ast.Call)]
    last = body.pop() if body and isinstance(body[-1], ast.Return) else None
    returned = last.value if isinstance(last, ast.Return) else None
    given = list(returned.elts) if isinstance(returned, ast.Tuple) else [returned]
    found = [value for value in given if value is not None]
    calls = [s.value for s in body if isinstance(s, ast.Assign | ast.Expr)]
    calls = calls or list(_inline(found))
    if len(body) > 1 or len(calls) != 1 or not isinstance(calls[0], ast.Call):
        raise _UnlikeError
    call = calls[0]
    if isinstance(call.func, ast.Name) and call.func.id == "unpack":
        call = call.args[0]  # type: ignore[assignment]
    if not isinstance(call, ast.Call):
        raise _UnlikeError
    return call, found


def _inline(given: list[ast.expr]) -> Iterator[ast.expr]:
    """The call in what is given back at once."""
    for value in given:
        if isinstance(value, ast.Call):
            is_checked = isinstance(value.func, ast.Name) and value.func.id == "to_json"
            yield value.args[0] if is_checked else value


def _is_value(entry: Entry) -> bool:
    """Whether the writer keeps a value in such a file."""
    path = entry.options.get("filepath", "")
    written = {f"{folder}/{entry.name}{end}" for folder in _FOLDERS for end in (".json", ".pkl")}
    return list(entry.options) == ["filepath"] and path in written


def _dataset(entry: Entry) -> Dataset:
    options = dict(entry.options)
    path = options.pop(entry.path_key, None) if entry.path_key else None
    return Dataset(entry.kind, path, options, options.pop("credentials", None))


if __name__ == "__main__":
    answer(look)
