"""A body with ``self.x`` written as ``x``."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from bridge_metaflow.reading.current import is_current
from bridge_metaflow.reading.functions import Signature, signature
from bridge_metaflow.reading.graph import FlowStep, is_self
from bridge_metaflow.reading.inputs import Inputs
from bridge_metaflow.reading.reach import Slot
from bridge_metaflow.reading.rewrite import Rewriting, bound
from bridge_metaflow.reading.structure import Again, Do
from bridge_metaflow.reading.writing import Writing, Written, returned

__all__ = ["Plain"]


class Plain(Writing):
    """Writes such functions."""

    def write(self, do: Do, again: Again | None) -> Written:
        """The function of a step. Raises UnclearError where its names cannot be told apart."""
        step, uses = do.step, self.all.uses
        used = self.used_names(step) - {"self", step.inputs}
        shared = {n for n in uses.of[step.name].loads if self._can_share(step, n)}
        kept = self._kept_variables(step)
        shared |= kept.keys()
        found = signature(self.all, step.name, used - shared, again)
        inputs = Inputs(self.all, do, found)
        rewriting = Rewriting(
            step.module,
            step.function,
            replace=lambda node: self._replaced(node, step, found, inputs),
            call=lambda node: self.called(node, found),
            gone=self.gone(do) | set(kept.values()),
            instead=self.instead(do, inputs),
            tail=step.function.body[-1] if step.next.call else None,
            returns=returned([o.text for o in found.outputs]),
            early=step.next.call is None,
        )
        starts = self.all.versions.starts.get(step.name, ())
        preamble = [f"{found.own[name]} = None" for name in sorted(starts) if name in found.own]
        preamble += [*self._configurations(found), *self._item(step, found), *inputs.preamble()]
        text = self.text(rewriting, found, preamble)
        name = self.functions[step.name]
        return Written(step, name, text, found, helpers=[*uses.of[step.name].helpers])

    def _kept_variables(self, step: FlowStep) -> dict[str, ast.stmt]:
        """Statements ``self.x = x`` behind which neither is touched: the variable will do."""
        use = self.all.uses.of[step.name]
        found: dict[str, ast.stmt] = {}
        for number, statement in enumerate(step.body):
            if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
                continue
            target, value = statement.targets[0], statement.value
            if not (isinstance(target, ast.Attribute) and is_self(target.value)):
                continue
            name = target.attr
            if not isinstance(value, ast.Name) or value.id != name or name in use.loads:
                continue
            rest = [s for i, s in enumerate(step.body) if i != number]
            later = {n for s in step.body[number + 1 :] for n in bound(s)}
            if not _reads(rest, name) and name not in later and name in use.certain:
                found[name] = statement
        return found

    def _can_share(self, step: FlowStep, name: str) -> bool:
        """Whether a variable of the same name is set from the attribute, which then has served."""
        use = self.all.uses.of[step.name]
        if name in use.sets or name in use.changes or name in use.helpers:
            return False
        for number, statement in enumerate(step.body):
            target = statement.targets[0] if isinstance(statement, ast.Assign) else None
            if isinstance(target, ast.Name) and target.id == name:
                before = [*step.body[:number]]
                after = [*step.body[number + 1 :]]
                assert isinstance(statement, ast.Assign)
                free = not _mentions(before, name) and not _mentions([statement.value], name)
                return free and not _reads(after, name) and _reads([statement.value], name)
        return False

    def _replaced(
        self, node: ast.AST, step: FlowStep, found: Signature, inputs: Inputs
    ) -> str | None:
        if new := inputs.replaced(node):
            return new
        if is_current(node, step.module):
            return self.fact(node, step, found)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "self.foreach_stack":
            return self.stack(step, found)
        if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)):
            return None
        name = node.attr
        if node.value.id == self.all.uses.source.name and name in self.constants:
            return self.constants[name]
        if not is_self(node.value):
            return None
        if name in self.constants:
            return self.constants[name]
        if name == "input":
            return self._input(step, found)
        if name == "index":
            each = self.all.innermost(step.name)
            return found.arguments[("number", each.split.name)].name if each else "None"
        if name in self.all.uses.of[step.name].helpers:
            return self.property_call(name, found)
        return found.own.get(name) or name

    def _configurations(self, found: Signature) -> Iterator[str]:
        """Configurations are read by attributes as well as by keys."""
        for name, variable in found.own.items():
            if self.is_configuration(name):
                yield f"{variable} = Configuration({variable})"

    # Items

    def _item(self, step: FlowStep, found: Signature) -> Iterator[str]:
        each = self.all.innermost(step.name)
        use = self.all.uses.of[step.name]
        if each and "input" in use.special and self.all.uses.by_number(each):
            split, over = each.split.name, each.split.next.over
            items = found.arguments[Slot("items", over, split)].name
            number = found.arguments[("number", split)].name
            yield f"{self._input(step, found)} = {items}[{number}]"

    def _input(self, step: FlowStep, found: Signature) -> str:
        each = self.all.innermost(step.name)
        if not each:
            return "None"
        split, over = each.split.name, each.split.next.over
        if ("item", split) in found.arguments:
            return found.arguments[("item", split)].name
        if "input" not in found.own:
            found.own["input"] = found.variable(self.all.names.item(split, over))
        return found.own["input"]


def _mentions(nodes: list[ast.stmt] | list[ast.expr], name: str) -> bool:
    return any(
        (isinstance(n, ast.Name) and n.id == name) or (isinstance(n, ast.arg) and n.arg == name)
        for node in nodes
        for n in ast.walk(node)
    )


def _reads(nodes: list[ast.stmt] | list[ast.expr], name: str) -> bool:
    return any(
        isinstance(n, ast.Attribute) and is_self(n.value) and n.attr == name
        for node in nodes
        for n in ast.walk(node)
    )
