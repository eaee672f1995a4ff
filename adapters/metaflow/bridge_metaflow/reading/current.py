"""What a step is told of its run by Metaflow's ``current``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from bridge_metaflow.reading.text import Module
from bridge_metaflow.reading.uses import Uses

__all__ = ["FACTS", "Asked", "asked", "facts", "is_current"]

FACTS = {"run_id": ("run_id", "run_id"), "retry_count": ("attempt", "(attempt - 1)")}
"""The facts of a run that serve for what ``current`` has, and how they are written."""


@dataclass(frozen=True)
class Asked:
    """A use of ``current``, in the method of a step or in one that it calls."""

    node: ast.Attribute
    module: Module

    @property
    def name(self) -> str:
        """What is asked for."""
        return self.node.attr


def is_current(node: ast.AST, module: Module) -> bool:
    """Whether a node is an attribute of ``current``."""
    if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
        return False
    return module.metaflow.get(node.value.id) == "current"


def asked(uses: Uses, step: str) -> Iterator[Asked]:
    """All that a step and the methods that it calls ask for."""
    own = uses.steps[step]
    bodies = [(own.function, own.module)]
    for name in uses.of[step].helpers:
        member = uses.source.members.get(name)
        if member and isinstance(member.node, ast.FunctionDef) and name not in uses.steps:
            bodies.append((member.node, member.module))
    for function, module in bodies:
        for node in ast.walk(function):
            if is_current(node, module):
                assert isinstance(node, ast.Attribute)
                yield Asked(node, module)


def facts(uses: Uses, step: str) -> list[str]:
    """The facts of the run that a step needs."""
    return list(dict.fromkeys(FACTS[a.name][0] for a in asked(uses, step) if a.name in FACTS))
