"""The names that stand in a scope, where their values come from, and the files put so far."""

from __future__ import annotations

from collections.abc import Iterable

from bridge.frozen import Frozen
from bridge.globs import is_literal, overlap
from bridge.values import Constant, Fact, Kind

__all__ = ["Output", "Parameter", "Puts", "Scope", "Source"]


class Parameter(Frozen):
    """A value that the pipeline starts with."""

    name: str


class Output(Frozen):
    """A value that the task at ``step`` gives back."""

    step: str
    name: str
    kind: Kind = Kind.JSON


Source = Parameter | Output | Constant | Fact


class Puts:
    """Globs of files that tasks put, found by what they may have in common with another glob.

    A glob that names one path is looked up, only the others are compared one by one, so that a
    long chain of tasks that each put one file costs no more than its length.
    """

    def __init__(self) -> None:
        self._count = 0
        self._literal: dict[str, list[tuple[int, str]]] = {}
        self._globs: list[tuple[str, int, str]] = []

    def add(self, path: str, patterns: Iterable[str]) -> None:
        """Note that the task at ``path`` puts files of these globs."""
        for pattern in patterns:
            self._count += 1
            if is_literal(pattern):
                self._literal.setdefault(pattern, []).append((self._count, path))
            else:
                self._globs.append((pattern, self._count, path))

    def find(self, pattern: str) -> list[str]:
        """The tasks that may put a path of this glob, in the order they were added."""
        found = [(n, path) for put, n, path in self._globs if overlap(put, pattern)]
        if is_literal(pattern):
            found += self._literal.get(pattern, ())
        else:
            found += [e for put, es in self._literal.items() if overlap(put, pattern) for e in es]
        return list(dict.fromkeys(path for _, path in sorted(found)))

    def patterns(self) -> list[str]:
        """The globs put."""
        return [*self._literal, *(pattern for pattern, _, _ in self._globs)]

    def absorb(self, other: Puts) -> None:
        """Add all that was put into ``other``, after what is here."""
        start = self._count
        for pattern, entries in other._literal.items():
            self._literal.setdefault(pattern, []).extend((start + n, p) for n, p in entries)
        self._globs += [(pattern, start + n, path) for pattern, n, path in other._globs]
        self._count += other._count


class Scope:
    """Names bound to sources; a child starts from all that its parent holds at that time.

    ``own`` and ``puts`` hold what was added here since the scope began, so that opening a branch
    copies nothing.
    """

    def __init__(self, parent: Scope | None = None) -> None:
        self._parent = parent
        self.own: dict[str, Source] = {}
        self.puts = Puts()

    def bind(self, name: str, source: Source) -> None:
        """Let ``name`` stand for ``source`` from here on."""
        self.own[name] = source

    def find(self, name: str) -> Source | None:
        """The source of ``name`` here, or None."""
        scope: Scope | None = self
        while scope:
            if name in scope.own:
                return scope.own[name]
            scope = scope._parent
        return None

    def names(self) -> dict[str, Source]:
        """Every name with its source, the oldest first."""
        chain: list[Scope] = []
        scope: Scope | None = self
        while scope:
            chain.append(scope)
            scope = scope._parent
        return {name: source for s in reversed(chain) for name, source in s.own.items()}

    def putters(self, pattern: str) -> list[str]:
        """The tasks whose files may match ``pattern``, in the order of the pipeline."""
        chain: list[list[str]] = []
        scope: Scope | None = self
        while scope:
            chain.append(scope.puts.find(pattern))
            scope = scope._parent
        return list(dict.fromkeys(path for found in reversed(chain) for path in found))

    def absorb(self, child: Scope) -> None:
        """Take over what a branch has set and put; a later branch wins a name."""
        self.own.update(child.own)
        self.puts.absorb(child.puts)
