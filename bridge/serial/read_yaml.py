"""YAML text as plain data with JSON's types, and the line of everything in it.

Only a part of YAML is read: one document, no tags, and anchors only where they are asked for. A
plain scalar is a number, true, false or null where YAML 1.2 says so, else text: ``no`` and
``2024-01-01`` are text, ``1e-3`` is a number.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from bridge.errors import ModelError, Where
from bridge.serial.spot import Lines

__all__ = ["parse"]

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NOT_FINITE = {".inf": "inf", "+.inf": "inf", "-.inf": "-inf", ".nan": "nan"}
_DEEPEST = 500  # far more than is of use; the parser slows down with the square of it
_NOTHING: Any = object()


class _Reading:
    """Builds the data from the parser's events, so that no depth of nesting makes it recurse."""

    def __init__(self, file: str, aliases: bool) -> None:
        self._file = file
        self._aliases = aliases
        self._anchored: dict[str, Any] = {}
        self._open: list[Any] = []
        self._keys: list[Any] = []
        self.lines: dict[int, dict[Any, int]] = {}
        self.root: Any = _NOTHING

    def feed(self, event: Any) -> None:
        """Take in the parser's next event."""
        line = event.start_mark.line + 1
        anchor = getattr(event, "anchor", None)
        if anchor and not self._aliases:
            raise self._error("anchors and aliases are not read; write the value out", line)
        if getattr(event, "tag", None):
            raise self._error(f"tags such as {event.tag} are not read; leave it out", line)
        if isinstance(event, yaml.AliasEvent):
            self._put(self._anchor(str(anchor), line), line)
        elif isinstance(event, yaml.ScalarEvent):
            self._put(self._scalar(event, line), line, anchor)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._start({} if isinstance(event, yaml.MappingStartEvent) else [], line, anchor)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._open.pop()
            self._keys.pop()
        elif isinstance(event, yaml.DocumentStartEvent) and self.root is not _NOTHING:
            raise self._error("a second document starts here; one file holds one pipeline", line)

    def _anchor(self, name: str, line: int) -> Any:
        if name not in self._anchored:
            raise self._error(f"'*{name}' has no anchor before it", line)
        value = self._anchored[name]
        if any(value is container for container in self._open):
            raise self._error(f"'*{name}' stands inside what it stands for", line)
        return value

    def _start(self, container: Any, line: int, anchor: str | None) -> None:
        self._put(container, line, anchor)
        if len(self._open) > _DEEPEST:
            raise self._error(f"lists and mappings are nested more than {_DEEPEST} deep", line)
        self.lines[id(container)] = {}
        self._open.append(container)
        self._keys.append(_NOTHING)

    def _put(self, value: Any, line: int, anchor: str | None = None) -> None:
        if anchor:
            self._anchored[anchor] = value
        if not self._open:
            self.root = value
            return
        container = self._open[-1]
        if isinstance(container, list):
            self.lines[id(container)][len(container)] = line
            container.append(value)
        elif self._keys[-1] is _NOTHING:
            self._keys[-1] = self._new_key(value, container, line)
        else:
            container[self._keys[-1]] = value
            self._keys[-1] = _NOTHING

    def _new_key(self, key: Any, container: dict[Any, Any], line: int) -> str:
        if not isinstance(key, str):
            raise self._error(f"a key must be text, not {key!r}; write it in quotes", line)
        if key in container:
            first = self.lines[id(container)][key]
            raise self._error(f"key '{key}' stands there twice, first in line {first}", line)
        self.lines[id(container)][key] = line
        return key

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> Any:
        text: str = event.value
        if not event.implicit[0]:
            return text
        if text in _WORDS:
            return _WORDS[text]
        try:
            if _INT.fullmatch(text):
                return int(text, 0 if text[:2] in ("0o", "0x") else 10)
        except ValueError:
            raise self._error(f"{text[:20]}... is too long for a number", line) from None
        return float(_NOT_FINITE.get(text.lower(), text)) if _FLOAT.fullmatch(text) else text

    def _error(self, message: str, line: int) -> ModelError:
        return ModelError(message, Where(self._file, line))


def parse(text: str, file: str, aliases: bool = False) -> tuple[Any, Lines]:
    """The data in a YAML text and the lines of its parts; None when there is nothing in it.

    With ``aliases`` what has an anchor may stand in several places: it is the same object there.
    Raises ModelError, with the line, for what is no YAML and for what is not read of it.
    """
    reading = _Reading(file, aliases)
    try:
        for event in yaml.parse(text, Loader=_Loader):
            reading.feed(event)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or str(error)
        raise ModelError(f"not YAML: {what}", Where(file, mark.line + 1 if mark else 0)) from None
    return (None if reading.root is _NOTHING else reading.root), reading.lines
