"""Which step has set what another reads, and the name under which the pipeline hands it on.

In a flow an attribute of a branch is gone behind its join unless the join takes it over; in a
pipeline it stays, and replaces what was there before. So the flow is walked with both in mind: what
each attribute is for Metaflow, and what each name would be in the pipeline. Where the two part, the
values that are in the way get a name of their own, and the walk begins again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bridge_metaflow.reading.graph import FlowStep
from bridge_metaflow.reading.joins import JoinUse, Merge
from bridge_metaflow.reading.naming import ValueNames
from bridge_metaflow.reading.reach import (
    Def,
    Env,
    Listed,
    Reach,
    Scope,
    Slot,
    Value,
    either_scope,
    flat,
)
from bridge_metaflow.reading.structure import Again, Choose, Do, Each, Fork, Series, walk
from bridge_metaflow.reading.uses import Uses

__all__ = ["Versions"]


@dataclass
class Versions:
    """``reads`` are what each step reads, ``outputs`` the attributes that it hands on.

    ``agreed`` are those of a join that all branches must have alike, with where each has them.
    ``starts`` are attributes that a body may read before it has set them though nobody else has.
    ``unknown`` are those that it reads and nobody sets. ``ends`` is what there is at the end.
    """

    uses: Uses
    series: Series
    reads: dict[str, dict[Slot, Reach]] = field(default_factory=dict)
    outputs: dict[str, list[str]] = field(default_factory=dict)
    agreed: dict[str, dict[str, list[Slot]]] = field(default_factory=dict)
    through: dict[str, set[str]] = field(default_factory=dict)
    starts: dict[str, set[str]] = field(default_factory=dict)
    unknown: dict[str, set[str]] = field(default_factory=dict)
    ends: Env = field(default_factory=dict)
    before: dict[str, Env] = field(default_factory=dict)
    after: dict[str, Env] = field(default_factory=dict)
    stuck: list[tuple[str, str]] = field(default_factory=list)
    carried: dict[str, dict[str, None]] = field(default_factory=dict)
    _unused: set[Def] = field(default_factory=set)
    _void: set[Def] = field(default_factory=set)
    _again: bool = False

    def __post_init__(self) -> None:
        self._steps = {do.step.name: do.step for do in walk(self.series)}
        self._place = {name: number for number, name in enumerate(self._steps)}
        self._names = ValueNames(self._place, self.uses.names, self.uses.renamed)
        self._settle()
        perhaps = {Def(s, n) for s in self._steps for n in self._perhaps(s)}
        read = {d for reads in self.reads.values() for r in reads.values() for d in flat(r.values)}
        self._unused = perhaps - read
        self._settle()

    def _settle(self) -> None:
        """Walk until nothing is in the way of anything."""
        for _ in range(50 + 4 * len(self._steps)):
            self._again = False
            for held in (self.reads, self.outputs, self.agreed, self.through):
                held.clear()
            self.starts.clear()
            self.unknown.clear()
            env: Env = {name: Reach(frozenset([Def("", name)])) for name in self.uses.given}
            scope: Scope = {self.name(Def("", n)): frozenset(r.values) for n, r in env.items()}
            self.ends = self._series(self.series, env, scope)
            self._name_ends(scope)
            if not self._again:
                return
        self.stuck.append((next(iter(self._steps)), "its values"))

    # Names

    def name(self, value: Value) -> str:
        """The name of a value in the pipeline."""
        return self._names.name(value)

    def _check(
        self, step: str, slot: Slot, reach: Reach, scope: Scope, split: FlowStep | None = None
    ) -> None:
        """Note a read, and see to it that the name of the value holds it there.

        What is set behind a ``split`` of which a branch is read gets the name of that branch.
        """
        self.reads.setdefault(step, {})[slot] = reach
        name = self.name(next(iter(reach.values)))
        found = scope.get(name, frozenset())
        if found - {None} == reach.values or self._again:
            return
        others = [v for v in found - reach.values if v is not None]
        since = self._place[split.name] if split else len(self._place)
        own = [v for v in reach.values if self._place.get(self._names.root(v).step, -1) > since]
        roots = {self._names.root(v) for v in reach.values}
        foreign = [v for v in others if self._names.root(v) not in roots]
        if not any(
            self._names.rename(value, slot.of if value in own else "")
            for value in [*own, *foreign, *reach.values]
        ):
            self.stuck.append((step, slot.name))
        else:
            self._again = True

    def _name_ends(self, scope: Scope) -> None:
        """What the flow has at its end is to have its own name."""
        for attribute, reach in self.ends.items():
            found = scope.get(attribute, frozenset()) - {None}
            if found and found != reach.values and not self._again:
                for value in found - reach.values:
                    if value is not None and self._names.root(value) not in map(
                        self._names.root, reach.values
                    ):
                        self._again |= self._names.rename(value, "")

    # The walk

    def _series(self, series: Series, env: Env, scope: Scope) -> Env:
        ends: dict[str, Env] = {}
        for node in series:
            if isinstance(node, Do):
                env = self._do(node, env, scope, ends)
            elif isinstance(node, Again):
                env = self._repeat(node, env, scope)
            elif isinstance(node, Fork):
                ends = self._fork(node, env, scope)
            elif isinstance(node, Each):
                ends = {"": self._each(node, env, scope)}
            else:
                env = self._choose(node, env, scope)
        return env

    def _fork(self, fork: Fork, env: Env, scope: Scope) -> dict[str, Env]:
        ends = {}
        begun = dict(scope)
        for key, series in fork.branches.items():
            own = dict(begun)
            ends[key] = self._series(series, dict(env), own)
            scope |= {n: held for n, held in own.items() if begun.get(n) != held}
        return ends

    def _each(self, each: Each, env: Env, scope: Scope) -> Env:
        own = dict(scope)
        end = self._series(each.body, dict(env), own)
        for name, held in own.items():
            if scope.get(name) != held:
                values = frozenset(v for v in held if v is not None)
                scope[name] = frozenset([Listed(each.split.name, values)])
        return end

    def _choose(self, choose: Choose, env: Env, scope: Scope) -> Env:
        envs, scopes = [], []
        for _, series in choose.arms:
            own = dict(scope)
            envs.append(self._series(series, dict(env), own))
            scopes.append(own)
        scope |= either_scope(scopes)
        return self._either(envs)

    def _repeat(self, again: Again, env: Env, scope: Scope) -> Env:
        counted = self.uses.idioms.counted.get(again.do.step.name)
        if counted and counted.index:
            index = frozenset([Def("", counted.index)])
            around = scope.get(counted.index)
            scope[counted.index] = index
            env = self._repeated(again, {**env, counted.index: Reach(index)}, scope)
            del scope[counted.index], env[counted.index]
            scope |= {counted.index: around} if around else {}
            return env
        return self._repeated(again, env, scope)

    def _repeated(self, again: Again, env: Env, scope: Scope) -> Env:
        out = self._do(again.do, dict(env), dict(scope), {})
        for _ in range(2):
            own = dict(scope)
            out_scope = dict(scope)
            self._do(again.do, dict(env), out_scope, {})
            own |= either_scope([scope, out_scope])
            out = self._do(again.do, self._either([env, out]), own, {})
        scope |= out_scope
        return out

    def _either(self, envs: list[Env]) -> Env:
        """What may be there behind one of several ways."""
        found: Env = {}
        for name in dict.fromkeys(n for env in envs for n in env):
            reaches = [env[name] for env in envs if name in env]
            values = frozenset(v for r in reaches for v in r.values)
            every = len(reaches) == len(envs)
            certain = every and all(r.certain for r in reaches)
            found[name] = Reach(values, certain, every and all(r.held for r in reaches))
            if len(values) > 1:
                self._again |= self._names.unite(values)
        return found

    # One step

    def _do(self, do: Do, env: Env, scope: Scope, ends: Mapping[str, Env]) -> Env:
        step, use = do.step, self.uses.of[do.step.name]
        self.reads[step.name] = {}
        if do.joins:
            env = self._join(do, ends, scope)
        self.before[step.name] = dict(env)
        self.outputs[step.name] = outputs = self._outputs(step, env)
        wanted = [*use.reads, *(n for n in outputs if n not in use.certain)]
        wanted += list(env) if use.any_read else []
        made = self.agreed.get(step.name, {})
        for name in dict.fromkeys([*wanted, *self.carried.get(step.name, ())]):
            if name in made:
                continue
            if name in env:
                self._check(step.name, Slot("self", name), env[name], scope)
            elif name in outputs:
                self.starts.setdefault(step.name, set()).add(name)
                if name not in use.sets:
                    self._void.add(Def(step.name, name))
            elif name not in use.perhaps:
                self.unknown.setdefault(step.name, set()).add(name)
        for split in self.uses.splits_read(step.name):
            reach = self.after[split.name].get(self.uses.over(split).name)
            if reach:
                self._check(step.name, Slot("items", split.next.over, split.name), reach, scope)
        env = dict(env)
        for name in outputs:
            value = Def(step.name, name)
            known = env.get(name)
            sure = name in use.certain or name in made or (known is not None and known.certain)
            env[name] = Reach(frozenset([value]), sure)
            scope[self.name(value)] = frozenset([value])
        self.after[step.name] = env
        return env

    def _perhaps(self, step: str) -> Iterator[str]:
        """What a step hands on only if anybody wants it."""
        use = self.uses.of[step]
        yield from (n for n, c in use.changes.items() if not c.sure and n not in use.sets)
        yield from self.agreed.get(step, ())

    def _outputs(self, step: FlowStep, env: Env) -> list[str]:
        use = self.uses.of[step.name]
        through = self.through.get(step.name, set())
        found = [n for n in use.sets if n not in through]
        found += [n for n in use.changes if n not in use.drops]
        found += [*self.agreed.get(step.name, ()), *self.carried.get(step.name, ())]
        if use.any_set:
            found += self.uses.read_anywhere
        return [
            name
            for name in dict.fromkeys(found)
            if name not in self.uses.given and Def(step.name, name) not in self._unused
        ]

    # Joins

    def _join(self, do: Do, ends: Mapping[str, Env], scope: Scope) -> Env:
        step, use = do.step, self.uses.joins[do.step.name]
        env: Env = {name: Reach(frozenset([Def("", name)])) for name in self.uses.given}
        self.through[step.name] = set()
        self.agreed[step.name] = {}
        for name in use.through if not use.rest else ():
            reach = self._taken(do, use, name, ends)
            if reach and reach.certain and self.name(next(iter(reach.values))) == name:
                env[name] = reach
                self.through[step.name].add(name)
        for slot, reach in self._slots(do, use, ends):
            self._check(step.name, slot, reach, scope, do.joins.split if do.joins else None)
        for merge in use.merges:
            self._merge(do, merge, ends, env, scope)
        return env

    def _taken(self, do: Do, use: JoinUse, name: str, ends: Mapping[str, Env]) -> Reach | None:
        """What a statement that hands an attribute on has taken it from."""
        value = use.through[name].value  # type: ignore[attr-defined]
        if value in use.lists:
            found = self._of_items(do, name, ends)
            listed = found and all(isinstance(v, Listed) for v in found.values)
            return found if listed else None
        branch, _ = use.picks[value]
        if branch:
            return self.after[branch].get(name)
        found = self._of_items(do, name, ends)
        outer = found and not any(self._is_own(do, v) for v in found.values)
        return found if outer else None

    def _slots(self, do: Do, use: JoinUse, ends: Mapping[str, Env]) -> Iterator[tuple[Slot, Reach]]:
        """What a join reads of its inputs."""
        each = isinstance(do.joins, Each)
        asked: list[tuple[str, str]] = [*use.picks.values(), *(("", n) for n in use.lists.values())]
        through = self.through[do.step.name]
        if not use.rest:
            asked = [(b, n) for b, n in asked if n not in through or self._often(use, n) > 1]
        else:
            names = [""] if each else [s.name for s in self.uses.inputs_of(do)]
            asked = []
            for branch in names:
                env = ends[""] if each else self.after[branch]
                asked += [(branch, n) for n in env if use.escapes or n in use.asked]
        listed = False
        for branch, name in dict.fromkeys(asked):
            env = self.after[branch] if branch else ends[""]
            if name not in env:
                self.unknown.setdefault(do.step.name, set()).add(name)
            elif not each:
                yield Slot("branch", name, branch), env[name]
            elif reach := self._of_items(do, name, ends):
                own = any(self._is_own(do, v) for v in reach.values)
                listed = listed or own
                yield Slot("list" if own else "self", name), reach
        if isinstance(do.joins, Each) and use.rest and not listed:
            split = do.joins.split
            reach = self.after[split.name].get(split.next.over)
            if reach:
                yield Slot("items", split.next.over, split.name), reach

    def _often(self, use: JoinUse, name: str) -> int:
        return [*(n for _, n in use.picks.values()), *use.lists.values()].count(name)

    def _of_items(self, do: Do, name: str, ends: Mapping[str, Env]) -> Reach | None:
        """An attribute of the items that are joined: a list, or what it was before the split."""
        reach = ends[""].get(name)
        if reach is None:
            return None
        assert isinstance(do.joins, Each)
        body = {inner.step.name for inner in walk(do.joins.body)}
        own = {v for v in reach.values if next(flat([v])).step in body}
        if not own:
            return reach
        if own != reach.values or not reach.held:
            first = next(walk(do.joins.body)).step.name
            if name not in self.carried.setdefault(first, {}):
                self.carried[first][name] = None
                self._again = True
        return Reach(frozenset([Listed(do.joins.split.name, frozenset(own))]), reach.certain)

    def _is_own(self, do: Do, value: Value) -> bool:
        assert isinstance(do.joins, Each)
        return isinstance(value, Listed) and value.split == do.joins.split.name

    def _merge(self, do: Do, merge: Merge, ends: Mapping[str, Env], env: Env, scope: Scope) -> None:
        step = do.step.name
        known = {*env} - self.uses.given.keys() | self.uses.set_before(step, merge.statement)
        for name in dict.fromkeys(n for end in ends.values() for n in end):
            if name in self.uses.given or name in known or not merge.takes(name):
                continue
            if isinstance(do.joins, Each):
                self._merge_items(do, name, ends, env, scope)
            else:
                self._merge_branches(do, name, ends, env, scope)

    def _merge_items(
        self, do: Do, name: str, ends: Mapping[str, Env], env: Env, scope: Scope
    ) -> None:
        reach = self._of_items(do, name, ends)
        if reach is None:
            return
        if not any(self._is_own(do, v) for v in reach.values):
            env[name] = reach
            return
        self._agree(do, name, [(Slot("list", name), reach)], scope)

    def _merge_branches(
        self, do: Do, name: str, ends: Mapping[str, Env], env: Env, scope: Scope
    ) -> None:
        found = {
            key: end[name]
            for key, end in ends.items()
            if name in end and not end[name].values <= self._void
        }
        reaches = list(found.values())
        if not reaches:
            return
        if len({r.values for r in reaches}) == 1:
            every = all(r.certain for r in reaches)
            env[name] = Reach(reaches[0].values, every, all(r.held for r in reaches))
            return
        last = {key: self.uses.last_of(do, key) for key in found}
        slots = [(Slot("branch", name, last[key]), reach) for key, reach in found.items()]
        self._agree(do, name, slots, scope)

    def _agree(self, do: Do, name: str, slots: list[tuple[Slot, Reach]], scope: Scope) -> None:
        step = do.step.name
        if Def(step, name) in self._unused:
            return
        self.agreed[step][name] = [slot for slot, _ in slots]
        for slot, reach in slots:
            self._check(step, slot, reach, scope, do.joins.split if do.joins else None)
