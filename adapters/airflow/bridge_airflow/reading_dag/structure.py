"""The graph of a DAG as steps: branches become conditionals, mapped tasks and groups maps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bridge.findings import Feature, Level
from bridge.model import Conditional, Map, Pipeline, PythonTask, Step, Stub
from bridge.order import sort
from bridge.values import at, json
from bridge_airflow.reading_dag.branches import Branches, Node, is_bool, tell_of_rule
from bridge_airflow.reading_dag.conditions import ALWAYS, Condition, conditions
from bridge_airflow.reading_dag.making import Making, Task
from bridge_airflow.reading_dag.mapping import Mapped, Mapper

__all__ = ["Structure"]

_IN_GROUP = "a branch inside a mapped group does not skip the tasks of the same item"
_MAPPED_SKIPS = "items of a map that skip themselves have no equal here; let it return None"

Maker = Callable[[Task, str, "Mapped | None"], list[Step]]


class Structure:
    """Builds the steps; ``make`` makes those of one task, ``decides`` is the kind of a branch."""

    def __init__(self, making: Making, make: Maker, decides: Callable[[Task], str]) -> None:
        self._making, self._make, self._decides = making, make, decides
        self._chosen: dict[str, str] = {}
        self._mapper = Mapper(making)
        nodes = self._nodes(making.dag["tasks"])
        order = sort({node.name: node.upstream for node in nodes.values()})
        self.nodes = {name: nodes[name] for name in order}
        self._branchings = Branches(making, self.nodes, decides).find()

    # The graph

    def _group(self, task: Task) -> str:
        groups = self._making.dag["groups"]
        return next((g for g in task["groups"] if groups[g]["mapped"]), "")

    def _nodes(self, tasks: Sequence[Task]) -> dict[str, Node]:
        nodes: dict[str, Node] = {}
        home = {}
        for task in tasks:
            group = self._group(task)
            name = group or task["id"]
            node = nodes.setdefault(name, Node(name, [], [], task["trigger_rule"], group))
            node.tasks.append(task)
            home[task["id"]] = name
        for node in nodes.values():
            before = [home[other] for task in node.tasks for other in task["upstream"]]
            before += [home[other] for other in self._mapped_from(node)]
            node.upstream = [name for name in dict.fromkeys(before) if name != node.name]
        return nodes

    def _mapped_from(self, node: Node) -> list[str]:
        """The tasks whose results a group is mapped over."""
        mapped = self._making.dag["groups"][node.group]["mapped"] if node.group else None
        return _xcoms(mapped)

    # Conditions

    def find_conditions(self) -> None:
        """Work out when each task runs; tells of what cannot be told."""
        making = self._making
        upstream = {name: node.upstream for name, node in self.nodes.items()}
        rules = {name: node.rule for name, node in self.nodes.items()}
        found, wrong = conditions(upstream, rules, self._branchings)
        for name, why in wrong.items():
            task = self.nodes[name].tasks[0]
            how = f"{why}; let one task join the branches"
            making.refuses(task, f"trigger_rule {rules[name]}", how, Feature.CONDITIONAL)
        self._found = found
        for name, node in self.nodes.items():
            making.runs |= {task["id"]: found[name] for task in node.tasks}
        for task in making.tasks.values():
            tell_of_rule(making, task)

    # Steps

    def steps(self) -> list[Step]:
        """All steps of the outermost pipeline."""
        self._made: dict[str, tuple[list[Step], set[str]]] = {}
        for name, node in self.nodes.items():
            steps = self._group_steps(node) if node.group else self._task_steps(node.tasks[0])
            steps += self._choosing(name) + self._passing(name)
            self._made[name] = (steps, {node.group or name, *(task["id"] for task in node.tasks)})
        return self._pipeline(list(self.nodes), ALWAYS)

    def _choosing(self, name: str) -> list[Step]:
        """For a task that may choose several at once: a step that tells of each whether it did."""
        making = self._making
        choices = [
            k.partition("\n")[2] for k, b in self._branchings.items() if b.by == name and "\n" in k
        ]
        if not choices:
            return []
        task = self.nodes[name].tasks[0]
        held, chosen = making.names(name), making.names.fresh(f"{making.names(name)}_chosen")
        self._chosen[name] = chosen
        how, said = "one conditional for each", "several choices"
        making.changes(task, Feature.CONDITIONAL, said, how, level=Level.EMULATED)
        pairs = ", ".join(f"{choice!r}: {choice!r} in ids" for choice in choices)
        text = (
            f"    ids = [{held}] if isinstance({held}, str) else {held} or []\n"
            f"    return {{{pairs}}}\n"
        )
        function = making.lifting.add(chosen, lambda name: f"def {name}({held}):\n{text}")
        reference = f"{making.lifting.module}:{function}"
        where = making.where(task)
        return [
            PythonTask(
                name=f"{name}_chosen", function=reference, returns=[json(chosen)], where=where
            )
        ]

    def _passing(self, name: str) -> list[Step]:
        """For a task that lets pass whatever is true in Python: a step that tells whether it is."""
        making, branching = self._making, self._branchings.get(name)
        task = self.nodes[name].tasks[0]
        if branching is None or self._decides(task) != "short" or is_bool(making, task):
            return []
        held, passes = making.names(name), making.names.fresh(f"{making.names(name)}_passes")
        self._chosen[name] = passes
        text = f"({held}):\n    return bool({held})\n"
        function = making.lifting.add(passes, lambda name: f"def {name}{text}")
        reference = f"{making.lifting.module}:{function}"
        where = making.where(task)
        return [
            PythonTask(
                name=f"{name}_passes", function=reference, returns=[json(passes)], where=where
            )
        ]

    def _task_steps(self, task: Task, name: str = "") -> list[Step]:
        name = name or task["id"]
        if not task["mapped"]:
            return self._make(task, name, None)
        making = self._making
        mapped = self._mapper.mapped(task, task["mapped"], making.names(task["id"]))
        if mapped is None:
            return []
        inner = self._make(task, name, mapped)
        if not inner:
            return []
        if self._decides(task) == "skip":
            making.refuses(task, "expand", _MAPPED_SKIPS, Feature.CONDITIONAL)
        return [*mapped.before, self._map(name, mapped, Pipeline(inner, name), task)]

    def _map(self, name: str, mapped: Mapped, branch: Pipeline, task: Task) -> Map:
        return Map(
            name=name,
            branch=branch,
            iterate_on=mapped.on,
            iterate_as=mapped.item,
            where=self._making.where(task),
        )

    def _group_steps(self, node: Node) -> list[Step]:
        making, group = self._making, node.group
        given = making.dag["groups"][group]["mapped"]
        owner = {
            **node.tasks[0],
            "id": group,
            "callable": None,
            "args": [],
            "kwargs": {},
            "params": {},
        }
        from bridge.emit.names import identifier

        mapped = self._mapper.mapped(owner, given, identifier(group))
        if mapped is None:
            return []
        making.items = {
            "": mapped.item,
            "keyed": len(mapped.values) > 1 or given["kind"] == "dicts",
        }
        inner: dict[str, tuple[list[Step], list[str]]] = {}
        for task in node.tasks:
            if self._decides(task):
                making.refuses(task, "branch", _IN_GROUP, Feature.CONDITIONAL)
            name = task["id"].removeprefix(f"{group}.")
            inner[task["id"]] = (self._task_steps(task, name), task["upstream"])
        making.items = {}
        order = sort({n: [u for u in up if u in inner] for n, (_, up) in inner.items()})
        units = {n: (inner[n][0], {n}) for n in order}
        steps = self._ordered(units)
        if not steps:
            return []
        branch = Pipeline(steps, group, order="data" if len(steps) > 1 else "list")
        return [*mapped.before, self._map(group, mapped, branch, node.tasks[0])]

    # Pipelines

    def _pipeline(self, names: list[str], under: Condition) -> list[Step]:
        """The steps of those nodes that run under a condition and perhaps more."""
        direct = [name for name in names if dict(self._found[name]) == dict(under)]
        units = {name: self._made[name] for name in direct}
        for (by, stage), inside in self._split(names, direct, under).items():
            step = self._conditional(by, stage, inside, under)
            units[step.name] = ([step], {t for name in inside for t in self._made[name][1]})
        return self._ordered(units)

    def _split(
        self, names: list[str], direct: Sequence[str], under: Condition
    ) -> dict[tuple[str, int], list[str]]:
        """The nodes that wait for a branch besides, by the branch.

        Where something else stands between them they are split, so that none waits for itself.
        """
        groups: dict[str, list[str]] = {}
        for name in names:
            if name not in direct:
                more = [
                    by for by in self._found[name] if self._found[name].get(by) != under.get(by)
                ]
                groups.setdefault(min(more, key=self._rank), []).append(name)
        found: dict[tuple[str, int], list[str]] = {}
        for by, inside in groups.items():
            carry: dict[str, int] = {}
            for name, node in self.nodes.items():
                before = [
                    carry[other] + (other not in inside)
                    for other in node.upstream
                    if carry[other] >= 0
                ]
                if name in inside:
                    carry[name] = max([0, *before])
                    found.setdefault((by, carry[name]), []).append(name)
                else:
                    carry[name] = max([-1, *(carry[other] for other in node.upstream)])
        return found

    def _rank(self, by: str) -> int:
        return list(self.nodes).index(self._branchings[by].by)

    def _conditional(self, by: str, stage: int, inside: list[str], under: Condition) -> Conditional:
        making, branching = self._making, self._branchings[by]
        task = self.nodes[branching.by].tasks[0]
        branches: dict[Any, Pipeline] = {}
        for choice in branching.choices:
            own = []
            for name in inside:
                allowed = self._found[name][by]
                if len(allowed) > 1 and choice == min(allowed):
                    choices = " and ".join(sorted(allowed))
                    how = f"it runs with {choices} of '{task['id']}'; let one task join them"
                    making.refuses(self.nodes[name].tasks[0], "branch", how, Feature.CONDITIONAL)
                own += [name] if choice == min(allowed) else []
            below = {**under, by: frozenset({choice})}
            for name in own:
                self._found[name] = {**self._found[name], by: frozenset({choice})}
            nothing = Stub(f"nothing after {task['id']}", where=making.where(task))
            steps = self._pipeline(own, below) or [nothing]
            order: Any = "data" if len(steps) > 1 else "list"
            branches[choice] = Pipeline(steps, choice, order=order)
        _, plural, choice = by.partition("\n")
        name = f"{branching.by}_{choice}" if plural else f"{by}_branches"
        name += f"_{stage + 1}" if stage else ""
        parameter: Any = making.names(task["id"])
        if self._decides(task) == "skip":
            parameter = making.ran(task)
            branches = {True: branches["true"], False: branches["false"]}
        if self._decides(task) == "short":
            parameter = self._chosen.get(by, parameter)
            branches = {True: branches["true"], False: branches["false"]}
        if plural:
            parameter = at(self._chosen[branching.by], choice)
            branches = {True: branches["true"], False: branches["false"]}
        return Conditional(
            name=name, parameter=parameter, branches=branches, where=making.where(task)
        )

    def _ordered(self, units: Mapping[str, tuple[list[Step], set[str]]]) -> list[Step]:
        """The steps of units, each after those it waits for, told so where no value tells it."""
        making = self._making
        place = {task: name for name, (_, tasks) in units.items() for task in tasks}
        waits: dict[str, list[str]] = {}
        reads: dict[str, set[str]] = {}
        for name, (_, tasks) in units.items():
            before = [place[u] for t in tasks for u in self._upstream(t) if u in place]
            waits[name] = [other for other in dict.fromkeys(before) if other != name]
            held = {n for t in tasks for n in making.reads.get(t, ())} | self._decided(tasks)
            origins = [making.names.origins.get(n, ("", ""))[0] for n in held]
            reads[name] = {place[origin] for origin in origins if origin in place}
        steps: list[Step] = []
        for name in sort(waits):
            made = units[name][0]
            after = [
                self._last(units[other][0]) for other in waits[name] if other not in reads[name]
            ]
            after = [a for a in after if a]
            if made and after:
                made = [replace(made[0], after=[*after, *made[0].after]), *made[1:]]
            steps += made
        return steps

    def _decided(self, tasks: Iterable[str]) -> set[str]:
        """The values by which it is decided whether tasks run."""
        names = {by for task in tasks for by in self._making.runs.get(task, {})}
        return {self._making.names(self._branchings[name].by) for name in names}

    def _upstream(self, task_id: str) -> list[str]:
        node = self._making.tasks.get(task_id)
        if node is None:
            return []
        found = [*node["upstream"]]
        group = self._group(node)
        if group:
            found += _xcoms(self._making.dag["groups"][group]["mapped"])
        return found

    def _last(self, steps: list[Step]) -> str:
        return steps[-1].name if steps else ""


def _xcoms(value: Any) -> list[str]:
    """The tasks whose XComs stand in a value."""
    found: list[str] = []
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, Mapping):
            if isinstance(item.get("xcom"), list):
                found.append(item["xcom"][0])
            todo += item.values()
        elif isinstance(item, list):
            todo += item
    return found
