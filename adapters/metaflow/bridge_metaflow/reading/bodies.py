"""The text of a step's function: its body as the user wrote it, with names in place of ``self.x``.

Where that cannot be done safely the body keeps its ``self``, a namespace with what it reads.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from bridge_metaflow.reading.calls import PlainCall, plain_call
from bridge_metaflow.reading.graph import FlowStep
from bridge_metaflow.reading.plain import Plain
from bridge_metaflow.reading.rewrite import UnclearError
from bridge_metaflow.reading.structure import Again, Do
from bridge_metaflow.reading.whole import Whole
from bridge_metaflow.reading.writing import Writing, Written

__all__ = ["Bodies"]


@dataclass
class Bodies(Writing):
    """Writes the functions; ``caught`` are steps of which a failure is, by what and after how many
    attempts more."""

    caught: dict[str, tuple[str, int]] = field(default_factory=dict)

    def write(self, do: Do, again: Again | None) -> Written | None:
        """The function of a step, or None where it does nothing."""
        step, use = do.step, self.all.uses.of[do.step.name]
        if self._does_nothing(do):
            return None
        if (
            call := None
            if again and not self._counted(step)
            else plain_call(self.all, do, self.gone(do))
        ):
            return self._direct(step, call)
        parts = (self.all, self.functions, self.constants)
        whole = Whole(*parts)
        reason = next((why for _, why in use.whole), "")
        if step.name in self.caught:
            return whole.catching(do, again, self.caught[step.name])
        if not reason:
            try:
                return Plain(*parts).write(do, again)
            except UnclearError as error:
                reason = str(error)
        return whole.write(do, again, reason)

    def _counted(self, step: FlowStep) -> bool:
        return step.name in self.all.uses.idioms.counted

    def _direct(self, step: FlowStep, call: PlainCall) -> Written:
        """The user's own function as it is; one of the flow's file stands in the new module."""
        own = any(module is call.found.module for module, _ in self.all.uses.source.classes)
        found = Written(step, call.found.node.name, "", call.signature, task=call.task)
        found.reference = "" if own else call.found.reference
        return found

    def _does_nothing(self, do: Do) -> bool:
        step = do.step
        gone = self.gone(do)
        left = [s for s in step.body if s not in gone and not _is_nothing(s)]
        versions, fan = (
            self.all.versions,
            next((e for e in self.all.uses.splits if e.split is step), None),
        )
        numbers = fan is not None and self.all.uses.by_number(fan)
        return not (
            left
            or versions.outputs[step.name]
            or numbers
            or (step.next.condition and (step.name in step.next.targets))
        )


def _is_nothing(statement: ast.stmt) -> bool:
    constant = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return isinstance(statement, ast.Pass) or constant
