"""Turns of phrase that say in several steps what a pipeline says in one.

Metaflow runs no ``foreach`` over nothing, so a switch stands before it; a loop counts its turns; a
conditional chooses its key. Such steps are taken for what they are there for.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.emit.carried import PACKAGE
from bridge.values import At
from bridge_metaflow.reading.graph import FlowStep, Transition, is_self

__all__ = ["Chosen", "Counted", "Idioms", "at", "called", "find", "split_names"]


@dataclass(frozen=True)
class Chosen:
    """What a conditional goes by: an attribute, or a place in it, and its keys."""

    on: At
    keys: tuple[Any, ...]
    default: bool


@dataclass(frozen=True)
class Counted:
    """A loop that counts: its name, its limit, and what ends it before."""

    name: str
    most: int
    until: str
    index: str


@dataclass
class Idioms:
    """What was found, by step; ``absorbed`` are steps that are now part of another."""

    chosen: dict[str, Chosen] = field(default_factory=dict)
    counted: dict[str, Counted] = field(default_factory=dict)
    over: dict[str, At] = field(default_factory=dict)
    items: dict[str, str] = field(default_factory=dict)
    absorbed: list[tuple[FlowStep, str]] = field(default_factory=list)


def find(steps: dict[str, FlowStep]) -> Idioms:
    """Find them, and take the steps that are absorbed out of ``steps``."""
    found = Idioms()
    for step in [*steps.values()]:
        _drops(step)
        if step.name in steps and step.next.condition:
            if step.name in step.next.targets:
                _count(step, found)
            elif not _guard(step, steps, found):
                _choose(step, found)
    return found


# Pieces


def attribute(node: ast.AST | None) -> str:
    """The name of the attribute of self that a node is, or empty text."""
    return node.attr if isinstance(node, ast.Attribute) and is_self(node.value) else ""


def at(node: ast.expr) -> At | None:
    """An attribute of self, or a place in it that literals lead to."""
    path: list[str | int] = []
    while isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        if not isinstance(node.slice.value, str | int):
            return None
        path.insert(0, node.slice.value)
        node = node.value
    return At(attribute(node), tuple(path)) if attribute(node) else None


def called(node: ast.AST | None, name: str) -> ast.Call | None:
    """The call of this function, if the node is one."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
        return node
    return None


def _assigned(statement: ast.stmt) -> tuple[str, ast.expr] | None:
    """The attribute that a statement sets, and to what."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        name = attribute(statement.targets[0])
        return (name, statement.value) if name else None
    return None


def _helping(step: FlowStep) -> list[ast.stmt]:
    """The imports of what flows carry along."""
    return [
        s
        for s in step.body
        if isinstance(s, ast.ImportFrom) and (s.module or "").partition(".")[0] == PACKAGE
    ]


def _drops(step: FlowStep) -> None:
    """``for name in [...]: vars(self).pop(name, None)`` lets values go on as they were stored."""
    for statement in step.body:
        if isinstance(statement, ast.For) and isinstance(statement.iter, ast.List):
            names = [e.value for e in statement.iter.elts if isinstance(e, ast.Constant)]
            if ast.unparse(statement.body[0]) == "vars(self).pop(name, None)":
                step.hidden.add(statement)
                step.dropped.update(map(str, names))


# Maps


def _guard(step: FlowStep, steps: dict[str, FlowStep], found: Idioms) -> bool:
    """A switch that leads to a foreach, or where there is nothing to the same with empty lists."""
    cases = dict(step.next.cases)
    if set(cases) != {True, False} or not step.body:
        return False
    last = _assigned(step.body[-1])
    asked = called(last[1], "bool") if last and last[0] == step.next.condition else None
    if asked is None or len(asked.args) != 1:
        return False
    each = called(asked.args[0], "each")
    over = attribute(each.args[1] if each and len(each.args) == 2 else asked.args[0])
    fan, empty = steps[cases[True]], steps[cases[False]]
    if (
        not over
        or fan.next.over != over
        or fan.body
        or len(fan.before) > 1
        or len(empty.before) > 1
    ):
        return False
    join = _join_of(fan, steps)
    if join is None or not _same_lists(join, empty):
        return False
    step.hidden |= {step.body[-1], *_helping(step)}
    _taken_from(step, over, found)
    step.next = Transition(fan.next.targets, over=over, call=step.next.call)
    for other, why in ((fan, "the split of the Map"), (empty, "the Map of an empty list")):
        found.absorbed.append((other, why))
        del steps[other.name]
    for target in fan.next.targets:
        steps[target].before[:] = [step if s is fan else s for s in steps[target].before]
    join_next = steps[empty.next.targets[0]]
    join_next.before[:] = [s for s in join_next.before if s is not empty]
    found.items[step.name] = _quoted(fan, r"One task for each '(.*)'\.")
    return True


def _taken_from(step: FlowStep, over: str, found: Idioms) -> None:
    """A list that was only taken out of something to go over it."""
    for statement in step.body:
        said = _assigned(statement)
        place = at(said[1]) if said else None
        if said and said[0] == over and place and place.name not in ("input", "index"):
            step.hidden.add(statement)
            found.over[step.name] = place


def _join_of(fan: FlowStep, steps: Mapping[str, FlowStep]) -> FlowStep | None:
    """The join of a foreach whose items go on one after the other."""
    depth, step = 0, steps[fan.next.targets[0]]
    for _ in range(len(steps)):
        if step.inputs:
            if not depth:
                return step
            depth -= 1
        opens = step.next.over or (len(step.next.targets) > 1 and not step.next.condition)
        depth += bool(opens)
        following = [t for t in step.next.targets if t != step.name]
        if not following:
            return None
        step = steps[following[0]]
    return None


def _same_lists(join: FlowStep, empty: FlowStep) -> bool:
    """Whether a join only makes lists, each of which the other step makes an empty one."""
    made, none = set(), set()
    for statement in join.body:
        said = _assigned(statement)
        if said and isinstance(said[1], ast.ListComp):
            if ast.unparse(said[1].elt).partition(".")[2] != said[0]:
                return False
            made.add(said[0])
        elif "merge_artifacts" not in ast.unparse(statement):
            return False
    for statement in empty.body:
        said = _assigned(statement)
        if not said or not isinstance(said[1], ast.List) or said[1].elts:
            return False
        none.add(said[0])
    return made == none and join.next.targets == empty.next.targets


# Conditionals


def _choose(step: FlowStep, found: Idioms) -> None:
    said = _assigned(step.body[-1]) if step.body else None
    if not said or said[0] != step.next.condition:
        return
    text = called(said[1], "str")
    call = called(text.args[0] if text and text.args else said[1], "choose")
    if call is None or len(call.args) != 3 or not isinstance(call.args[2], ast.List):
        return
    on = at(call.args[1])
    keys = ast.literal_eval(call.args[2])
    default = any(k.arg == "default" for k in call.keywords)
    if on is None or on.name == "input" or len(step.next.cases) != len(keys) + default:
        return
    step.hidden |= {step.body[-1], *_helping(step)}
    found.chosen[step.name] = Chosen(on, tuple(keys), default)


# Loops


def _count(step: FlowStep, found: Idioms) -> None:
    body = [s for s in step.body if not isinstance(s, ast.ImportFrom | ast.Import)]
    if len(body) < 2 or dict(step.next.cases).get(False) != step.name:
        return
    first, last = _assigned(body[0]), _assigned(body[-1])
    if not first or not last or last[0] != step.next.condition:
        return
    index, over = first[0], last[1]
    if ast.unparse(first[1]) != f"getattr(self, '{index}', -1) + 1":
        return
    until = ""
    if isinstance(over, ast.BoolOp) and isinstance(over.op, ast.Or) and len(over.values) == 2:
        ends = called(over.values[0], "bool")
        until = attribute(ends.args[0]) if ends and ends.args else ""
        over = over.values[1] if until else over
    limit = re.fullmatch(rf"self\.{index} == (\d+)", ast.unparse(over))
    if not limit:
        return
    step.hidden |= {body[0], body[-1]}
    name = last[0].removesuffix("_over")
    read = any(
        attribute(n) == index for s in step.body if s not in step.hidden for n in ast.walk(s)
    )
    shown = index if read or index != f"{name}_index" else ""
    found.counted[step.name] = Counted(name, int(limit[1]) + 1, until, shown)


# Names


def _quoted(step: FlowStep, pattern: str) -> str:
    match = re.fullmatch(pattern, ast.get_docstring(step.function) or "", re.DOTALL)
    return match[1] if match else ""


_BRANCHES = re.compile(r"# The branches of (?P<name>'.*'|\".*\"): (?P<keys>.*)\.")


def split_names(step: FlowStep) -> tuple[str, list[str]] | None:
    """The name of what splits and those of its branches, where a comment before it says them."""
    if step.next.call is None:
        return None
    line = step.next.call.lineno
    for text in step.module.comments_above(line):
        if match := _BRANCHES.fullmatch(text):
            try:
                keys = ast.literal_eval(f"[{match['keys']}]")
                if len(keys) == len(step.next.targets):
                    return ast.literal_eval(match["name"]), keys
            except (SyntaxError, ValueError):
                return None
    return None
