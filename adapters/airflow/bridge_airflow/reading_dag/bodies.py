"""Bodies of tasks that were written by this adapter: the call of the user's function in them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.model import Catalog, NotebookTask, PythonTask, ShellTask, Stub, Task
from bridge.recover.source import name_of
from bridge.signatures import shell_names
from bridge.values import At, Constant, Fact, Input, Kind, Return, at, constant, fact
from bridge_airflow.reading_dag.source_text import Function
from bridge_airflow.reading_dag.syntax import inside

__all__ = ["Body", "NotOursError", "Place", "handed_on", "returned_names"]

Place = Callable[[str], At | str | None]
"""What an argument of a task's function stands for: a task, by its id, or a value."""

_RETURNS = {"to_xcom": Kind.JSON, "save_object": Kind.PICKLED}
_KINDS = {"json": Kind.JSON, "pickled": Kind.PICKLED}


class NotOursError(Exception):
    """The body is not one that this adapter writes."""


def returned_names(node: Function) -> dict[str, Return]:
    """What a body returns, by the keys in its dict."""
    found: dict[str, Return] = {}
    for inner in ast.walk(node):
        pairs: list[tuple[Any, Any]] = []
        if isinstance(inner, ast.Dict):
            pairs = list(zip(inner.keys, inner.values, strict=True))
        elif isinstance(inner, ast.Assign) and isinstance(inner.targets[0], ast.Subscript):
            pairs = [(inner.targets[0].slice, inner.value)]
        for key, value in pairs:
            kind = _RETURNS.get(getattr(getattr(value, "func", None), "id", ""))
            if kind and len(value.args) == 2 and isinstance(key, ast.Constant):
                found[str(key.value)] = Return(ast.literal_eval(value.args[1]), kind)
    return found


def handed_on(node: Function) -> Iterator[tuple[str, str, str]]:
    """Of what a body returns just as an argument holds it, the key, the argument and its key."""
    for returned in ast.walk(node):
        value = returned.value if isinstance(returned, ast.Return) else None
        pairs = zip(value.keys, value.values, strict=True) if isinstance(value, ast.Dict) else ()
        for key, held in pairs:
            if isinstance(held, ast.Subscript) and isinstance(held.value, ast.Name):
                yield _literal(key), held.value.id, _literal(held.slice)


@dataclass
class Body:
    """The body of a task's function; ``argument`` tells what an argument of it stands for.

    ``names`` has the returns of all tasks, by their ids and keys, ``own`` is the name of the step
    in which NUL stands around variables.
    """

    node: Function
    argument: Place
    names: Mapping[tuple[str, str], Return]
    imports: dict[str, str] = field(default_factory=dict)
    own: str = ""

    def __post_init__(self) -> None:
        for inner in ast.walk(self.node):
            if isinstance(inner, ast.ImportFrom):
                for alias in inner.names:
                    self.imports[alias.asname or alias.name] = f"{inner.module}:{alias.name}"

    def task(self, name: str, more: Mapping[str, Any]) -> Task:
        """The task that the body carries out. Raises NotOursError."""
        if not all(map(_is_plain, self.node.body)):
            raise NotOursError(f"'{self.node.name}' does more than to call a function")
        common: dict[str, Any] = {"name": name, "catalog": self._catalog(), **more}
        returns = list(returned_names(self.node).values())
        if any(isinstance(node, ast.Pass) for node in inside(self.node)):
            return Stub(**common)
        calls = [n for n in inside(self.node) if isinstance(n, ast.Call)]
        for call in calls:
            called = getattr(call.func, "id", "")
            if called == "run_shell":
                return self._shell(call, returns, common)
            if called == "run_notebook":
                return self._notebook(call, common)
        own = [c for c in calls if self._function(c)]
        if len(own) != 1:
            raise NotOursError(f"'{self.node.name}' does not call one function")
        return PythonTask(
            function=self._function(own[0]), inputs=self._words(own[0]), returns=returns, **common
        )

    def value(self, node: ast.AST) -> Input:
        """The input that an expression stands for. Raises NotOursError."""
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("float", "load_object"):
            return self.value(node.args[0])
        if isinstance(node, ast.Name) and node.id in ("run_id", "ts"):
            return fact("logical_date" if node.id == "ts" else node.id)
        if isinstance(node, ast.JoinedStr) and name_of(node) == self.own:
            return fact("step")
        if ast.unparse(node) == "ti.try_number":
            return fact("attempt")
        if _is_perhaps(node):
            return self.value(ast.Subscript(node.func.value, node.args[0]))  # type: ignore[attr-defined]
        path: list[Any] = []
        base = node
        while isinstance(base, ast.Subscript):
            path.insert(0, _literal(base.slice))
            base = base.value
        if not isinstance(base, ast.Name):
            return constant(_literal(node))
        if base.id == "params":
            return at(path[0], *path[1:])
        held = self.argument(base.id)
        if isinstance(held, At):
            return at(held.name, *held.path, *path)
        if held is None or not path or (held, path[0]) not in self.names:
            raise NotOursError(f"'{ast.unparse(node)}' is no value that is known")
        return at(self.names[held, path[0]].name, *path[1:])

    def _function(self, call: ast.Call) -> str:
        """The reference to the user's function that is called, if it is one."""
        node: ast.AST = call.func
        if getattr(node, "id", "") == "call" and call.args:
            node = call.args[0]
        rest: list[str] = []
        while isinstance(node, ast.Attribute):
            rest.insert(0, node.attr)
            node = node.value
        found = self.imports.get(getattr(node, "id", ""), "")
        return ".".join([found, *rest]) if found else ""

    def _words(self, call: ast.Call) -> dict[str, Input]:
        is_wrapped = getattr(call.func, "id", "") == "call" and "call" not in self.imports
        if len(call.args) > is_wrapped or any(word.arg is None for word in call.keywords):
            raise NotOursError(f"'{ast.unparse(call)}' has arguments without names")
        return _renamed({w.arg: self.value(w.value) for w in call.keywords if w.arg})

    def _shell(self, call: ast.Call, returns: list[Return], common: Mapping[str, Any]) -> ShellTask:
        command = _literal(call.args[0])
        inputs = self._given(call.args[1])
        implied = {n: at(n) for n in shell_names(command) if n in inputs}
        given = {} if inputs == implied else inputs
        return ShellTask(command=command, inputs=given, returns=returns, **common)

    def _notebook(self, call: ast.Call, common: Mapping[str, Any]) -> NotebookTask:
        words = {w.arg: w.value for w in call.keywords}
        kinds = _literal(words["returns"]) if "returns" in words else {}
        returns = [Return(name, _KINDS[kind]) for name, kind in kinds.items()]
        inputs = _renamed(self._given(call.args[1]))
        notebook = _literal(call.args[0])
        return NotebookTask(notebook=notebook, inputs=inputs, returns=returns, **common)

    def _given(self, node: ast.AST) -> dict[str, Input]:
        if not isinstance(node, ast.Dict):
            raise NotOursError("the values are not written one by one")
        return {
            _literal(key): self.value(value)
            for key, value in zip(node.keys, node.values, strict=True)
            if key is not None
        }

    def _catalog(self) -> Catalog | None:
        for statement in self.node.body:
            if not isinstance(statement, ast.With):
                continue
            call = statement.items[0].context_expr
            if not (isinstance(call, ast.Call) and getattr(call.func, "id", "") == "catalog"):
                raise NotOursError("it works inside something else than a catalog")
            words = {w.arg: w.value for w in call.keywords}
            get, put = (_literal(words[n]) if n in words else () for n in ("get", "put"))
            return Catalog(get, put, "store_copy" not in words)
        return None


def _is_perhaps(node: ast.AST) -> bool:
    """Whether an expression is a value, or the mark of that there is none."""
    is_get = isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "get"
    return is_get and ast.unparse(node.args[1:]) == "ABSENT"  # type: ignore[attr-defined]


def _is_plain(statement: ast.stmt) -> bool:
    """Whether a statement is one of those that such a body has."""
    if isinstance(statement, ast.With):
        return all(map(_is_plain, statement.body))
    if isinstance(statement, ast.Assign | ast.Expr):
        return isinstance(statement.value, ast.Call)
    if isinstance(statement, ast.Return):
        return isinstance(statement.value, ast.Dict)
    return isinstance(statement, ast.ImportFrom | ast.Pass)


def _renamed(inputs: Mapping[str, Input]) -> dict[str, Input]:
    """The inputs without those that an argument of this name receives anyway."""
    return {n: i for n, i in inputs.items() if isinstance(i, Constant | Fact) or i != at(n)}


def _literal(node: ast.AST | None) -> Any:
    try:
        return ast.literal_eval(node)  # type: ignore[arg-type]
    except ValueError:
        raise NotOursError(f"'{ast.unparse(node) if node else ''}' is no constant") from None
