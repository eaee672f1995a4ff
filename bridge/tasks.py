"""How a task is carried out here: called with values, it gives values back.

The calls are those that an export writes out, by the same modules that it carries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bridge.carried.arguments import call
from bridge.carried.values import to_json, unpack
from bridge.flow import Node
from bridge.frozen import Frozen
from bridge.model import Catalog, NotebookTask, PythonTask, ShellTask, Stub, Task
from bridge.references import StandIn
from bridge.signatures import notebook_path
from bridge.values import Kind

__all__ = ["Done", "Place", "left_behind", "perform"]

Manifest = Mapping[str, str]


class Place(Frozen):
    """Where tasks work: the store of files and objects, and where executed notebooks go."""

    store: str
    artifacts: Path

    def notebook(self, name: str) -> Path:
        """Where the executed notebook of the step of this name goes."""
        from bridge.emit.names import identifier

        return self.artifacts / f"{identifier(name, ascii_only=True)}.ipynb"


@dataclass
class Done:
    """What a task gave back, and the files it put; ``manifest`` is filled even when it fails."""

    values: dict[str, Any] = field(default_factory=dict)
    manifest: dict[str, str] = field(default_factory=dict)


def perform(
    node: Node,
    values: Mapping[str, Any],
    files: Sequence[Manifest],
    place: Place,
    done: Done,
    name: str,
) -> None:
    """Do the work of one task and put what it gives back into ``done``.

    ``values`` are by argument, ``files`` the manifests it may get files from, ``name`` is that of
    the step in the record. Raises whatever the task raises, and ValueError for a return that is
    not what was declared.
    """
    catalog = node.catalog
    if not (catalog.get or catalog.put):
        done.values = _checked(node, _returned(node, values, place, name))
        return
    block = _files(node, files, place)
    try:
        with block:
            found = _returned(node, values, place, name)
    finally:
        done.manifest = dict(block.manifest)
    done.values = _checked(node, found)


def _files(node: Node, files: Sequence[Manifest], place: Place) -> Any:
    """The block in which a task works, which places the files it gets and stores those it puts."""
    if isinstance(node.task, PythonTask) and isinstance(node.task.function, StandIn):
        return _LeftBehind(node.catalog, place)
    from bridge.catalog import catalog

    return catalog(
        get=node.catalog.get,
        put=node.catalog.put,
        upstream=files,
        store=place.store,
        store_copy=node.catalog.store_copy,
    )


def left_behind(node: Node, place: Place) -> Manifest:
    """The files that a task has put which was ended before it could store them itself."""
    with (block := _LeftBehind(node.catalog, place)):
        pass
    return block.manifest


class _LeftBehind:
    """Stores the files that a stand-in has left; that a glob has no match is its own affair."""

    def __init__(self, catalog: Catalog, place: Place) -> None:
        self.manifest: dict[str, str] = {}
        self._catalog, self._place = catalog, place

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        from bridge.catalog import catalog as placed

        store, copy = self._place.store, self._catalog.store_copy
        for glob in self._catalog.put:
            with suppress(FileNotFoundError), placed(put=[glob], store=store, store_copy=copy) as b:
                pass
            self.manifest |= b.manifest


def _returned(node: Node, values: Mapping[str, Any], place: Place, name: str) -> Mapping[str, Any]:
    return _PERFORMERS[type(node.task)](node, values, place, name)


def _checked(node: Node, found: Mapping[str, Any]) -> dict[str, Any]:
    kinds = dict.fromkeys(found, Kind.PICKLED) | {o.name: o.kind for o in node.outputs}
    return {
        name: value if kinds[name] is Kind.PICKLED else to_json(value, name)
        for name, value in found.items()
    }


def _python(node: Node, values: Mapping[str, Any], place: Place, name: str) -> Mapping[str, Any]:
    task: Any = node.task
    result = call(task.reference.load(), **values)
    names = [r.name for r in task.outputs]
    if len(names) < 2:
        return dict.fromkeys(names, result)
    return dict(zip(names, unpack(result, names), strict=True))


def _shell(node: Node, values: Mapping[str, Any], place: Place, name: str) -> Mapping[str, Any]:
    from bridge.carried.shell import run_shell

    task: Any = node.task
    found: Mapping[str, Any] = run_shell(
        task.command, dict(values), returns=[r.name for r in task.outputs]
    )
    return found


def _notebook(node: Node, values: Mapping[str, Any], place: Place, name: str) -> Mapping[str, Any]:
    from bridge.carried.notebook import run_notebook

    task: Any = node.task
    found: Mapping[str, Any] = run_notebook(
        str(notebook_path(task).resolve()),
        dict(values),
        returns={r.name: "pickled" if r.kind is Kind.PICKLED else "json" for r in task.outputs},
        save_as=str(place.notebook(name)),
    )
    return found


def _stub(node: Node, values: Mapping[str, Any], place: Place, name: str) -> Mapping[str, Any]:
    return {}


_Performer = Callable[[Node, Mapping[str, Any], Place, str], Mapping[str, Any]]

_PERFORMERS: dict[type[Task], _Performer] = {
    PythonTask: _python,
    ShellTask: _shell,
    NotebookTask: _notebook,
    Stub: _stub,
}
