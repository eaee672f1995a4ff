"""The small package that an export carries: only the modules it needs, word for word."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.resources import files

__all__ = ["PACKAGE", "carried"]

PACKAGE = "tasklib"
"""The name of the package inside an export."""

_SIBLING = re.compile(r"^from \.(\w+) import", re.MULTILINE)


def carried(modules: Iterable[str]) -> dict[str, str]:
    """The named modules and those they import, as texts by path; nothing when none is named."""
    source = files("bridge.carried")
    texts: dict[str, str] = {}
    todo = sorted(modules)
    if todo:
        todo.append("__init__")
    while todo:
        name = todo.pop()
        path = f"{PACKAGE}/{name}.py"
        if path not in texts:
            texts[path] = source.joinpath(f"{name}.py").read_text(encoding="utf-8")
            todo += _SIBLING.findall(texts[path])
    return dict(sorted(texts.items()))
