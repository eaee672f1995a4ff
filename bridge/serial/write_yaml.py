"""Plain data with JSON's types as YAML text, for people to read.

A key a line, small lists and mappings on one line, text of several lines as it is. Text that any
reader of YAML, of version 1.1 or 1.2, could take for something else stands in quotes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

__all__ = ["render"]

_WIDTH = 60  # of a list or mapping on one line
_LONGEST_KEY = 1000  # YAML finds the colon only that far behind a key
_PLAIN = re.compile(r"(\./|/)?[^\W\d]([\w./+()-]|[: ](?=\w))*")
_WORDS = {"true", "false", "yes", "no", "on", "off", "y", "n", "null"}
_BLOCK_MARKS = ("type", "steps")  # a mapping with such a key is never put on one line


def render(data: dict[str, Any]) -> str:
    """The data as YAML; recurses over the depth of the data, not its length."""
    return "".join(f"{line}\n" for line in _block(data, ""))


def _block(value: Any, pad: str) -> Iterator[str]:
    """The lines of a list or mapping, a part a line or more."""
    pairs: Iterable[tuple[str, Any]] = (("-", item) for item in value)
    if isinstance(value, dict):
        pairs = ((_key(key, pad), item) for key, item in value.items())
    for head, item in pairs:
        line = _line(item)
        if line is not None:
            yield f"{pad}{head} {line}"
        elif isinstance(item, str):
            yield from _literal(item, f"{pad}{head}", f"{pad}  ")
        elif head == "-":
            first, *rest = _block(item, f"{pad}  ")
            yield f"{pad}- {first.lstrip()}"
            yield from rest
        else:
            yield f"{pad}{head}"
            yield from _block(item, f"{pad}  ")


def _key(key: str, pad: str) -> str:
    text = _text(key)
    return f"{text}:" if len(text) <= _LONGEST_KEY else f"? {text}\n{pad}:"


def _line(value: Any) -> str | None:
    """The value on one line, None when it is better spread over several."""
    if isinstance(value, str):
        return None if _is_literal(value) else _text(value)
    if not isinstance(value, dict | list):
        return _number(value)
    if isinstance(value, list):
        inner = _joined(_line(item) for item in value)
        return None if inner is None else f"[{inner}]"
    if any(mark in value for mark in _BLOCK_MARKS):
        return None
    inner = _joined(_pair(key, item) for key, item in value.items())
    return None if inner is None else f"{{{inner}}}"


def _pair(key: str, value: Any) -> str | None:
    line = _line(value)
    return None if line is None else f"{_text(key)}: {line}"


def _joined(parts: Iterable[str | None]) -> str | None:
    found, length = [], 0
    for part in parts:
        length += _WIDTH if part is None else len(part) + 2
        if part is None or length > _WIDTH:
            return None
        found.append(part)
    return ", ".join(found)


def _number(value: float | None) -> str:
    """A number, true, false or null; a point in every float, without which some read text."""
    text = json.dumps(value)
    return text.replace("e", ".0e") if isinstance(value, float) and "." not in text else text


def _text(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character.isprintable():
        return character
    return {"\n": "\\n", "\t": "\\t"}.get(character, f"\\U{ord(character):08x}")


def _is_literal(text: str) -> bool:
    """Whether the text has lines that can stand as they are."""
    return "\n" in text.strip() and text.replace("\n", "").replace("\t", "").isprintable()


def _literal(text: str, head: str, pad: str) -> Iterator[str]:
    """The lines of a text; the mark tells the indentation and which line ends belong to it."""
    ends = "-" if not text.endswith("\n") else "+" if text.endswith("\n\n") else ""
    yield f"{head} |{'2' if text[0].isspace() else ''}{ends}"
    for line in text.removesuffix("\n").split("\n"):
        yield f"{pad}{line}" if line else ""
