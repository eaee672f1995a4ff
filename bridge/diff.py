"""Where two pipelines differ in what they mean, whatever they are written in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bridge.description import Code, Facts, plain

__all__ = ["ABSENT", "Change", "difference"]


class ABSENT:
    """Stands for what one of two pipelines does not say."""


@dataclass(frozen=True)
class Change:
    """One thing that is so in one pipeline and otherwise, or ``ABSENT``, in another.

    ``path`` is that of the step, empty for the pipeline.
    """

    path: str
    what: str
    a: Any
    b: Any

    def to_json(self) -> dict[str, Any]:
        """The change as JSON, without the key of what is absent."""
        values = {"a": self.a, "b": self.b}
        said = {key: plain(value) for key, value in values.items() if value is not ABSENT}
        return {"path": self.path, "what": self.what, **said}

    def __str__(self) -> str:
        whose = f"{self.path}: " if self.path else ""
        if self.a is ABSENT:
            return f"+ {whose}{self.what} {_text(self.b)}"
        if self.b is ABSENT:
            return f"- {whose}{self.what} {_text(self.a)}"
        return f"~ {whose}{self.what} {_text(self.a)} -> {_text(self.b)}"


def difference(a: Mapping[str, Facts], b: Mapping[str, Facts]) -> list[Change]:
    """Where two pipelines differ that have been described; nothing: they mean the same."""
    return list(_changes(a, b))


def _changes(a: Mapping[str, Facts], b: Mapping[str, Facts]) -> Iterator[Change]:
    for path in dict.fromkeys([*a, *b]):
        if path not in a or path not in b:
            there = a.get(path) or b[path]
            step = f"{there['kind']} {there.get('does', '')}".strip()
            yield Change(path, "step", *((step, ABSENT) if path in a else (ABSENT, step)))
            continue
        for what in dict.fromkeys([*a[path], *b[path]]):
            one, other = a[path].get(what, ABSENT), b[path].get(what, ABSENT)
            if type(one) is not type(other) or not _same(one, other):
                yield Change(path, what, one, other)


def _same(one: Any, other: Any) -> bool:
    """Whether two facts are the same; of JSON, where 1 is not true, by its text."""
    if isinstance(one, Code):
        return bool(one == other)
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _text(value: Any) -> str:
    """A value in a line."""
    return str(value) if isinstance(value, Code | str) else json.dumps(value, ensure_ascii=False)
