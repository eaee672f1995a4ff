"""Which files below a folder match a glob, at a few microseconds a file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from fnmatch import translate
from functools import lru_cache
from itertools import takewhile
from pathlib import Path

from bridge.carried.files import Parts, _parts

__all__ = ["find"]

States = frozenset[int]
"""Which parts of the glob may come next, below the folder that the walk has come to."""


def find(pattern: Parts, folder: Path, hidden: Sequence[Path] = ()) -> Iterator[str]:
    """The files below ``folder`` (a real path) that match, relative to it.

    It means the same as ``glob.glob(..., recursive=True)``, but a folder that is a link is entered
    only where the glob names it. What is inside ``hidden``, real paths too, is not found. Raises
    ValueError for a match that by a link is not in the folder, or whose name is not portable.
    """
    start = tuple(takewhile(lambda part: set("*?[").isdisjoint(part), pattern[:-1]))
    base = folder.joinpath(*start).resolve()
    if _is_inside(base, hidden):
        return
    inside, kept_out = base.is_relative_to(folder), {str(path) for path in hidden}
    todo = [("".join(f"{part}/" for part in start), str(base), _closed(pattern, {len(start)}))]
    while todo:
        prefix, parent, states = todo.pop()
        for entry in _entries(parent):
            name = entry.name
            if entry.is_dir(follow_symlinks=False):
                below = _below(pattern, states, name)
                if below and entry.path not in kept_out:
                    todo.append((f"{prefix}{name}/", entry.path, below))
            elif entry.path not in kept_out and _is_match(pattern, states, name):
                if not entry.is_file() or _is_hidden_link(entry, hidden):
                    continue
                _check(prefix + name, entry, folder, inside)
                yield prefix + name


def _below(pattern: Parts, states: States, name: str) -> States:
    """What may come next inside the folder ``name``."""
    passed = {s + 1 for s in states if s + 1 < len(pattern) and _fits(name, pattern[s])}
    stays = {s for s in states if pattern[s] == "**" and name[0] != "."}
    return _closed(pattern, passed | stays)


def _closed(pattern: Parts, states: set[int]) -> States:
    """The states, with those behind each ``**``, which may stand for no folder at all."""
    found = set(states)
    for state in sorted(states):
        while pattern[state] == "**" and state + 1 < len(pattern):
            state += 1
            found.add(state)
    return frozenset(found)


def _is_match(pattern: Parts, states: States, name: str) -> bool:
    last = len(pattern) - 1
    return last in states and (_fits(name, pattern[last]) or _is_any(name, pattern[last]))


def _is_any(name: str, part: str) -> bool:
    return part == "**" and name[0] != "."


def _fits(name: str, part: str) -> bool:
    """Whether a name matches one part of a glob; a hidden one must be asked for."""
    if part == "**" or (name[0] == "." and part[0] != "."):
        return False
    return part == "*" or _compiled(part).match(name) is not None


@lru_cache(maxsize=256)
def _compiled(part: str) -> re.Pattern[str]:
    return re.compile(translate(part))


def _entries(folder: str) -> list[os.DirEntry[str]]:
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        return list(entries)
    return []


def _is_hidden_link(entry: os.DirEntry[str], hidden: Sequence[Path]) -> bool:
    return entry.is_symlink() and _is_inside(Path(entry.path).resolve(), hidden)


def _is_inside(path: Path, folders: Sequence[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def _check(path: str, entry: os.DirEntry[str], folder: Path, inside: bool) -> None:
    if entry.is_symlink():
        inside = Path(entry.path).resolve().is_relative_to(folder)
    if not inside:
        raise ValueError(f"'{folder / path}' is refused: by a link it leaves the working directory")
    if not path.isascii() or "\\" in path or ":" in path:
        _parts(path)  # which refuses it, if that is due
