"""Which globs could name the same path, decided from the globs alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

__all__ = ["asked", "is_literal", "overlap"]

_MAGIC = frozenset("*?[")


def asked(globs: Sequence[str], manifests: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The files of the manifests that match one of the globs; a later one wins a path."""
    return {
        path: ref
        for manifest in (manifests if globs else ())
        for path, ref in manifest.items()
        if any(overlap(glob, path) for glob in globs)
    }


def is_literal(pattern: str) -> bool:
    """Whether the glob names one path only."""
    return _MAGIC.isdisjoint(pattern)


def overlap(one: str, other: str) -> bool:
    """Whether some path matches both globs; says yes where a character class leaves doubt."""
    if is_literal(one) and is_literal(other):
        return _normal(one) == _normal(other)
    return _folders(_normal(one), _normal(other))


def _normal(pattern: str) -> str:
    return "/".join(part for part in pattern.split("/") if part not in ("", "."))


def _folders(one: str, other: str) -> bool:
    return _meet(one.split("/"), other.split("/"), "**", _names)


@lru_cache(maxsize=4096)
def _names(one: str, other: str) -> bool:
    """Whether some text matches both patterns of a single folder or file name."""
    return _meet(_tokens(one), _tokens(other), "*", lambda a, b: a == b or "?" in (a, b))


def _meet(a: list[str], b: list[str], star: str, same: Callable[[str, str], bool]) -> bool:
    """Whether two patterns have a match in common; ``star`` stands for any number of parts."""
    todo, seen = [(0, 0)], set()
    while todo:
        i, j = todo.pop()
        if (i, j) in seen:
            continue
        seen.add((i, j))
        if i == len(a) and j == len(b):
            return True
        if i < len(a) and a[i] == star:
            todo += [(i + 1, j)] + ([(i, j + 1)] if j < len(b) else [])
        elif j < len(b) and b[j] == star:
            todo += [(i, j + 1)] + ([(i + 1, j)] if i < len(a) else [])
        elif i < len(a) and j < len(b) and same(a[i], b[j]):
            todo.append((i + 1, j + 1))
    return False


def _tokens(pattern: str) -> list[str]:
    """The pattern's characters, with a character class read as ``?``."""
    tokens, i = [], 0
    while i < len(pattern):
        close = pattern.find("]", i + 2) if pattern[i] == "[" else -1
        tokens.append("?" if close > 0 else pattern[i])
        i = close + 1 if close > 0 else i + 1
    return tokens
