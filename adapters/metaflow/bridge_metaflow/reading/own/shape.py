"""The pipeline of a written flow: what its steps split, choose and repeat."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bridge.model import Conditional, Loop, Map, Parallel, Pipeline, Stub
from bridge.recover.remarks import texts
from bridge.recover.source import UnlikeError, called, literal_of
from bridge.values import At
from bridge_metaflow.reading.graph import FlowStep
from bridge_metaflow.reading.idioms import attribute, split_names
from bridge_metaflow.reading.own.items import (
    NOTHING,
    Block,
    Held,
    Item,
    Series,
    blocks_of,
    grouped,
    ordered,
    said_of,
)
from bridge_metaflow.reading.own.names import about, assigned
from bridge_metaflow.reading.own.tasks import Tasks, Within, imported_by
from bridge_metaflow.reading.structure import always_behind
from bridge_metaflow.remarks import pipeline_heading, step_heading

__all__ = ["Shape"]

_CAUGHT = "Go on, or handle the failure of '"
_REDUCED = "Make one value of each list of '"
_ITEM = re.compile(r"One task for each '(.*)'\.", re.DOTALL)
_LOOP = re.compile(
    r"(?:Loop '(.*?)': )?'.*?',(?: until '(.*)',)? (\d+) times at most(?:, counted as '(.*)')?\.",
    re.DOTALL,
)
_PREFIX = re.compile(r"(?:Map|Conditional) '(.*)': (?:Go over|Take the branch) .*", re.DOTALL)


@dataclass
class Shape:
    """Builds it; ``comments`` are those above each step. Raises UnlikeError."""

    steps: Mapping[str, FlowStep]
    comments: Mapping[str, Sequence[str]]
    tasks: Tasks

    def __post_init__(self) -> None:
        self._behind = always_behind(self.steps)
        self._last = next(name for name, s in self.steps.items() if not s.next.targets)

    def whole(self) -> list[Item]:
        """All steps, composites in them."""
        found = grouped(self.series(next(iter(self.steps)), frozenset(), Within()).items)
        if any(item.blocks for item in found):
            raise UnlikeError("something is said of no step")
        return found

    def series(
        self, name: str, until: frozenset[str], within: Within, held: Held | None = None
    ) -> Series:
        """The steps from this one on, to a join that is not theirs or one of ``until``.

        Several that stand side by side may be ``held`` in one branch.
        """
        found, held, joins = Series(), held or Held(within), False
        while name and name not in until:
            step = self.steps[name]
            if step.inputs and not joins:
                break
            held.begin(blocks_of(self.comments.get(step.name, ())))
            count = len(found.items)
            name, joins = self._step(step, found, until, held)
            held.end(found.items[count:])
        found.end = name
        return found

    def _step(
        self, step: FlowStep, found: Series, until: frozenset[str], held: Held
    ) -> tuple[str, bool]:
        """Add what a step does, and what it opens; gives the step after that."""
        within = held.within
        blocks = blocks_of(self.comments.get(step.name, ()))
        follows = step.next
        if follows.condition and step.name in follows.targets:
            return self._loop(step, blocks, found, within), False
        if follows.condition and about(step).startswith(_CAUGHT):
            return self._caught(step, found, until, within), False
        if _said(step, "each") or (follows.condition and _set_to_bool(step)):
            return self._map(step, blocks, found, until, within), False
        if _said(step, "choose"):
            return self._conditional(step, blocks, found, until, within), False
        self._do(step, blocks, found, within)
        if len(follows.targets) > 1:
            return self._fork(step, found, until, held), True
        return (follows.targets[0] if follows.targets else ""), False

    def _do(self, step: FlowStep, blocks: list[Block], found: Series, within: Within) -> None:
        own = Item(Stub("-"), blocks)
        name = blocks[-1].heading if blocks else None
        is_own = name is None or name.startswith("step ")
        said = own.told(name) if is_own else {}
        done = self.tasks.of(step, said, within)
        if not done.steps:
            if self.comments.get(step.name):
                raise UnlikeError(f"something is said of '{step.name}', which does nothing")
            return
        found.items += [Item(s) for s in done.steps]
        first = found.items[-len(done.steps)]
        first.blocks, first.on_failure, first.more = blocks, done.on_failure, done.more

    # Composites

    def _loop(self, step: FlowStep, blocks: list[Block], found: Series, within: Within) -> str:
        match = _LOOP.fullmatch(about(step))
        if not match:
            raise UnlikeError(f"'{step.name}' counts nothing")
        name = match[1] or step.name
        inner = Series()
        hidden = [s for s in step.body if _counts(s, step)]
        task = replace_body(step, [s for s in step.body if s not in hidden])
        is_own = len(blocks) and (blocks[-1].heading or "").startswith("step ")
        own = [blocks.pop()] if is_own else []
        self._do(task, own, inner, within.inside(name))
        item = Item(inner.items[0].step, blocks)
        branch = self.pipeline(Series([item]), pipeline_heading(name, None))
        loop = Loop(
            name=name,
            branch=branch,
            max_iterations=int(match[3]),
            break_on=match[2] or "",
            index_as=match[4] or "",
            where=step.where,
        )
        told = item.told(None, step_heading(name))
        found.items.append(Item(said_of(loop, told), item.blocks))
        return next(t for t in step.next.targets if t != step.name)

    def _caught(self, step: FlowStep, found: Series, until: frozenset[str], within: Within) -> str:
        handled = found.items[-1]
        ways = dict(step.next.cases)
        name = handled.step.name
        inner = self.series(
            ways[True], frozenset([self._last]), within.inside(f"{name}.on_failure")
        )
        handler = self.pipeline(inner, pipeline_heading(name, "on_failure"))
        handled.step = replace(handled.step, on_failure=handler)
        return str(ways[False])

    def _map(
        self,
        step: FlowStep,
        blocks: list[Block],
        found: Series,
        until: frozenset[str],
        within: Within,
    ) -> str:
        ways = dict(step.next.cases)
        fan = self.steps[ways[True]]
        match = _ITEM.fullmatch(about(fan))
        if not match or not fan.next.over:
            raise UnlikeError(f"'{step.name}' goes over nothing")
        name, item = self._name(step), Item(Stub("-"), blocks)
        told = item.told(None, step_heading(name))
        reducer = texts(told["reducer"])[0] if "reducer" in told else None
        body = self.series(fan.next.targets[0], until, within.inside(name, match[1]))
        on = self._over(step, fan.next.over, within)
        join = self.steps[body.end]
        behind = join.next.targets[0]
        if about(self.steps[behind]).startswith(f"{_REDUCED}{name}'"):
            reducer = reducer or self._reducer(self.steps[behind])
            behind = self.steps[behind].next.targets[0]
        branch = self.pipeline(body, pipeline_heading(name, None))
        composite = Map(
            name=name,
            branch=branch,
            iterate_on=on if on.path else on.name,
            iterate_as=match[1],
            reducer=reducer,
            where=step.where,
        )
        found.items.append(Item(said_of(composite, told), item.blocks))
        return behind

    def _name(self, step: FlowStep) -> str:
        match = _PREFIX.fullmatch(about(step))
        return match[1] if match else step.name

    def _over(self, step: FlowStep, over: str, within: Within) -> At:
        """Where the list is over which a map goes."""
        for statement in step.body:
            said = assigned(statement)
            if said and said[0] == over and attribute(said[1]) != "input":
                return self._place(said[1], within)
        return At(self.tasks.names.name(over))

    def _place(self, node: ast.expr, within: Within) -> At:
        path: list[Any] = []
        while isinstance(node, ast.Subscript):
            path.insert(0, literal_of(node.slice))
            node = node.value
        if called(node) == "part":
            path = [*map(literal_of, node.args[2:]), *path]  # type: ignore[attr-defined]
            node = node.args[1]  # type: ignore[attr-defined]
        found = self.tasks.names.input(node, within.item)
        if not isinstance(found, At):
            raise UnlikeError(f"{ast.unparse(node)} is no value")
        return At(found.name, (*found.path, *path))

    def _reducer(self, step: FlowStep) -> str:
        for node in (n for s in step.body for n in ast.walk(s)):
            if called(node) == "reduced":
                return self._function(node.args[1], step)  # type: ignore[attr-defined]
        raise UnlikeError(f"'{step.name}' reduces nothing")

    def _function(self, node: ast.expr, step: FlowStep) -> str:
        """A function of a list of values: an expression, or the name of one."""
        call = node.body if isinstance(node, ast.Lambda) else None
        inner = call.func if isinstance(call, ast.Call) else None
        if inner and ast.unparse(call).endswith("(*values)"):  # type: ignore[arg-type]
            return self._function(inner, step)
        if isinstance(node, ast.Lambda):
            found = ast.get_source_segment(step.module.text, node) or ""
            return ast.unparse(node) if "\n" in found else found
        if reference := _known(node, step):
            return reference
        raise UnlikeError(f"{ast.unparse(node)} is no reducer")

    def _conditional(
        self,
        step: FlowStep,
        blocks: list[Block],
        found: Series,
        until: frozenset[str],
        within: Within,
    ) -> str:
        call = _said(step, "choose")
        assert call
        name, item = self._name(step), Item(Stub("-"), blocks)
        told = item.told(None, step_heading(name))
        on, keys = self._place(call.args[1], within), literal_of(call.args[2])
        default = any(k.arg == "default" for k in call.keywords)
        decided: dict[str, Any] = {
            "name": name,
            "parameter": on if on.path else on.name,
            "where": step.where,
        }
        if not step.next.condition:
            one = dict.fromkeys(keys, NOTHING)
            composite = Conditional(branches=one, default=NOTHING if default else None, **decided)
            found.items.append(Item(said_of(composite, told), item.blocks, open=True))
            return step.next.targets[0]
        meet = self._behind[step.name]
        arms = []
        names = [*map(str, keys), *(["default"] if default else [])]
        for shown, (_, target) in zip(names, step.next.cases, strict=True):
            inside = within.inside(f"{name}.{shown}")
            arm = self.series(target, until | {meet}, inside)
            arms.append(self.pipeline(arm, pipeline_heading(name, shown)))
        branches = dict(zip(keys, arms, strict=False))
        composite = Conditional(branches=branches, default=arms[-1] if default else None, **decided)
        found.items.append(Item(said_of(composite, told), item.blocks))
        return meet

    def _fork(self, step: FlowStep, found: Series, until: frozenset[str], held: Held) -> str:
        named = split_names(step)
        name, keys = named or ("", [])
        ends, branches, first = set(), {}, None
        for i, target in enumerate(step.next.targets):
            inside = held.within.inside(f"{name}.{keys[i]}") if named else held.within
            inner = self.series(target, until, inside, None if named else held)
            ends.add(inner.end)
            if not named:
                found.items += inner.items
                continue
            branches[keys[i]] = self.pipeline(inner, pipeline_heading(name, keys[i]))
            first = first or inner.items[0]
        if first:
            composite = Parallel(name=name, branches=branches, where=step.where)
            told = first.told(step_heading(name))
            found.items.append(Item(said_of(composite, told), first.blocks))
        (end,) = ends
        return end

    def pipeline(self, found: Series, said: str) -> Pipeline:
        """A pipeline inside a step, of which something may be said under this heading."""
        items = grouped(found.items)
        told = items[0].told(said)
        if any(item.blocks for item in items[1:]):
            raise UnlikeError("something is said of no step")
        return ordered(items, told)


def _known(node: ast.expr, step: FlowStep) -> str:
    """The reference of a function that a step imports, or empty text."""
    top, _, rest = ast.unparse(node).partition(".")
    found = imported_by(step.function).get(top, "")
    return f"{found}.{rest}" if found and rest else found


def _said(step: FlowStep, name: str) -> ast.Call | None:
    """The call of a helper in what a step sets."""
    for said in filter(None, map(assigned, step.body)):
        value = said[1]
        while isinstance(value, ast.Call) and called(value) in ("str", "bool") and value.args:
            value = value.args[0]
        if isinstance(value, ast.Call) and called(value) == name:
            return value
    return None


def _set_to_bool(step: FlowStep) -> bool:
    """Whether the condition is whether there is anything in a list."""
    for said in filter(None, map(assigned, step.body)):
        if said[0] == step.next.condition and called(said[1]) == "bool":
            return True
    return False


def _counts(statement: ast.stmt, step: FlowStep) -> bool:
    """Whether a statement counts the iterations, or says whether this was the last."""
    said = assigned(statement)
    if not said:
        return False
    counted = ast.unparse(said[1]) == f"getattr(self, '{said[0]}', -1) + 1"
    return counted or said[0] == step.next.condition


def replace_body(step: FlowStep, body: list[ast.stmt]) -> FlowStep:
    """The same step with less to do."""
    found = replace(step)
    found.hidden = {*step.hidden, *(s for s in step.body if s not in body)}
    return found
