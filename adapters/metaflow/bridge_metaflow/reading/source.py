"""A flow as it is written: its class, those it builds on, and what they hold."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bridge.errors import SourceError
from bridge_metaflow.reading.text import Module, parse

__all__ = ["FlowSource", "Member", "load"]

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Member:
    """Something in the body of a class, and the module in which it stands."""

    name: str
    node: ast.stmt
    module: Module

    @property
    def function(self) -> ast.FunctionDef:
        """The method that it is."""
        assert isinstance(self.node, ast.FunctionDef)
        return self.node

    @property
    def value(self) -> ast.expr | None:
        """What it is set to in the class, if it is."""
        if isinstance(self.node, ast.AnnAssign):
            return self.node.value
        if not isinstance(self.node, ast.Assign):
            return None
        target, value = self.node.targets[0], self.node.value
        if isinstance(target, ast.Tuple | ast.List) and isinstance(value, ast.Tuple | ast.List):
            for one, part in zip(target.elts, value.elts, strict=False):
                if isinstance(one, ast.Name) and one.id == self.name:
                    return part
        return value


@dataclass(eq=False)
class FlowSource:
    """A flow: its ``members`` by name, each as the first class of ``classes`` that has it says.

    ``modules`` are all files of the user that were looked into, by the name to import them.
    """

    module: Module
    node: ast.ClassDef
    classes: list[tuple[Module, ast.ClassDef]]
    members: dict[str, Member] = field(default_factory=dict)
    modules: dict[str, Module] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the class."""
        return self.node.name

    @property
    def folder(self) -> Path:
        """Where the flow's file is."""
        return self.module.path.parent

    def find(self, name: str) -> Module | None:
        """The user's module of this name, if it stands beside the flow."""
        if name not in self.modules:
            at = self.folder.joinpath(*name.split("."))
            path = next(
                (p for p in (at.with_suffix(".py"), at / "__init__.py") if p.is_file()), None
            )
            if path is None:
                return None
            shown = str(Path(self.module.shown).parent / path.relative_to(self.folder))
            self.modules[name] = parse(path, shown, name)
        return self.modules[name]


def load(path: Path, wanted: str = "") -> FlowSource:
    """The flow in a file: the one wanted, else the one that the file runs, else the only one.

    Raises SourceError.
    """
    module = parse(path, str(path), path.stem)
    found = FlowSource(module, ast.ClassDef("", [], [], [], []), [], modules={path.stem: module})
    flows = {n.name: n for n in _classes(module) if _is_flow(found, module, n)}
    found.node = flows[_chosen(flows, module, wanted)]
    found.classes = list(_line(found, module, found.node))
    for owner, node in found.classes:
        for name, statement in _members(node):
            found.members.setdefault(name, Member(name, statement, owner))
    return found


def _chosen(flows: dict[str, ast.ClassDef], module: Module, wanted: str) -> str:
    if wanted:
        if wanted in flows:
            return wanted
        there = f"; there are {', '.join(flows)}" if flows else ""
        raise SourceError(f"'{module.shown}' has no flow '{wanted}'{there}")
    if not flows:
        raise SourceError(f"'{module.shown}' has no class that is a FlowSpec")
    run = [name for name in _run(module) if name in flows]
    left = run or [name for name in flows if not _is_base(name, flows)]
    if len(left) != 1:
        raise SourceError(
            f"'{module.shown}' has several flows ({', '.join(flows)}); name one: "
            f"{Path(module.shown).name}:{next(iter(flows))}"
        )
    return left[0]


def _run(module: Module) -> Iterator[str]:
    """The names of what the module calls when it is run as a program."""
    for statement in module.tree.body:
        if isinstance(statement, ast.If) and "__name__" in ast.unparse(statement.test):
            for node in ast.walk(statement):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    yield node.func.id


def _is_base(name: str, flows: dict[str, ast.ClassDef]) -> bool:
    return any(isinstance(b, ast.Name) and b.id == name for n in flows.values() for b in n.bases)


def _classes(module: Module) -> Iterator[ast.ClassDef]:
    return (node for node in module.tree.body if isinstance(node, ast.ClassDef))


def _is_flow(source: FlowSource, module: Module, node: ast.ClassDef) -> bool:
    return any(
        _is_spec(module, base) or (found is not None and _is_flow(source, *found))
        for base in node.bases
        for found in [_base(source, module, base)]
    )


def _is_spec(module: Module, base: ast.expr) -> bool:
    name = base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")
    return name == "FlowSpec" or module.metaflow.get(name) == "FlowSpec"


def _base(source: FlowSource, module: Module, base: ast.expr) -> tuple[Module, ast.ClassDef] | None:
    """The class of the user that a base is, in this module or in one beside it."""
    if isinstance(base, ast.Name):
        own = next((n for n in _classes(module) if n.name == base.id), None)
        if own:
            return module, own
        target = module.imported.get(base.id)
    elif isinstance(base, ast.Attribute) and isinstance(base.value, ast.Name):
        target = (module.imported.get(base.value.id, ("", ""))[0], base.attr)
    else:
        return None
    other = source.find(target[0]) if target and target[0] else None
    if other is None or other is module or target is None:
        return None
    own = next((n for n in _classes(other) if n.name == target[1]), None)
    return (other, own) if own else None


def _line(
    source: FlowSource, module: Module, node: ast.ClassDef
) -> Iterator[tuple[Module, ast.ClassDef]]:
    """A class and those that it builds on, in the order in which Python looks into them."""
    seen: list[tuple[Module, ast.ClassDef]] = []
    todo = [(module, node)]
    while todo:
        owner, one = todo.pop(0)
        seen = [pair for pair in seen if pair[1] is not one] + [(owner, one)]
        found = [_base(source, owner, base) for base in one.bases]
        todo = [pair for pair in found if pair] + todo
        for base, known in zip(one.bases, found, strict=True):
            if known is None and not _is_spec(owner, base) and ast.unparse(base) != "object":
                where = owner.where(base)
                raise SourceError(
                    f"the base class '{ast.unparse(base)}' of '{one.name}' is not in a file "
                    f"beside the flow, so what it holds is not known ({where})"
                )
    return iter(seen)


def _members(node: ast.ClassDef) -> Iterator[tuple[str, ast.stmt]]:
    """What a class holds by name; of a name that is bound twice the last counts."""
    found: dict[str, ast.stmt] = {}
    for statement in node.body:
        if isinstance(statement, Function | ast.ClassDef):
            found[statement.name] = statement
        elif isinstance(statement, ast.Assign):
            for target in statement.targets:
                found |= {n.id: statement for n in ast.walk(target) if isinstance(n, ast.Name)}
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            found[statement.target.id] = statement
    return iter(found.items())
