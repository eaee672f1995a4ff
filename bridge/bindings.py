"""Where each argument of a task gets its value from, and whose files it may get."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bridge.model import PythonTask, Step, Task
from bridge.nodes import Read, files_of
from bridge.scope import Output, Scope, Source
from bridge.signatures import Argument, Signature
from bridge.values import At, Kind

__all__ = ["PERHAPS", "Before", "Bindings"]

Before = Callable[[str], bool]
"""Whether the step at a path has ended when another starts, and not by chance."""

PERHAPS = "which is set only on some ways through the pipeline"


class Bindings:
    """What a task reads in a scope; ``tell`` is told what cannot be."""

    def __init__(
        self, task: Task, scope: Scope, before: Before, tell: Callable[[str, Step], None]
    ) -> None:
        self._task = task
        self._scope = scope
        self._before = before
        self._tell = tell

    def reads(self, found: Signature) -> Iterator[Read]:
        """The source of each argument that has one."""
        given, scope = self._task.bindings, self._scope
        taken = set()
        for argument in found.arguments:
            asked = given.get(argument.name) or At(argument.name)
            if not isinstance(asked, At):
                yield Read(argument, asked)
                continue
            taken.add(asked.name)
            source = scope.find(asked.name)
            if source and self._fits(argument, asked, source):
                yield Read(argument, source, asked.path)
            elif source:
                continue
            elif argument.required or argument.name in given:
                self._nobody_produces(argument, asked)
        if found.rest:
            taken |= {argument.name for argument in found.arguments}
            yield from self._rest(taken)

    def _fits(self, argument: Argument, asked: At, source: Source) -> bool:
        """Whether a value may go where it is asked for; only functions take objects."""
        task = self._task
        is_sure = not argument.required or getattr(source, "certain", True)
        if is_sure and getattr(source, "kind", None) is not Kind.PICKLED:
            return True
        what = f"argument '{argument.name}' of '{task.name}' reads '{asked.name}'"
        if not is_sure:
            self._problem(f"{what}, {PERHAPS}; give the argument a default")
        elif asked.path:
            self._problem(f"{what}, an object into which no path leads; return that part as JSON")
        elif isinstance(task, PythonTask):
            return True
        elif argument.name in task.bindings:
            self._problem(f"{what}, an object; a command or a notebook takes JSON only")
        return False

    def _rest(self, taken: set[str]) -> Iterator[Read]:
        """What ``**kwargs`` receives: its inputs, then all JSON names not otherwise consumed."""
        task, scope = self._task, self._scope
        named = {name for name in task.bindings if name not in taken}
        for name in sorted(named):
            yield from self.reads(Signature((Argument(name),)))
        taken |= named | {asked.name for asked in task.bindings.values() if isinstance(asked, At)}
        for name, source in scope.names().items():
            fits = getattr(source, "kind", None) is not Kind.PICKLED
            fits = fits and (not isinstance(source, Output) or self._before(source.step))
            if fits and name not in taken:
                found = scope.find(name)  # a border is told of what is taken
                assert found
                yield Read(Argument(name, required=False), found)

    def _nobody_produces(self, argument: Argument, asked: At) -> None:
        task = self._task
        known = ", ".join(f"'{n}'" for n in sorted(self._scope.names())) or "none"
        what = f"argument '{argument.name}' of '{task.name}'"
        if asked.name != argument.name:
            what += f" reads '{asked.name}', which"
        self._problem(
            f"{what} is produced by no earlier step and is no parameter; names there: {known}"
        )

    def files_from(self) -> list[str]:
        """The paths of the steps whose files it may get; empty text for those outside."""
        paths: dict[str, None] = {}
        for pattern in files_of(self._task).get:
            found = [p for p in self._scope.putters(pattern) if not p or self._before(p)]
            if not found:
                self._problem(f"'{self._task.name}' gets '{pattern}', which no earlier step puts")
            paths |= dict.fromkeys(found)
        return list(paths)

    def _problem(self, message: str) -> None:
        self._tell(message, self._task)
