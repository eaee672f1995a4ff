"""How each step of a flow uses ``self`` and its inputs, with the methods that it calls."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from bridge.emit.carried import PACKAGE
from bridge.values import At
from bridge_metaflow.reading.attributes import Use, use_of
from bridge_metaflow.reading.effects import (
    CHANGING_FUNCTIONS,
    FRESH,
    GATHERING,
    PARTS,
    READERS,
    SAFE_MODULES,
    TRAINERS,
)
from bridge_metaflow.reading.graph import FlowStep, is_self
from bridge_metaflow.reading.idioms import Idioms
from bridge_metaflow.reading.joins import JoinUse, join_use
from bridge_metaflow.reading.kinds import Body, sorts
from bridge_metaflow.reading.library import Library, imported
from bridge_metaflow.reading.parameters import Given
from bridge_metaflow.reading.sorts import ANY, JSON, Sort, is_json, sort_of_value
from bridge_metaflow.reading.source import FlowSource, Member
from bridge_metaflow.reading.structure import Do, Each, Fork, Series, inside, walk
from bridge_metaflow.reading.text import Module

__all__ = ["Uses", "is_method"]


@dataclass
class Uses:
    """All bodies of a flow, looked into.

    ``of`` and ``joins`` are by step; ``constants`` are what the class holds beside methods and what
    is ``given``; ``around`` are the splits of items around each step, the outermost first.
    ``caught`` are the attributes by which steps tell of a failure that is no end, or empty text.
    ``renamed`` are names of what is given that differ from the attribute, ``constants_changed``
    constants that a step may change in place.
    """

    source: FlowSource
    steps: dict[str, FlowStep]
    series: Series
    given: dict[str, Given]
    caught: dict[str, str] = field(default_factory=dict)
    idioms: Idioms = field(default_factory=Idioms)
    renamed: dict[str, str] = field(default_factory=dict)
    of: dict[str, Use] = field(default_factory=dict)
    joins: dict[str, JoinUse] = field(default_factory=dict)
    around: dict[str, list[Each]] = field(default_factory=dict)
    constants_changed: list[tuple[FlowStep, str, ast.AST]] = field(default_factory=list)
    _helpers: dict[str, Use] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.library = Library(self.source)
        self.renamed |= {n: f"{n}_text" for n, g in self.given.items() if g.kind == "IncludeFile"}
        self._place(self.series, [])
        for do in walk(self.series):
            self.of[do.step.name] = self._use(do)

    def _place(self, series: Series, around: list[Each]) -> None:
        for do in walk(series):
            self.around[do.step.name] = around
        for node in series:
            for inner in inside(node):
                self._place(inner, [*around, node] if isinstance(node, Each) else around)

    def _use(self, do: Do) -> Use:
        step = do.step
        body = step.body
        if do.joins:
            names = [s.name for s in step.before]
            each = isinstance(do.joins, Each)
            found = join_use(step, names, each, step.name in self.caught)
            self.joins[step.name] = found
            merges = [merge.statement for merge in found.merges]
            body = [statement for statement in body if statement not in merges]
        use = self._body(body, "self", step.module)
        use.drops |= step.dropped
        if step.name in self.caught:
            use.certain = {self.caught[step.name]} - {""}
            if self.caught[step.name]:
                use.sets[self.caught[step.name]] = step.function
        chosen = self.idioms.chosen.get(step.name)
        over = self.idioms.over.get(step.name)
        counted = self.idioms.counted.get(step.name)
        deciding = [over.name if over else step.next.over, step.next.condition]
        if chosen or counted:
            deciding[1] = chosen.on.name if chosen else counted.until if counted else ""
        for name in deciding:
            if name and name not in use.certain:
                use.reads.setdefault(name, step.function)
        for name in self.constants:
            for held in (use.reads, use.loads):
                held.pop(name, None)
            if change := use.changes.pop(name, None):
                self.constants_changed.append((step, name, change.node))
        return use

    def _body(self, body: Sequence[ast.stmt], me: str, module: Module) -> Use:
        local = imported(body)

        def called(call: ast.expr) -> Sequence[bool] | None:
            name = call.id if isinstance(call, ast.Name) else ""
            if local.get(name, ("", ""))[0].startswith(f"{PACKAGE}."):
                return _NOTHING_CHANGED
            found = self.library.find(module, call, local)
            return self.library.changed(found) if found else None

        def function(call: ast.expr) -> Use | None:
            found = self.library.find(module, call, local)
            if not found or not isinstance(found.node, ast.FunctionDef) or not found.arguments:
                return None
            return self._memo(f"{found.reference}()", found.node, found.arguments[0], found.module)

        return use_of(body, me, self.helper, called, function)

    def _memo(self, key: str, node: ast.FunctionDef, me: str, module: Module) -> Use:
        if key not in self._helpers:
            self._helpers[key] = Use()  # while it is looked into, if it calls itself
            found = self._body(node.body, me, module)
            if me == "cls":
                found.whole.append((node, "it calls a method of the class"))
            for name in self.constants:
                found.reads.pop(name, None)
                found.loads.pop(name, None)
            self._helpers[key] = found
        return self._helpers[key]

    # Members

    def helper(self, name: str) -> Use | None:
        """What a method or a property does with ``self``; None where the name is none."""
        member = self.source.members.get(name)
        if member is None or not isinstance(member.node, ast.FunctionDef):
            return None
        if name in self.steps:
            use = Use()
            use.whole.append((member.node, f"the step '{name}' is used as a value"))
            return use
        given = member.function.args.args
        me = "" if is_method(member, "staticmethod") or not given else given[0].arg
        return self._memo(name, member.function, me, member.module)

    @cached_property
    def constants(self) -> dict[str, Member]:
        """The attributes of the class that are values."""
        return {
            name: member
            for name, member in self.source.members.items()
            if member.value is not None and name not in self.given
        }

    @cached_property
    def names(self) -> set[str]:
        """All names that mean something in the flow."""
        used = {n for use in self.of.values() for n in (*use.loads, *use.sets)}
        return {*used, *self.given, *self.renamed.values(), *self.steps, *self.constants}

    @cached_property
    def read_anywhere(self) -> list[str]:
        """The attributes that are read by name anywhere and are not given."""
        found = dict.fromkeys(n for use in self.of.values() for n in use.loads)
        for join in self.joins.values():
            found |= dict.fromkeys(n for _, n in join.picks.values())
            found |= dict.fromkeys(join.lists.values()) | join.asked
        own = {n for use in self.of.values() for n in (*use.loads, *use.sets)}
        return [n for n in found if n in own and n not in self.given and n not in self.constants]

    # Joins

    def inputs_of(self, do: Do) -> list[FlowStep]:
        """The steps that a join takes its inputs from, in the order of the branches."""
        if not isinstance(do.joins, Fork):
            return do.step.before
        order: dict[FlowStep, int] = {}
        for number, series in enumerate(do.joins.branches.values()):
            order |= {inner.step: number for inner in walk(series)}
        return sorted(do.step.before, key=lambda step: order.get(step, 0))

    def last_of(self, do: Do, branch: str) -> str:
        """The step with which a branch ends, before the join."""
        assert isinstance(do.joins, Fork)
        own = {inner.step for inner in walk(do.joins.branches[branch])}
        return next(step.name for step in do.step.before if step in own)

    def set_before(self, step: str, statement: ast.stmt) -> set[str]:
        """The attributes that a step has set before a statement of its body."""
        found: set[str] = set()
        for earlier in self.steps[step].body:
            if earlier is statement:
                break
            for node in ast.walk(earlier):
                if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                    found |= {node.attr} if is_self(node.value) else set()
        return found

    # Items

    @cached_property
    def splits(self) -> list[Each]:
        """The splits that start something for each item of a list."""
        found = {id(each): each for around in self.around.values() for each in around}
        return list(found.values())

    def splits_read(self, step: str) -> Iterator[FlowStep]:
        """The splits of which a step reads the items by their number."""
        use, around = self.of[step], self.around[step]
        for each in around:
            inner = each is around[-1]
            asks = "foreach_stack" in use.special or (inner and "input" in use.special)
            if asks and self.by_number(each):
                yield each.split

    def over(self, split: FlowStep) -> At:
        """Where the list of a split is."""
        return self.idioms.over.get(split.name, At(split.next.over))

    def by_number(self, each: Each) -> bool:
        """Whether a map goes over the numbers of the items: these are needed, or are no JSON."""
        found = self.sort(each.split.next.over)
        if each.split.name in self.idioms.over:
            found = Sort("list", (JSON,))
        if found == JSON and each.split.name in self.idioms.items:
            found = Sort("list", (JSON,))
        if found.what != "list" or not is_json(found):
            return True
        return any(
            "foreach_stack" in self.of[do.step.name].special
            or ("index" in self.of[do.step.name].special and self.around[do.step.name][-1] is each)
            for do in walk(each.body)
        )

    # Sorts of values

    def sort(self, name: str) -> Sort:
        """What an attribute is known to hold."""
        return self._sorts.get(name, ANY)

    @cached_property
    def _sorts(self) -> dict[str, Sort]:
        known = {name: _sort_of(given) for name, given in self.given.items()}
        for name, member in self.constants.items():
            try:
                value = ast.literal_eval(member.value or ast.Constant(None))
                known[name] = sort_of_value(value)
            except (ValueError, TypeError, SyntaxError):
                known[name] = ANY
        known |= {c.index: Sort("int") for c in self.idioms.counted.values() if c.index}
        bodies = []
        for do in walk(self.series):
            around = self.around[do.step.name]
            item = around[-1].split.next.over if around else ""
            bodies.append(self._sorted(do.step.body, do.step.module, do.step.inputs, item))
        bodies += [
            self._sorted(member.node.body, member.module, "", "")
            for member in self.source.members.values()
            if isinstance(member.node, ast.FunctionDef) and member.name not in self.steps
        ]
        found = sorts(bodies, known) | dict.fromkeys(filter(None, self.caught.values()), ANY)
        for use in self.of.values():
            found |= dict.fromkeys([n for n, _ in _set_by_name(use)], ANY)
            if use.any_set:
                found |= dict.fromkeys(self.read_anywhere, ANY)
        return found

    def _sorted(self, body: list[ast.stmt], module: Module, inputs: str, item: str) -> Body:
        local = imported(body)

        def returned(call: ast.expr) -> ast.expr | None:
            if isinstance(call, ast.Name) and local.get(call.id) == _TO_JSON:
                return ast.Name("JSON", ast.Load())
            if isinstance(call, ast.Attribute) and is_self(call.value):
                member = self.source.members.get(call.attr)
                return getattr(member.node, "returns", None) if member else None
            found = self.library.find(module, call, local)
            return found.node.returns if found else None

        def harmless(call: ast.Call) -> bool:
            found = self.library.find(module, call.func, local)
            if found:
                return not any(self.library.changed(found))
            name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
            name = call.func.id if isinstance(call.func, ast.Name) else name
            known = FRESH | GATHERING | PARTS | CHANGING_FUNCTIONS | READERS | TRAINERS
            base = ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""
            return name in known or base in SAFE_MODULES or name[:1].isupper()

        return Body(body, inputs, item, returned, harmless)


_NOTHING_CHANGED = (False,) * 20
_TO_JSON = (f"{PACKAGE}.values", "to_json")


def _set_by_name(use: Use) -> Iterator[tuple[str, ast.AST]]:
    return ((n, node) for n, node in use.sets.items() if isinstance(node, ast.Call))


def _sort_of(given: Given) -> Sort:
    if given.kind == "IncludeFile":
        return Sort("str") if given.text else ANY
    if given.value is not None:
        return sort_of_value(given.value)
    return {"int": Sort("int"), "bool": Sort("bool"), "JSONType": JSON}.get(given.type, JSON)


def is_method(member: Member, kind: str) -> bool:
    """Whether a method is decorated as a property, a staticmethod or the like."""
    assert isinstance(member.node, ast.FunctionDef)
    return any(ast.unparse(d).rpartition(".")[2] == kind for d in member.node.decorator_list)
