"""What each step of a run gave, noted as it ends, so that another run can go on from there.

The journal is a line of JSON a step; the first line has the parameters. A line that a crash has
cut off is not read, so its step counts as not finished.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

from bridge.errors import UsageError
from bridge.flow import Flow, Node
from bridge.model import Loop, Map, NotebookTask, PythonTask
from bridge.record import StepRun
from bridge.references import Reference
from bridge.signatures import notebook_path

__all__ = ["Journal", "begun_with", "resumable"]

Entry = Mapping[str, Any]

_NAME = "steps.jsonl"


class Journal:
    """The journal of one run, in its folder."""

    def __init__(self, folder: Path, parameters: Mapping[str, Any]) -> None:
        self._file = (folder / _NAME).open("w", encoding="utf-8")
        self._write({"parameters": parameters})

    def note(
        self,
        node: Node,
        place: str,
        step: StepRun,
        values: Mapping[str, Any],
        files: Mapping[str, str],
    ) -> None:
        """Note how a step ended, what it gave (objects as references) and the files it put.

        ``place`` is its path with a ``*`` for the number of an item or an iteration.
        """
        given = {"place": place, "key": _key(node), "values": values, "files": files}
        self._write({**vars(step), **given})

    def _write(self, entry: Entry) -> None:
        self._file.write(json.dumps(entry) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Write no more."""
        self._file.close()


def begun_with(folder: Path) -> dict[str, Any]:
    """The parameters that the run in ``folder`` began with. Raises UsageError when it had not."""
    return dict(_read(folder)[0]["parameters"])


def resumable(folder: Path, flow: Flow, parameters: Mapping[str, Any]) -> dict[str, Entry]:
    """What the run in ``folder`` has finished, by step, for a run of ``flow`` to take over.

    Raises UsageError when the parameters are others or a finished step has changed since.
    """
    begun, *entries = _read(folder)
    changed = [n for n in {**begun["parameters"], **parameters} if n not in parameters
               or begun["parameters"].get(n, _read) != parameters[n]]  # fmt: skip
    if changed:
        raise UsageError(
            f"run '{folder.name}' cannot be resumed: parameter '{changed[0]}' is another now; "
            "give the parameters it had, or start anew without --resume"
        )
    nodes = dict(_tasks(flow, ""))
    done = {e["name"]: e for e in entries if e["status"] == "succeeded" and e["place"] in nodes}
    for path, entry in done.items():
        if entry["key"] != _key(nodes[entry["place"]]):
            raise UsageError(
                f"run '{folder.name}' cannot be resumed: step '{path}' has changed since; "
                "start anew without --resume"
            )
    return done


def _tasks(flow: Flow, prefix: str) -> Iterator[tuple[str, Node]]:
    """Every task of a flow and of those inside it, by its place."""
    for path, node in flow.nodes.items():
        if not node.inner:
            yield prefix + path, node
        repeats = isinstance(node.task, Map | Loop)
        for key, inner in node.inner.items():
            yield from _tasks(inner, prefix + (f"{node.place}*." if repeats else node.at(key)))
        if node.handler:
            yield from _tasks(node.handler, f"{prefix}{path}.on_failure.")
    if flow.handler:
        yield from _tasks(flow.handler, f"{prefix}on_failure.")


def _read(folder: Path) -> list[Entry]:
    try:
        lines = (folder / _NAME).read_text(encoding="utf-8").splitlines(keepends=True)
    except OSError as error:
        raise UsageError(f"run '{folder.name}' cannot be resumed: {error}") from error
    found = [json.loads(line) for line in lines if line.endswith("\n")]
    if not found:
        raise UsageError(f"run '{folder.name}' cannot be resumed: it had not begun")
    return found


def _key(node: Node) -> str:
    """What a task is: all that is written on it, and the code of its function or notebook."""
    task = node.task
    found = hashlib.sha256(repr(task).encode("utf-8", "surrogatepass"))
    if isinstance(task, PythonTask):
        found.update(_code_of(task.reference))
    elif isinstance(task, NotebookTask):
        found.update(notebook_path(task).read_bytes())
    return found.hexdigest()


@cache
def _code_of(reference: Reference) -> bytes:
    code = getattr(reference.load(), "__code__", None)
    return "\n".join(_parts(code)).encode("utf-8", "surrogatepass") if code else b""


def _parts(code: CodeType) -> Iterator[str]:
    """The code without the places it came from: a comment more is no change."""
    yield code.co_code.hex()
    yield repr((code.co_names, code.co_varnames, code.co_freevars))
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _parts(constant)
        elif isinstance(constant, frozenset):
            yield repr(sorted(map(repr, constant)))
        else:
            yield repr(constant)
