"""Identifiers made from any text, without collisions."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import count

__all__ = ["Names", "identifier"]


@lru_cache(maxsize=1 << 15)  # writers ask again and again for the same of their many steps
def identifier(text: str, *, ascii_only: bool = False, lower: bool = False) -> str:
    """A Python identifier that resembles ``text``; equal texts give equal identifiers.

    With ``ascii_only`` accents are taken off and other letters become their code points.
    """
    name = text if text.isascii() else _folded(text, ascii_only)
    if lower:
        name = name.lower()
    if not name.isidentifier():
        # Some signs are digits to a regular expression and nothing to Python.
        known = (c if f"a{c}".isidentifier() else " " for c in name)
        name = re.sub(" +", "_", "".join(known))
    name = name.strip("_") or "_"
    if not name.isidentifier():
        name = f"x_{name}".rstrip("_") if ascii_only or name[0].isdigit() else "x_"
    return f"{name}_" if keyword.iskeyword(name) else name


def _folded(text: str, ascii_only: bool) -> str:
    """What is one text to Python, which compares identifiers after NFKC, as one text here."""
    name = unicodedata.normalize("NFKC", text)
    if ascii_only:
        bare = unicodedata.normalize("NFKD", name)
        name = "".join(_ascii(c) for c in bare if not unicodedata.combining(c))
    return name


def _ascii(char: str) -> str:
    return char if char.isascii() else f"_{ord(char):x}_" if char.isalnum() else "_"


class Names:
    """Identifiers handed out once each, by the key they stand for.

    >>> names = Names(reserved={"next"})
    >>> names("next"), names("a b"), names("a-b"), names("a b")
    ('next_', 'a_b', 'a_b_2', 'a_b')
    """

    def __init__(
        self, reserved: Iterable[str] = (), *, ascii_only: bool = False, lower: bool = False
    ) -> None:
        self._reserved = set(reserved)
        self._given: dict[str, str] = {}
        self._taken = set(self._reserved)
        self._next: dict[str, int] = {}
        self._style = {"ascii_only": ascii_only, "lower": lower}

    def __call__(self, key: str, wanted: str = "") -> str:
        """The identifier of ``key``; at the first call one like ``wanted``, else like the key."""
        if key not in self._given:
            self._given[key] = self._free(identifier(wanted or key, **self._style))
            self._taken.add(self._given[key])
        return self._given[key]

    def settle(self, key: str, name: str) -> None:
        """Let ``key`` have a name that was handed out before, for another key."""
        self._given[key] = name

    def __contains__(self, name: str) -> bool:
        return name in self._taken

    def reserve(self, *names: str) -> None:
        """Hand out none of these from here on."""
        self._reserved.update(names)
        self._taken.update(names)

    def _free(self, name: str) -> str:
        if name not in self._taken:
            return name
        if name in self._reserved and f"{name}_" not in self._taken:
            return f"{name}_"
        numbers = count(self._next.get(name, 2))
        number = next(n for n in numbers if f"{name}_{n}" not in self._taken)
        self._next[name] = number + 1
        return f"{name}_{number}"
