"""What a join does with its inputs: what it takes of which branch, and what it merges."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bridge.errors import SourceError
from bridge_metaflow.reading.graph import FlowStep, is_self

__all__ = ["JoinUse", "Merge", "join_use"]


@dataclass(frozen=True)
class Merge:
    """``self.merge_artifacts(inputs)``, with what was set in the join before it."""

    statement: ast.stmt
    include: tuple[str, ...]
    exclude: tuple[str, ...]

    def takes(self, name: str) -> bool:
        """Whether it merges an attribute that the join has not set."""
        return name in self.include if self.include else name not in self.exclude


@dataclass
class JoinUse:
    """How the body of a join uses its inputs.

    ``picks`` are reads of one attribute of one branch (of any branch: empty text), ``lists`` those
    of an attribute of all of them, each by its node. Where the inputs are used in any other way,
    ``rest`` is such a use, and ``asked`` are the attributes that anything in the body is asked for.
    ``through`` are statements that only hand on an attribute under its name.
    """

    picks: dict[ast.AST, tuple[str, str]] = field(default_factory=dict)
    lists: dict[ast.AST, str] = field(default_factory=dict)
    merges: list[Merge] = field(default_factory=list)
    rest: ast.AST | None = None
    asked: dict[str, None] = field(default_factory=dict)
    escapes: bool = False
    through: dict[str, ast.stmt] = field(default_factory=dict)


def join_use(step: FlowStep, branches: Sequence[str], each: bool, whole: bool = False) -> JoinUse:
    """The uses of the inputs of a join of these branches, or ``each`` of the items of a list.

    With ``whole`` all of them are kept together. Raises SourceError for a merge that cannot be told
    before the run.
    """
    found = JoinUse()
    known: set[ast.AST] = set()
    for statement in step.body:
        if merge := _merge(statement, step):
            found.merges.append(merge)
            known.update(n for n in ast.walk(statement) if _is_inputs(n, step))
            continue
        for node in _outside_text(statement) if not whole else ():
            _look(node, step, branches, each, found, known)
    rest = [n for s in step.body for n in ast.walk(s) if _is_inputs(n, step) and n not in known]
    if rest:
        found.rest = rest[0]
        _ask(step, found, rest)
    _through(step, found)
    return found


def _outside_text(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those inside of texts, where Python does not tell their places."""
    yield node
    for child in ast.iter_child_nodes(node) if not isinstance(node, ast.JoinedStr) else ():
        yield from _outside_text(child)


def _is_inputs(node: ast.AST, step: FlowStep) -> bool:
    return isinstance(node, ast.Name) and node.id == step.inputs


def _look(
    node: ast.AST,
    step: FlowStep,
    branches: Sequence[str],
    each: bool,
    found: JoinUse,
    known: set[ast.AST],
) -> None:
    """Note a use of the inputs that can be written with plain names."""
    if isinstance(node, ast.Attribute):
        of = node.value
        if isinstance(of, ast.Attribute) and _is_inputs(of.value, step) and of.attr in branches:
            found.picks[node] = (of.attr, node.attr)
            known.add(of.value)
        elif each and _is_first(of, step):
            found.picks[node] = ("", node.attr)
            known.add(of.value)  # type: ignore[attr-defined]
    elif each and isinstance(node, ast.ListComp | ast.GeneratorExp) and len(node.generators) == 1:
        part = node.generators[0]
        plain = isinstance(part.target, ast.Name) and not part.ifs and not part.is_async
        if plain and _is_inputs(part.iter, step) and isinstance(node.elt, ast.Attribute):
            of = node.elt.value
            if isinstance(of, ast.Name) and of.id == part.target.id:  # type: ignore[attr-defined]
                found.lists[node] = node.elt.attr
                known.add(part.iter)


def _is_first(node: ast.expr, step: FlowStep) -> bool:
    """Whether a node is the first of the inputs."""
    if not isinstance(node, ast.Subscript) or not _is_inputs(node.value, step):
        return False
    return isinstance(node.slice, ast.Constant) and node.slice.value == 0


def _ask(step: FlowStep, found: JoinUse, rest: list[ast.AST]) -> None:
    """The attributes that whatever came out of the inputs may be asked for."""
    merges = [merge.statement for merge in found.merges]
    for statement in (s for s in step.body if s not in merges):
        for node in ast.walk(statement):
            if isinstance(node, ast.Attribute) and not is_self(node.value):
                found.asked.setdefault(node.attr)
            elif isinstance(node, ast.Call):
                given = [*node.args, *(k.value for k in node.keywords)]
                name = node.func.id if isinstance(node.func, ast.Name) else ""
                found.escapes |= name in ("getattr", "hasattr", "vars")
                plain = name in (
                    "len",
                    "enumerate",
                    "zip",
                    "sorted",
                    "min",
                    "max",
                    "list",
                    "reversed",
                )
                found.escapes |= not plain and any(
                    isinstance(a, ast.Name) and a.id == step.inputs for a in given
                )


def _merge(statement: ast.stmt, step: FlowStep) -> Merge | None:
    calls = [n for n in ast.walk(statement) if _is_merge(n)]
    if not calls:
        return None
    call = calls[0]
    where = step.module.where(call)
    if not isinstance(statement, ast.Expr) or statement.value is not call:
        raise SourceError(
            f"merge_artifacts of '{step.name}' must be a statement of its own, outside of any "
            f"other, so that it is known what it merges ({where})"
        )
    assert isinstance(call, ast.Call)
    said: dict[str, ast.expr] = {str(k.arg): k.value for k in call.keywords}
    said |= dict(zip(("inputs", "exclude", "include"), call.args, strict=False))
    try:
        include, exclude = (
            tuple(ast.literal_eval(said[key])) if key in said else ()
            for key in ("include", "exclude")
        )
    except ValueError:
        raise SourceError(
            f"include and exclude of merge_artifacts in '{step.name}' must be literals, so that "
            f"it is known what it merges ({where})"
        ) from None
    return Merge(statement, include, exclude)


def _is_merge(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "merge_artifacts"
        and is_self(node.func.value)
    )


def _through(step: FlowStep, found: JoinUse) -> None:
    """Statements such as ``self.x = inputs.a.x``, where nothing else sets ``x``."""
    often: dict[str, int] = {}
    for statement in step.body:
        for node in ast.walk(statement):
            if not isinstance(node, ast.Attribute) or isinstance(node.ctx, ast.Load):
                continue
            if is_self(node.value):
                often[node.attr] = often.get(node.attr, 0) + 1
    for statement in step.body:
        if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
            continue
        target, value = statement.targets[0], statement.value
        if isinstance(target, ast.Attribute) and is_self(target.value) and often[target.attr] == 1:
            taken = found.picks.get(value, ("", found.lists.get(value, "")))[1]
            if taken == target.attr:
                found.through[target.attr] = statement
