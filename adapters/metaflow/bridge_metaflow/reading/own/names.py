"""The names for which the attributes of a flow stand, and what its expressions are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from bridge.emit.names import identifier
from bridge.recover.source import called, comment_of
from bridge.recover.values import Values
from bridge.values import At, Fact, Input
from bridge_metaflow.reading.graph import FlowStep
from bridge_metaflow.reading.idioms import attribute
from bridge_metaflow.reading.text import Module

__all__ = ["OWN", "Names", "about", "assigned", "code", "localised"]

OWN = "self_"
"""How the variables begin that stand for attributes, where code is read as if it had none."""

_ITEM = re.compile(r"One task for each '(.*)'\.", re.DOTALL)
_COUNTED = re.compile(r".* times at most, counted as '(.*)'\.", re.DOTALL)
_NOW = "datetime.now(timezone.utc).isoformat()"


def about(step: FlowStep) -> str:
    """The docstring of a step."""
    return ast.get_docstring(step.function) or ""


def assigned(statement: ast.AST) -> tuple[str, ast.expr] | None:
    """The attribute that a statement sets, and to what."""
    if isinstance(statement, ast.Assign) and (name := attribute(statement.targets[0])):
        return name, statement.value
    return None


@dataclass
class Names:
    """``of`` are the names in the pipeline by attribute, where they differ; ``dates`` attributes
    that hold the time at which the run began."""

    of: dict[str, str] = field(default_factory=dict)
    dates: set[str] = field(default_factory=set)
    _known: dict[str, None] = field(default_factory=dict)

    def learn(self, steps: Iterable[FlowStep], module: Module, by_name: Mapping[str, Any]) -> None:
        """Find out the names of attributes from all places that tell them."""
        found = list(steps)
        for step in found:
            self._of_values(step)
            self._of_comments(step, module)
        for step in found:
            if step.next.over and (match := _ITEM.fullmatch(about(step))):
                for statement in by_name[step.next.targets[0]].body:
                    said = assigned(statement)
                    if said and attribute(said[1]) == "input":
                        self.of[said[0]] = match[1]
            if match := _COUNTED.fullmatch(about(step)):
                said = next(filter(None, map(assigned, step.body)), None)
                if said:
                    self.of[said[0]] = match[1]
        for node in (n for step in found for s in step.body for n in ast.walk(s)):
            if own := attribute(node) if isinstance(node, ast.Attribute) else "":
                self.of.setdefault(own, self._likely(own))

    def _likely(self, own: str) -> str:
        """The name after which an attribute is called that is never set."""
        taken = {*self.of.values()}
        free = (name for name in self._known if name not in taken)
        return next((n for n in free if identifier(n, ascii_only=True) == own), own)

    def _of_values(self, step: FlowStep) -> None:
        statements = [localised(s) for s in step.body if not isinstance(s, ast.Delete)]
        found = Values(statements, lambda node: None, {})
        self._known |= dict.fromkeys(found.names.values())
        for variable, name in found.names.items():
            if variable.startswith(OWN):
                self.of.setdefault(variable.removeprefix(OWN), name)
        for statement in step.body:
            said = assigned(statement)
            if said and ast.unparse(said[1]) == _NOW:
                self.dates.add(said[0])

    def _of_comments(self, step: FlowStep, module: Module) -> None:
        """``self.a_b = thing  # 'a b'``"""
        for statement in (n for s in step.body for n in ast.walk(s) if isinstance(n, ast.Assign)):
            target = statement.targets[0]
            parts = target.elts if isinstance(target, ast.Tuple) else [target]
            line = module.lines[(statement.end_lineno or 1) - 1]
            match = re.search(r"  # (('|\").*\2)\s*$", line)
            if match and all(map(attribute, parts)):
                names = ast.literal_eval(f"[{match[1]}]")
                own = [attribute(part) for part in parts]
                if len(own) == len(names):
                    self.of |= dict(zip(own, names, strict=True))

    def name(self, own: str) -> str:
        """The name for which an attribute stands."""
        return self.of.get(own, own)

    @property
    def variables(self) -> dict[str, str]:
        """The same for code in which attributes are variables."""
        return {f"{OWN}{own}": name for own, name in self.of.items()}

    def input(self, node: ast.expr, item: str = "") -> Input | None:
        """What an expression is, if it is something of the flow; ``item`` is that of the map."""
        own = attribute(node)
        if own == "input":
            return At(item)
        if own:
            return Fact("logical_date") if own in self.dates else At(self.name(own))
        if isinstance(node, ast.Call) and called(node) == "getattr":
            return At(self.name(ast.literal_eval(node.args[1])))
        text = ast.unparse(node)
        if text == "current.run_id":
            return Fact("run_id")
        if text == "current.retry_count + 1":
            return Fact("attempt")
        return None


def code(body: Iterable[ast.stmt]) -> list[ast.stmt]:
    """The statements without imports, comments and docstrings."""
    return [
        s
        for s in body
        if not isinstance(s, ast.Import | ast.ImportFrom | ast.Pass)
        and not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))
        and comment_of(s) is None
    ]


def localised(statement: ast.stmt) -> ast.stmt:
    """The statement with variables for the attributes that it sets."""
    found: ast.stmt = _Localising().visit(deepcopy(statement))
    return found


class _Localising(ast.NodeTransformer):
    def visit_Attribute(self, node: ast.Attribute) -> Any:
        if isinstance(node.ctx, ast.Store) and (own := attribute(node)):
            return ast.Name(f"{OWN}{own}", ast.Store())
        return self.generic_visit(node)

    def visit_If(self, node: ast.If) -> Any:
        """``if x is not ABSENT: self.x = x`` sets it all the same."""
        test, body = ast.unparse(node.test), node.body
        if len(body) == 1 and assigned(body[0]) and test.endswith("is not ABSENT"):
            return self.visit(body[0])
        return self.generic_visit(node)
