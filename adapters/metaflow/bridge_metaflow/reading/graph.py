"""The steps of a flow and their transitions, as ``self.next`` says them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bridge.errors import SourceError, Where
from bridge_metaflow.reading.source import FlowSource, Member
from bridge_metaflow.reading.text import Module

__all__ = ["FlowStep", "Transition", "deleted", "is_next", "is_self", "steps"]


@dataclass(frozen=True)
class Transition:
    """What follows a step: nothing, one step, several, one for each item, or one of several.

    ``over`` is the attribute of the items, ``condition`` that which is compared with the keys of
    ``cases``. ``parallel`` is the number of tasks of a gang.
    """

    targets: tuple[str, ...] = ()
    over: str = ""
    condition: str = ""
    cases: tuple[tuple[Any, str], ...] = ()
    parallel: bool = False
    call: ast.Call | None = None


@dataclass(eq=False)
class FlowStep:
    """A step: its method, what decorates it, whether it joins (then ``inputs`` is its argument).

    ``hidden`` are statements of the body that are there for the transition alone; ``dropped``
    attributes go on as they came.
    """

    name: str
    function: ast.FunctionDef
    module: Module
    decorators: list[ast.expr]
    next: Transition
    inputs: str = ""
    before: list[FlowStep] = field(default_factory=list)
    hidden: set[ast.stmt] = field(default_factory=set)
    dropped: set[str] = field(default_factory=set)

    @property
    def where(self) -> Where:
        """Where the method is."""
        return self.module.where(self.function)

    @property
    def body(self) -> list[ast.stmt]:
        """The statements without the docstring and without what makes the transition."""
        found = self.function.body
        if self.next.call is not None:
            found = found[:-1]
        if ast.get_docstring(self.function, clean=False) is not None:
            found = found[1:]
        return [statement for statement in found if statement not in self.hidden]


def steps(source: FlowSource) -> dict[str, FlowStep]:
    """The steps by name, the first one first. Raises SourceError where they cannot be followed."""
    found = {m.name: _step(m) for m in source.members.values() if _step_decorator(m) is not None}
    if not found:
        raise SourceError(
            f"'{source.name}' has no step: no method of it is decorated with @step "
            f"({source.module.where(source.node)})"
        )
    _check(found)
    start, end = _marked(found, source, "start"), _marked(found, source, "end")
    if found[end].next.targets:
        raise SourceError(f"the last step '{end}' goes on ({found[end].where})")
    for step in found.values():
        for target in dict.fromkeys(step.next.targets):
            found[target].before.append(step)
    reached = _reached(found, start)
    for step in found.values():
        if step.name not in reached:
            raise SourceError(f"no step leads to '{step.name}' ({step.where})")
        if step.name != end and not step.next.targets:
            raise SourceError(
                f"step '{step.name}' does not end with a self.next(...) that names steps "
                f"({step.where})"
            )
    return {name: found[name] for name in reached}


def _check(found: dict[str, FlowStep]) -> None:
    for step in found.values():
        for target in step.next.targets:
            if target not in found:
                where = step.module.where(step.next.call or step.function)
                raise SourceError(
                    f"'{step.name}' goes on to '{target}', which is no step ({where})"
                )


def _reached(found: dict[str, FlowStep], start: str) -> dict[str, None]:
    """The steps that can be reached, those of a branch together."""
    reached: dict[str, None] = {}
    todo = [start]
    while todo:
        name = todo.pop()
        if name not in reached:
            reached[name] = None
            todo += reversed(found[name].next.targets)
    return reached


def _step_decorator(member: Member) -> ast.expr | None:
    if not isinstance(member.node, ast.FunctionDef):
        return None
    known = member.module.metaflow
    for decorator in member.node.decorator_list:
        name = decorator.func if isinstance(decorator, ast.Call) else decorator
        plain = isinstance(name, ast.Name) and known.get(name.id) == "step"
        if plain or (isinstance(name, ast.Attribute) and ast.unparse(name) == "metaflow.step"):
            return decorator
    return None


def _marked(found: dict[str, FlowStep], source: FlowSource, which: str) -> str:
    """The first or last step: the one said to be it, else the one named so, else the only one."""
    for name in found:
        decorator = _step_decorator(source.members[name])
        if isinstance(decorator, ast.Call) and any(
            k.arg == which and isinstance(k.value, ast.Constant) and k.value.value is True
            for k in decorator.keywords
        ):
            return name
    if which in found:
        return which
    if len(found) == 1:
        return next(iter(found))
    where = source.module.where(source.node)
    raise SourceError(f"'{source.name}' has no step '{which}' ({where})")


def _step(member: Member) -> FlowStep:
    function = member.function
    arguments = [a.arg for a in function.args.args]
    step = _step_decorator(member)
    others = [d for d in function.decorator_list if d is not step]
    inputs = arguments[1] if len(arguments) > 1 else ""
    following = _transition(member)
    return FlowStep(member.name, function, member.module, others, following, inputs)


def _transition(member: Member) -> Transition:
    calls = [n for n in ast.walk(member.function) if is_next(n)]
    tail = member.function.body[-1]
    last = tail.value if isinstance(tail, ast.Expr) else None
    for call in calls:
        if call is not last:
            where = member.module.where(call)
            raise SourceError(
                f"self.next(...) must be the last statement of '{member.name}', once ({where})"
            )
    return _parsed(last, member) if isinstance(last, ast.Call) and calls else Transition()


def _parsed(call: ast.Call, member: Member) -> Transition:
    said = {k.arg: k.value for k in call.keywords}
    if len(call.args) == 1 and isinstance(call.args[0], ast.Dict) and "condition" in said:
        cases = tuple(_cases(call.args[0], member))
        targets = tuple(dict.fromkeys(target for _, target in cases))
        return Transition(
            targets, condition=_text(said["condition"], member), cases=cases, call=call
        )
    targets = tuple(_target(argument, member) for argument in call.args)
    if "num_parallel" in said:
        return Transition(targets, parallel=True, call=call)
    over = _text(said["foreach"], member) if "foreach" in said else ""
    if not targets or (over and len(targets) > 1) or said.keys() - {"foreach"}:
        raise _unknown(call, member)
    return Transition(targets, over=over, call=call)


def _cases(cases: ast.Dict, member: Member) -> Iterator[tuple[Any, str]]:
    for key, value in zip(cases.keys, cases.values, strict=True):
        if not isinstance(key, ast.Constant):
            where = member.module.where(key or cases)
            raise SourceError(
                f"a case of '{member.name}' is no literal, so what it leads to is not known "
                f"before the run; write the value itself ({where})"
            )
        yield key.value, _target(value, member)


def _target(node: ast.expr, member: Member) -> str:
    if isinstance(node, ast.Attribute) and is_self(node.value):
        return node.attr
    raise _unknown(node, member)


def _text(node: ast.expr, member: Member) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise _unknown(node, member)


def _unknown(node: ast.expr, member: Member) -> SourceError:
    where = member.module.where(node)
    return SourceError(
        f"what follows '{member.name}' cannot be told from '{ast.unparse(node)}'; "
        f"Metaflow itself takes steps, foreach, condition and num_parallel as literals ({where})"
    )


def deleted(node: ast.Delete) -> list[ast.expr]:
    """What a statement deletes, also where brackets stand around it."""
    found: list[ast.expr] = []
    for target in node.targets:
        found += target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
    return found


def is_self(node: ast.AST | None) -> bool:
    """Whether a node is the name ``self``."""
    return isinstance(node, ast.Name) and node.id == "self"


def is_next(node: ast.AST) -> bool:
    """Whether a node is a call of ``self.next``."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "next"
        and is_self(node.func.value)
    )
