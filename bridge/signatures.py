"""What a task asks for: the arguments of a function, a notebook or a command.

This is where user code is imported and notebooks are opened, before anything runs; everything
else about a pipeline is worked out without touching the disk.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bridge.carried.arguments import is_namespace
from bridge.errors import ModelError
from bridge.frozen import Frozen
from bridge.model import ForeignTask, NotebookTask, PythonTask, ShellTask, Stub, Task
from bridge.references import Reference

__all__ = [
    "UNKNOWN",
    "Argument",
    "Signature",
    "forget",
    "notebook_path",
    "shell_names",
    "signature",
]

UNKNOWN: Any = inspect.Parameter.empty
"""Stands for an annotation that was not written."""

_SHELL_NAME = re.compile(r"\$(?:\{#?!?)?([A-Za-z_][A-Za-z0-9_]*)")


class Argument(Frozen):
    """One thing a task asks for by name; ``annotation`` is a type or ``UNKNOWN``."""

    name: str
    required: bool = True
    annotation: Any = UNKNOWN
    positional_only: bool = False


class Signature(Frozen):
    """What a task asks for; ``rest`` when it also takes whatever else there is (``**kwargs``).

    A function that is not ``direct`` does not do with a plain call: it is asynchronous, or takes
    the rest as the attributes of an ``argparse.Namespace``.
    """

    arguments: tuple[Argument, ...] = ()
    rest: bool = False
    returns: Any = UNKNOWN
    direct: bool = True


_functions: dict[Reference, Signature] = {}


def signature(task: Task) -> Signature:
    """What ``task`` asks for.

    Raises ModelError when its function cannot be imported, its notebook cannot be read, or
    ``inputs`` names an argument that it does not have.
    """
    found = _READERS[type(task)](task)
    known = {argument.name for argument in found.arguments}
    unknown = [] if found.rest else [name for name in task.bindings if name not in known]
    if unknown:
        raise ModelError(
            f"inputs of '{task.name}' names '{unknown[0]}', which is not among its arguments "
            f"({_listed(known)})",
            task.where,
        )
    return found


def forget() -> None:
    """Look at each function anew: modules of the same names may stand elsewhere by now."""
    _functions.clear()


def _of_python(task: Any) -> Signature:
    reference = task.reference
    found = _functions.get(reference)
    if found is None:
        found = _functions[reference] = _of_function(reference.load())
    return found


def _of_function(function: Callable[..., Any]) -> Signature:
    found = inspected(function)
    parameters = list(found.parameters.values())
    rest = any(p.kind is p.VAR_KEYWORD for p in parameters)
    namespaces = [p for p in parameters if not rest and is_namespace(p.annotation)][:1]
    generates = inspect.isasyncgenfunction(function)
    direct = not (namespaces or generates or inspect.iscoroutinefunction(function))
    arguments = tuple(
        Argument(
            name=p.name,
            required=p.default is p.empty,
            annotation=p.annotation,
            positional_only=p.kind is p.POSITIONAL_ONLY,
        )
        for p in parameters
        if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD) and p not in namespaces
    )
    returns = UNKNOWN if generates else found.return_annotation
    return Signature(arguments, rest or bool(namespaces), returns, direct)


def inspected(function: Callable[..., Any]) -> inspect.Signature:
    """The signature with annotations as types, or as text where they cannot be evaluated."""
    try:
        return inspect.signature(function, eval_str=True)
    except (NameError, SyntaxError, TypeError, AttributeError):
        pass
    try:
        return inspect.signature(function)
    except (ValueError, TypeError):
        return inspect.Signature()


def notebook_path(task: NotebookTask) -> Path:
    """Where the task's notebook is: beside the file that declares the task, else here.

    Raises ModelError when there is none.
    """
    base = Path(task.where.file).parent if task.where else Path()
    for path in (base / task.notebook, Path(task.notebook)):
        if path.is_file():
            return path
    raise ModelError(
        f"notebook '{task.notebook}' of '{task.name}' is not there (looked for "
        f"{base / task.notebook}, and in the working directory)",
        task.where,
    )


def _of_notebook(task: Any) -> Signature:
    path = notebook_path(task)
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        declared = [n for c in cells if _is_parameters(c) for n in _assigned("".join(c["source"]))]
    except (ValueError, KeyError, TypeError, SyntaxError) as error:
        raise ModelError(f"notebook '{path}' cannot be read: {error}", task.where) from error
    names = dict.fromkeys([*declared, *task.bindings])
    return Signature(tuple(Argument(name, required=name in task.bindings) for name in names))


def _is_parameters(cell: Any) -> bool:
    return "parameters" in cell.get("metadata", {}).get("tags", ())


def _assigned(source: str) -> list[str]:
    code = "\n".join(line for line in source.splitlines() if not line.lstrip().startswith("%"))
    names = []
    for statement in ast.parse(code).body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        if isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        names += [target.id for target in targets if isinstance(target, ast.Name)]
    return names


def shell_names(command: str) -> list[str]:
    """The names that stand in a command as ``$name`` or ``${name}``, in order, once each."""
    return list(dict.fromkeys(_SHELL_NAME.findall(command)))


def _of_shell(task: Any) -> Signature:
    if task.bindings:
        return Signature(tuple(Argument(name) for name in task.bindings))
    return Signature(tuple(Argument(name, required=False) for name in shell_names(task.command)))


def _of_stub(task: Any) -> Signature:
    return Signature(tuple(Argument(name, required=False) for name in task.bindings))


def _of_foreign(task: Any) -> Signature:
    return Signature(tuple(Argument(name) for name in task.bindings))


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "it has none"


_READERS: dict[type[Task], Callable[[Any], Signature]] = {
    PythonTask: _of_python,
    NotebookTask: _of_notebook,
    ShellTask: _of_shell,
    Stub: _of_stub,
    ForeignTask: _of_foreign,
}
