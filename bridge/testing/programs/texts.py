"""Texts and JSON values for programs: among them those that mean something to somebody."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from bridge.testing.cases.case import TEXT

__all__ = ["FILES", "NAMES", "json_values", "keys", "printable", "texts"]

_TEXTS = (
    *(
        "a",
        "",
        TEXT,
        "{{ params.x }}",
        "{% raw %}{# x #}",
        "{x}",
        "{}",
        "%s %(x)s %%",
        "$x ${HOME}",
    ),
    *(
        "$(touch pwned) `touch pwned`",
        "; touch pwned #",
        "back\\slash \\n \\",
        "line\nnext\r\n\ttab",
    ),
    *("it's", '"', "'''", '"""', "é 中 🙂 \u2028\x85", "a.b", "../x", "-", " lead", "trail ", "#"),
    *("None", "null", "true", "True", "1", "1.0", "1e3", "0x1f", "nan", "[1, 2]", '{"a": 1}', "~"),
)
NAMES = (
    *("a", "b", "x", "class", "self", "name", "next", "input", "index", "start", "end", "params"),
    *(
        "Ünï",
        "a b",
        "a-b",
        "a.b",
        "a/b",
        "q\"uo'te",
        "{{ x }}",
        "{x}",
        "%s",
        "$(touch pwned)",
        "\\",
    ),
    *(
        "run_id",
        "values",
        "parameters",
        "default",
        "0",
        "None",
        "True",
        "_",
        "__",
        "a__b",
        "🙂",
        "#",
    ),
)
"""Printable, and not empty: names of steps, of branches and of values."""

FILES = ("a", "a b", "d/é", "it's", '"q"', "{{ x }}", "%s", "$(touch pwned)", "#", ";", "-", "~x")
"""How the names of files begin."""


@cache
def texts() -> SearchStrategy[str]:
    """Any text but one with a NUL, often one that is code in some language."""
    odd = st.characters(codec="utf-8", exclude_characters="\0")
    return st.sampled_from(_TEXTS) | st.sampled_from(_TEXTS) | st.text(odd, max_size=8)


@cache
def printable() -> SearchStrategy[str]:
    """Text that may name a step."""
    return st.sampled_from(NAMES)


@cache
def keys() -> SearchStrategy[Any]:
    """What a branch of a conditional may be for."""
    return st.one_of(
        st.booleans(), st.integers(-1, 3), texts(), st.none(), st.sampled_from([0.5, 1.0, -0.0])
    )


@cache
def json_values() -> SearchStrategy[Any]:
    """JSON values, nested a little."""
    plain = st.one_of(
        st.integers(-5, 5), texts(), st.booleans(), st.none(), st.sampled_from([0.5, -0.0, 1e300])
    )
    return st.recursive(
        plain,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts(), inner, max_size=2),
        max_leaves=5,
    )
