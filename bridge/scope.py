"""The names that stand in a scope, where their values come from, and the files put so far."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import field

from bridge.frozen import Frozen
from bridge.globs import is_literal, overlap
from bridge.policies import Dataset
from bridge.values import Constant, Fact, Kind

__all__ = [
    "Border",
    "Given",
    "Output",
    "Parameter",
    "Perhaps",
    "Puts",
    "Scope",
    "Source",
    "Stored",
]


class Parameter(Frozen):
    """A value that the pipeline starts with."""

    name: str


class Given(Frozen):
    """A value that a pipeline inside another is given by what is around it.

    It is not ``certain`` where it may have been set or not.
    """

    name: str
    kind: Kind = Kind.JSON
    certain: bool = field(default=True, compare=False)


class Output(Frozen):
    """A value that the step at ``step`` gives back; not ``certain``: it may have to do without.

    ``before`` is what its name stands for when the step has not given it.
    """

    step: str
    name: str
    kind: Kind = Kind.JSON
    certain: bool = field(default=True, compare=False)
    before: Source | None = field(default=None, compare=False, repr=False)


class Stored(Frozen):
    """A value that a dataset holds; whoever reads it loads it."""

    name: str
    dataset: Dataset = field(compare=False, repr=False)
    kind: Kind = Kind.PICKLED
    certain: bool = True


Source = Parameter | Given | Output | Stored | Constant | Fact


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
        self.begun: dict[str, Source] = {}
        self.history: dict[str, list[Output]] = {}
        self.puts = Puts()

    def bind(self, name: str, source: Source) -> None:
        """Let ``name`` stand for ``source`` from here on."""
        self.own[name] = source
        if not isinstance(source, Output):
            self.begun[name] = source
        else:
            self.history.setdefault(name, []).append(source)

    def last(self, name: str) -> Output:
        """The output that ``name`` stands for when steps may have failed: the last there is."""
        return self._chained(name, self.begun.get(name) or self._find_around(name))

    def lasts(self) -> dict[str, Source]:
        """What every name that steps set stands for when they may have failed; none is taken."""
        around = self._names_around()
        return {n: self._chained(n, self.begun.get(n) or around.get(n)) for n in self.history}

    def _chained(self, name: str, found: Source | None) -> Output:
        for output in self.history[name]:
            certain = found is not None and getattr(found, "certain", True)
            found = Output(output.step, name, output.kind, certain, found)
        assert isinstance(found, Output)
        return found

    def _find_around(self, name: str) -> Source | None:
        return self._parent.find(name) if self._parent else None

    def _names_around(self) -> dict[str, Source]:
        return self._parent.names() if self._parent else {}

    def find(self, name: str) -> Source | None:
        """The source of ``name`` here, or None."""
        scope: Scope | None = self
        while scope:
            if name in scope.own:
                return scope.own[name]
            if isinstance(scope, Border):
                return scope.take(name)
            scope = scope._parent
        return None

    def stored(self, name: str) -> Stored | None:
        """The dataset of this name, if that is what it stands for."""
        scope: Scope | None = self
        while scope and name not in scope.own:
            scope = scope._parent
        found = scope.own[name] if scope else None
        return found if isinstance(found, Stored) else None

    def knows(self, name: str) -> bool:
        """Whether there is such a name, here or outside any border."""
        scope: Scope | None = self
        while scope and name not in scope.own:
            scope = scope._parent
        return scope is not None

    def names(self) -> dict[str, Source]:
        """Every name with its source, the oldest first."""
        chain: list[Scope] = []
        scope: Scope | None = self
        while scope:
            chain.append(scope)
            scope = None if isinstance(scope, Border) else scope._parent
        found = chain[-1].outside() if isinstance(chain[-1], Border) else {}
        return found | {name: source for s in reversed(chain) for name, source in s.own.items()}

    def putters(self, pattern: str) -> list[str]:
        """The steps whose files may match ``pattern``, in order; empty text: those outside."""
        chain: list[list[str]] = []
        scope: Scope | None = self
        while scope:
            chain.append(scope.puts.find(pattern))
            if isinstance(scope, Border):
                chain.append([""] if scope.has_files(pattern) else [])
                break
            scope = scope._parent
        return list(dict.fromkeys(path for found in reversed(chain) for path in found))

    def absorb(self, child: Scope) -> None:
        """Take over what a branch has set and put; a later branch wins a name."""
        for name, source in child.own.items():
            self.bind(name, source)
        self.puts.absorb(child.puts)


class Perhaps(Scope):
    """What ``scope`` is when any step may have failed: what it set is there, or what was before."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self._steps = scope

    def find(self, name: str) -> Source | None:
        """The source of ``name``, known as late as this, since to look before it is to take it."""
        if name in self._steps.history and name not in self.own:
            self.own[name] = self._steps.last(name)
        return super().find(name)

    def names(self) -> dict[str, Source]:
        """Every name with its source."""
        return super().names() | self._steps.lasts()


class Border(Scope):
    """The scope of a pipeline that runs as a whole: it is handed what it takes from outside.

    ``given`` and ``files`` become the values and the putters of files that it takes; ``before``
    says whether a step outside has ended when this pipeline starts, and not by chance; ``again``
    are globs of what it has put itself when it runs again.
    """

    def __init__(
        self, outside: Scope, before: Callable[[str], bool], again: Iterable[str] = ()
    ) -> None:
        super().__init__(outside)
        self._again = Puts()
        self._again.add("", again)
        self._outside = outside
        self._before = before
        self.given: dict[str, Source] = {}
        self.files: dict[str, None] = {}

    def _find_around(self, name: str) -> Source | None:
        return self.take(name)

    def _names_around(self) -> dict[str, Source]:
        return self.outside()

    def take(self, name: str) -> Source | None:
        """The value of a name outside, as one that is given from now on."""
        source = self._outside.find(name)
        if source is None or isinstance(source, Stored):
            return source
        self.given[name] = source
        return _given(name, source)

    def has_files(self, pattern: str) -> bool:
        """Whether it is given files that may match; those who put them are noted."""
        found = [path for path in self._outside.putters(pattern) if self._is_before(path)]
        self.files |= dict.fromkeys(found)
        return bool(found or self._again.find(pattern))

    def outside(self) -> dict[str, Source]:
        """The names outside that are there for certain, none of them taken."""
        return {
            name: source if isinstance(source, Stored) else _given(name, source)
            for name, source in self._outside.names().items()
            if not isinstance(source, Output) or self._before(source.step)
        }

    def _is_before(self, path: str) -> bool:
        return not path or self._before(path)


def _given(name: str, source: Source) -> Given:
    kind = source.kind if isinstance(source, Output | Given) else Kind.JSON
    return Given(name, kind, getattr(source, "certain", True))
