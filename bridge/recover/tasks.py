"""One task from the statements that carry it out."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bridge.model import NotebookTask, PythonTask, ShellTask, Task
from bridge.policies import Catalog, Dataset
from bridge.recover.remarks import Remarks, stub_said, task_said, texts
from bridge.recover.source import UnlikeError, called, comment_of, literal_of, written
from bridge.recover.values import Resolve, Values
from bridge.values import At, Kind, Return

__all__ = ["Known", "known", "recover_task"]

_CARRIED = ("run_shell", "run_notebook")
_AROUND = ("to_json", "to_object", "unpack", "save_object", "save_dataset")


@dataclass
class Known:
    """What is known of a piece of code: what is imported, and what its variables stand for."""

    imported: Mapping[str, str]
    values: Values
    text: str = ""
    datasets: dict[str, Dataset] = field(default_factory=dict)

    def note_datasets(self, body: Sequence[ast.stmt], names: Sequence[str]) -> list[str]:
        """Note the datasets that a task loads and saves, told by their names; gives those saved."""
        calls = [n for statement in body for n in written(statement)]
        loads = [n for n in calls if called(n) == "load_dataset"]
        saves = [n for n in calls if called(n) == "save_dataset"]
        if len(loads) + len(saves) != len(names):
            raise UnlikeError("datasets have no names")
        for call, name in zip([*loads, *saves], names, strict=True):
            self.datasets[name] = _dataset(call, called(call) == "save_dataset")
            self.values.stored[call] = name
            if called(call) == "save_dataset" and isinstance(call.args[0], ast.Name):  # type: ignore[attr-defined]
                self.values.names[call.args[0].id] = name  # type: ignore[attr-defined]
        return list(names[len(loads) :])


def known(
    body: Sequence[ast.stmt],
    imported: Mapping[str, str],
    resolve: Resolve,
    names: Mapping[str, str],
    text: str = "",
) -> Known:
    """What is known of a piece of code, to ask for the task in it."""
    return Known(imported, Values(body, resolve, names), text)


def _dataset(call: Any, is_saved: bool) -> Dataset:
    kind, *path = [literal_of(a) for a in call.args[is_saved:]]
    options: dict[str, Any] = {}
    for keyword in call.keywords:
        found = literal_of(keyword.value)
        options |= {keyword.arg: found} if keyword.arg else found
    return Dataset(kind, path[0] if path else None, options, options.pop("credentials", None))


@dataclass
class _Work:
    """The call that does the work, and where what it gives is found."""

    call: ast.Call
    results: list[str] = field(default_factory=list)
    returns: list[Return] = field(default_factory=list)


def recover_task(
    body: Sequence[ast.stmt],
    name: str,
    said: Remarks,
    known: Known,
    returned: Sequence[str] = (),
    step: str = "",
    **more: Any,
) -> Task:
    """The task ``name`` that these statements carry out, of which remarks say more.

    ``returned`` are the names of what it returns, where it does; ``step`` is its name in the
    record. Raises UnlikeError.
    """
    statements = [s for s in body if comment_of(s) is None and not _is_docstring(s)]
    if statements and _is_end(statements[-1]):
        statements.pop()
        more["terminate_with_failure"] = True
    if statements and isinstance(statements[0], ast.With):
        context = statements[0].items[0].context_expr
        if called(context) == "catalog":
            more["catalog"] = _catalog(context)
            statements = [*statements[0].body, *statements[1:]]
    saved = known.note_datasets(statements, texts(said.get("datasets", "")))
    work = _work(statements, known, returned)
    if work is None:
        return replace(stub_said(name, said), **more)
    kinds = dict.fromkeys(saved, Kind.JSON)
    kinds |= dict.fromkeys(texts(said.get("objects", "")), Kind.PICKLED)
    kinds |= dict.fromkeys(texts(said.get("metrics", "")), Kind.METRIC)
    told = task_said(said)
    inputs = told.pop("inputs", {})
    more |= told
    returns = [Return(r.name, kinds.get(r.name, r.kind)) for r in work.returns]
    return _task(work.call, name, inputs, returns, known, step, more)


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _is_end(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Raise) and called(statement.exc) == "Terminated"


def _catalog(node: Any) -> Catalog:
    said = {k.arg: k.value for k in node.keywords}
    given = {n: literal_of(said[n]) for n in ("get", "put", "store_copy") if n in said}
    return Catalog(**given)


# The work


def _work(statements: Sequence[ast.stmt], known: Known, returned: Sequence[str]) -> _Work | None:
    found: _Work | None = None
    for statement in statements:
        for target, value in _expressions(statement):
            inner, name, is_json = _peeled(value, known)
            if not _is_work(inner, known):
                continue
            if found is not None and ast.dump(found.call) != ast.dump(inner):
                raise UnlikeError("there are two calls where a task has one")
            found = _Work(inner)  # type: ignore[arg-type]
            found.returns = list(_returns(inner, target, value, name, is_json, known, returned))
    return found


def _expressions(statement: ast.stmt) -> Iterator[tuple[ast.expr | None, ast.expr]]:
    """The values of a statement, each with what it is assigned to."""
    if isinstance(statement, ast.Assign):
        yield statement.targets[0], statement.value
    elif isinstance(statement, ast.Expr):
        yield None, statement.value
    elif isinstance(statement, ast.Return) and statement.value is not None:
        value = statement.value
        for part in value.elts if isinstance(value, ast.Tuple) else [value]:
            yield ast.Constant(...), part


def _peeled(value: ast.expr, known: Known) -> tuple[ast.expr, str, bool]:
    """The call inside of checks, the name that is checked, and whether it is to be JSON."""
    name, is_json = "", False
    while True:
        if isinstance(value, ast.Subscript) and called(value.value) in _CARRIED:
            return value.value, literal_of(value.slice), True
        if called(value) not in _AROUND:
            return value, name, is_json
        if value in known.values.stored:
            name = known.values.stored[value]
        elif called(value) != "unpack":
            name = literal_of(value.args[1])  # type: ignore[attr-defined]
            is_json = called(value) == "to_json"
        value = value.args[0]  # type: ignore[attr-defined]


def _is_work(node: ast.expr, known: Known) -> bool:
    if called(node) in (*_CARRIED, "call"):
        return True
    if not isinstance(node, ast.Call):
        return False
    return ast.unparse(node.func).partition(".")[0] in known.imported


def _returns(
    call: Any,
    target: ast.expr | None,
    value: ast.expr,
    name: str,
    is_json: bool,
    known: Known,
    returned: Sequence[str],
) -> Iterator[Return]:
    """What the call gives back, in order."""
    if called(call) in _CARRIED:
        yield from _by_key(call)
    elif called(value) == "unpack":
        names = literal_of(value.args[1])  # type: ignore[attr-defined]
        for variable, one in zip(target.elts, names, strict=True):  # type: ignore[union-attr]
            yield Return(one, _kind(variable.id, known))
    elif name:
        yield Return(name, Kind.JSON if is_json else Kind.PICKLED)
    elif isinstance(target, ast.Tuple):
        for variable in target.elts:
            assert isinstance(variable, ast.Name)
            yield Return(known.values.name(variable.id), _kind(variable.id, known))
    elif isinstance(target, ast.Name):
        yield Return(known.values.name(target.id), _kind(target.id, known))
    elif target is not None and returned:
        yield Return(returned[0], Kind.PICKLED)


def _kind(variable: str, known: Known) -> Kind:
    return Kind.JSON if variable in known.values.checked else Kind.PICKLED


def _by_key(call: Any) -> Iterator[Return]:
    """What a command or a notebook gives."""
    said = {k.arg: literal_of(k.value) for k in call.keywords if k.arg == "returns"}
    found = said.get("returns", [])
    for name in found:
        kind = found[name] if isinstance(found, dict) else "json"
        yield Return(name, Kind(kind))


# The task


def _task(
    call: ast.Call,
    name: str,
    inputs: Mapping[str, Any],
    returns: list[Return],
    known: Known,
    step: str,
    more: Mapping[str, Any],
) -> Task:
    kind = called(call)
    if kind in _CARRIED:
        given = dict(_pairs(call.args[1]))
    else:
        function, given = _function(call, known)
    found = {arg: known.values.input(value, step) for arg, value in given.items()}
    found |= inputs
    kept = {arg: v for arg, v in found.items() if v != At(arg) or arg in inputs}
    common: dict[str, Any] = {"name": name, "inputs": kept, "returns": returns, **more}
    if kind == "run_shell":
        return ShellTask(command=literal_of(call.args[0]), **common)
    if kind == "run_notebook":
        return NotebookTask(notebook=literal_of(call.args[0]), **common)
    return PythonTask(function=function, **common)


def _function(call: ast.Call, known: Known) -> tuple[str, dict[str, ast.expr]]:
    """The user's function, and what its arguments are given."""
    function, positional = call.func, list(call.args)
    if called(call) == "call":
        function = positional.pop(0)
    top, _, rest = ast.unparse(function).partition(".")
    if top not in known.imported:
        raise UnlikeError(f"'{top}' is not imported")
    reference = known.imported[top] + (f".{rest}" if rest else "")
    given: dict[str, ast.expr] = {}
    if positional:
        given |= dict(zip(_positional(reference), positional, strict=False))
    for keyword in call.keywords:
        if keyword.arg is not None:
            given[keyword.arg] = keyword.value
        else:
            given |= dict(_pairs(keyword.value))
    return reference, given


def _positional(reference: str) -> list[str]:
    """The names of the arguments of a function that it takes by position alone."""
    import inspect

    from bridge.references import refer

    try:
        found = inspect.signature(refer(reference).load()).parameters.values()
    except (ValueError, TypeError):
        return []
    return [p.name for p in found if p.kind is p.POSITIONAL_ONLY]


def _pairs(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """What stands in a dict, or in those parts of one that are there."""
    if called(node) == "present":
        node = node.args[0]  # type: ignore[attr-defined]
    if not isinstance(node, ast.Dict):
        raise UnlikeError(f"{ast.unparse(node)} is no dict")
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            raise UnlikeError("a dict is taken apart")
        yield literal_of(key), value
