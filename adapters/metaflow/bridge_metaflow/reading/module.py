"""``functions.py``: the functions of the steps, and what they need of the user's modules."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bridge.emit.python import imports
from bridge_metaflow.reading.rewrite import bound, loaded
from bridge_metaflow.reading.source import FlowSource
from bridge_metaflow.reading.text import Module

__all__ = ["Needed", "bound_at_top", "module_text"]

_MADE = {
    "agreed": '''def agreed(name, values):
    """The value that all branches have; as when Metaflow merges, it is an error if they differ."""
    first, *others = values
    if any(pickle.dumps(other) != pickle.dumps(first) for other in others):
        raise ValueError(f"'{name}' is not the same in all branches; set it in the join")
    return first
''',
    "Inputs": '''class Inputs(list):
    """What branches have made, in their order and by the names of their last steps."""

    def __init__(self, **branches):
        super().__init__(branches.values())
        vars(self).update(branches)
''',
    "Configuration": '''class Configuration(dict):
    """A mapping of which the keys are attributes too."""

    def __getattr__(self, name):
        if name not in self:
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, key):
        value = super().__getitem__(key)
        return Configuration(value) if type(value) is dict else value
''',
    "present": '''def present(**values):
    """A namespace of those values that are there; None stands for one that is not."""
    return SimpleNamespace(**{name: value for name, value in values.items() if value is not None})
''',
    "caught": '''def caught(failure):
    """What is kept of a failure that does not end the run."""
    kind = type(failure)
    return SimpleNamespace(type=f"{kind.__module__}.{kind.__name__}", exception=str(failure))
''',
}
_IMPORTED = {
    "SimpleNamespace": "from types import SimpleNamespace",
    "partial": "from functools import partial",
    "pickle": "import pickle",
    "Path": "from pathlib import Path",
    "print_exception": "from traceback import print_exception",
}


def bound_at_top(module: Module) -> dict[str, ast.stmt]:
    """What the top of a module binds, by name."""
    found: dict[str, ast.stmt] = {}
    for statement in module.tree.body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            found[statement.name] = statement
        elif not _is_guard(statement):
            found |= dict.fromkeys(bound(statement), statement)
    return found


def _is_guard(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and "__name__" in ast.unparse(statement.test)


@dataclass
class Needed:
    """What is taken over from the modules of the flow.

    ``flow_used`` are places at which the flow's own class is used, ``effects`` statements that do
    something when a module is loaded, ``twice`` names that two modules bind. ``classes`` are those
    that were copied.
    """

    source: FlowSource
    constants: Mapping[str, str]
    imports: set[str] = field(default_factory=set)
    chosen: dict[ast.stmt, Module] = field(default_factory=dict)
    class_constants: set[str] = field(default_factory=set)
    made: dict[str, None] = field(default_factory=dict)
    flow_used: list[tuple[Module, ast.AST]] = field(default_factory=list)
    effects: list[tuple[Module, ast.stmt]] = field(default_factory=list)
    twice: dict[str, Module] = field(default_factory=dict)
    classes: list[str] = field(default_factory=list)
    _by_name: dict[str, tuple[Module, ast.stmt]] = field(default_factory=dict)
    _own: dict[str, str] = field(default_factory=dict)

    def add(self, text: str, module: Module) -> None:
        """Take over what a function needs that was made of a method of this module."""
        for function in ast.parse(text).body:
            own = _bound_inside(function)
            for name in loaded([function]):
                if name not in own:
                    self.name(name, module)

    def name(self, name: str, module: Module) -> None:
        """Take over what a name stands for."""
        at_top = bound_at_top(module)
        if name in self._own:
            pass
        elif name in at_top:
            self._statement(name, at_top[name], module)
        elif constant := next((c for c, new in self.constants.items() if new == name), ""):
            self._constant(constant)
        elif name in _MADE and name not in self.made:
            self.made.setdefault(name)
            for inner in loaded([ast.parse(_MADE[name])]):
                self.name(inner, module)
        elif name in _IMPORTED:
            self.imports.add(_IMPORTED[name])

    def own(self, names: Iterable[str]) -> None:
        """These are functions that were made of methods."""
        self._own |= dict.fromkeys(names, "")

    def _constant(self, name: str) -> None:
        if name not in self.class_constants:
            self.class_constants.add(name)
            member = self.source.members[name]
            for inner in loaded([member.value]) if member.value else ():
                self.name(self.constants.get(inner, inner), member.module)

    def _statement(self, name: str, statement: ast.stmt, module: Module) -> None:
        known = self._by_name.setdefault(name, (module, statement))
        if isinstance(statement, ast.Import | ast.ImportFrom):
            self.imports.add(_import(name, statement, module))
            return
        if known[1] is not statement:
            self.twice[name] = module
            return
        if statement in self.chosen:
            return
        if isinstance(statement, ast.ClassDef) and any(
            node is statement for _, node in self.source.classes
        ):
            self.flow_used.append((module, statement))
            return
        self.chosen[statement] = module
        if isinstance(statement, ast.ClassDef):
            self.classes.append(statement.name)
        own = _bound_inside(statement) if isinstance(statement, ast.FunctionDef) else set()
        for inner in loaded([statement]):
            if inner != name and inner not in own:
                self.name(inner, module)

    def take_effects(self, modules: Iterable[Module]) -> None:
        """Take over what modules do when they are loaded."""
        for module in modules:
            for statement in module.tree.body[1 if ast.get_docstring(module.tree) else 0 :]:
                if _is_guard(statement) or not isinstance(
                    statement, ast.Expr | ast.If | ast.For | ast.With | ast.Try | ast.Assign
                ):
                    continue
                if isinstance(statement, ast.Assign) and any(
                    isinstance(t, ast.Name | ast.Tuple) for t in statement.targets
                ):
                    continue
                if bound(statement) and not _calls(statement):
                    continue
                self.effects.append((module, statement))
                self.chosen[statement] = module
                for inner in loaded([statement]):
                    self.name(inner, module)


def _bound_inside(function: ast.AST) -> set[str]:
    """The names that are a function's own; those of comprehensions may be others' too."""
    inner = [n for n in ast.walk(function) if isinstance(n, ast.comprehension)]
    shared = {name for part in inner for name in bound(part.target)}
    return bound(function) - shared


def _calls(statement: ast.stmt) -> bool:
    return any(isinstance(n, ast.Call) for n in ast.walk(statement))


def _import(name: str, statement: ast.Import | ast.ImportFrom, module: Module) -> str:
    """The import of one name alone."""
    for alias in statement.names:
        known = alias.asname or alias.name
        if isinstance(statement, ast.Import):
            if known.partition(".")[0] == name:
                return f"import {alias.name}" + (f" as {alias.asname}" if alias.asname else "")
        elif known == name:
            source = module.imported[name][0]
            renamed = f" as {alias.asname}" if alias.asname else ""
            return f"from {source} import {alias.name}{renamed}"
    return ast.unparse(statement)


def module_text(needed: Needed, doc: str, helpers: Sequence[str], functions: Sequence[str]) -> str:
    """The whole module: imports, what was taken over, helpers, the steps in their order."""
    future = any(
        isinstance(s, ast.ImportFrom) and s.module == "__future__"
        for m, _ in needed.source.classes
        for s in m.tree.body
    )
    lines = [doc, ""]
    lines += ["from __future__ import annotations", ""] if future else []
    own = {line for line in needed.imports if "__future__" not in line}
    lines += [*_sorted_imports(own, needed.source), ""]
    parts = [text for _, text in sorted(_taken(needed), key=lambda pair: pair[0])]
    parts += [_MADE[name] for name in needed.made]
    return "\n".join([*lines, *parts, *(f"\n{text}" for text in (*helpers, *functions))])


def _sorted_imports(lines: set[str], source: FlowSource) -> list[str]:
    import sys

    def group(line: str) -> int:
        top = line.split()[1].partition(".")[0]
        return 0 if top in sys.stdlib_module_names else 2 if source.find(top) else 1

    found: list[str] = []
    for number in range(3):
        part = imports(line for line in lines if group(line) == number)
        found += [*([""] if found and part else []), *part]
    return found


def _taken(needed: Needed) -> Iterator[tuple[tuple[int, int], str]]:
    """What was taken over with its place: the modules that others build on come first."""
    order = {id(module): -number for number, (module, _) in enumerate(needed.source.classes)}
    for statement, module in needed.chosen.items():
        first = min(
            [statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", ()))]
        )
        start = module.line_start(first)
        text = module.text[start : module.span(statement)[1]]
        above = module.comments_above(first)
        yield (order.get(id(module), -99), first), "\n".join([*above, text]) + "\n"
    for name in needed.class_constants:
        member = needed.source.members[name]
        above = member.module.comments_above(member.node.lineno)
        value = member.value and _renamed(member.value, needed.constants, member.module)
        text = f"{needed.constants[name]} = {value}\n"
        yield (order.get(id(member.module), -99), member.node.lineno), "\n".join([*above, text])


def _renamed(value: ast.expr, constants: Mapping[str, str], module: Module) -> str:
    """The value of a constant, which may use others of its class."""
    if not any(constants.get(n, n) != n for n in loaded([value])):
        return module.source(value)
    tree = ast.parse(module.source(value), mode="eval")
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = constants.get(node.id, node.id)
    return ast.unparse(tree)
