"""What a task is and what it was given, as hashes: the same again gives the same again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import MISSING, fields
from functools import cache
from typing import Any

from bridge.flow import Node
from bridge.globs import asked
from bridge.model import NotebookTask, PythonTask, Task
from bridge.references import Reference, StandIn
from bridge.runner.usage import digest
from bridge.runner.work import Order
from bridge.signatures import notebook_path

__all__ = ["inputs_of", "key_of"]


_sorted = json.JSONEncoder(sort_keys=True).encode  # dumps() would make it anew for each task


def key_of(node: Node) -> str:
    """What a task is: all that is written on it, and the code of its function or notebook."""
    task = node.task
    told = f"{type(task).__name__}{list(_said(task))!r}"
    found = hashlib.sha256(told.encode("utf-8", "surrogatepass"))
    if isinstance(task, PythonTask):
        found.update(code_of(task.reference))
    elif isinstance(task, NotebookTask):
        found.update(notebook_path(task).read_bytes())
    return found.hexdigest()


def inputs_of(order: Order, node: Node) -> str:
    """What a task is given: values, objects by their references, and files by their hashes."""
    values = {name: value for name, (_, value) in sorted(order.given.items())}
    told = _sorted([values, asked(node.catalog.get, order.files)])
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()


def _said(task: Task) -> Iterator[tuple[str, Any]]:
    """What is written on a task, other than that it is as usual."""
    kind: Any = type(task)
    for name, usual in _usual(kind):
        value = getattr(task, name)
        if value is not usual and value != usual:
            yield name, value


@cache
def _usual(kind: Any) -> list[tuple[str, Any]]:
    return [
        (f.name, f.default if f.default_factory is MISSING else f.default_factory())
        for f in fields(kind)
        if f.compare
    ]


@cache
def code_of(reference: Reference) -> bytes:
    """The code of a function with all of the user's code that it uses, as far as that is seen."""
    found = reference.load()
    top, _, _ = reference.qualname.rpartition(".")
    is_method = top and not isinstance(reference, StandIn)
    whole = Reference(reference.module, top).load() if is_method else found
    return digest(whole if isinstance(whole, type) else found)
