"""Ids as Airflow allows them: letters, digits, ``_`` and ``-``, joined by dots along groups."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import count

from bridge.model import Composite, Map, Pipeline
from bridge.unit import Unit

__all__ = ["Ids", "dag_id", "is_many", "item_group", "plain"]

_LONGEST = 250  # of a task's id, with those of its groups
_LONGEST_PART = 200
_ROOM_FOR_NUMBER = 6

_JOINS = ("downstream_join_id", "upstream_join_id")
"""What Airflow calls two nodes of its own in every task group."""


def plain(text: str, longest: int = _LONGEST_PART) -> str:
    """``text`` in ASCII letters, digits, ``_`` and ``-``: accents off, other letters as numbers."""
    bare = (c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    ascii_only = "".join(c if c.isascii() or not c.isalnum() else f"_{ord(c):x}" for c in bare)
    return re.sub(r"[^A-Za-z0-9_-]+", "_", ascii_only)[: longest - _ROOM_FOR_NUMBER] or "_"


def dag_id(pipeline: Pipeline) -> str:
    """The id of the DAG for ``pipeline``."""
    return plain(pipeline.name)


class Ids:
    """The id of every task and group of a pipeline, by the path it has in the model.

    A composite is a group, and so is each branch of it, ``parallel.branch``.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._taken: set[str] = set()
        self._given = {"": ""}
        found = list(_walk(pipeline))
        deepest = max(depth for *_, depth in found) + 1  # one more for a composite's own tasks
        self._longest = min(_LONGEST_PART, (_LONGEST - deepest) // deepest)
        for path, group, name, _ in found:
            self._give(path, group, name)

    def __getitem__(self, path: str) -> str:
        return self._given[path]

    def part(self, path: str) -> str:
        """The last part of the id, which is all that is said where the groups are known."""
        return self._given[path].rpartition(".")[2]

    def more(self, path: str, ending: str) -> str:
        """The last part of the id of one more task beside the step at ``path``."""
        key = f"{path}\n{ending}"
        if key not in self._given:
            self._given[key] = self._free(self._given[path] + ending)
        return self.part(key)

    def own(self, path: str, name: str) -> str:
        """The id of a task of the composite's own, in its group."""
        key = f"{path}\n.{name}"
        if key not in self._given:
            self._give(key, path, name)
        return self._given[key]

    def _give(self, path: str, group: str, name: str) -> None:
        prefix = f"{self._given[group]}." if group else ""
        self._given[path] = self._free(prefix + plain(name, self._longest))

    def _free(self, wanted: str) -> str:
        numbered = (f"{wanted}_{number}" for number in count(2))
        found = wanted
        while found in self._taken or found.rpartition(".")[2] in _JOINS:
            found = next(numbered)
        self._taken.add(found)
        return found


def _walk(pipeline: Pipeline) -> Iterator[tuple[str, str, str, int]]:
    """The path of each step and branch, that of its group, its name there and how deep that is."""
    todo = [(pipeline, "", "", 1)]
    while todo:
        found, prefix, group, depth = todo.pop()
        within = prefix
        for step in found.steps:
            path = within + step.name
            yield path, group, step.name, depth
            if isinstance(step, Unit) or not isinstance(step, Composite):
                continue
            for key, branch in step.pipelines().items():
                inner = f"{path}.{key}"
                if isinstance(step, Map):
                    key = step.iterate_as
                    inner = item_group(path) if is_many(branch) else path
                if inner != path:
                    yield inner, path, key, depth + 1
                prefix = f"{path}." if isinstance(step, Map) else f"{inner}."
                todo.append((branch, prefix, inner, depth + 2))


def is_many(branch: Pipeline) -> bool:
    """Whether the branch of a map is more than one task, so that it is a group."""
    step = branch.steps[0]
    return len(branch.steps) > 1 or (isinstance(step, Composite) and not isinstance(step, Unit))


def item_group(path: str) -> str:
    """The key under which the group that a map runs for each item has its id."""
    return f"{path}\n"
