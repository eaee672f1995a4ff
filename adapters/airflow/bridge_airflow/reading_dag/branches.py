"""Tasks that decide which of those after them run: what they may choose, and how rules follow."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.findings import Feature
from bridge_airflow.reading_dag.conditions import Branching
from bridge_airflow.reading_dag.making import Making, Task
from bridge_airflow.reading_dag.syntax import own_returns

__all__ = ["Branches", "Node", "is_bool", "is_plural", "tell_of_rule"]

_QUIET = ("none_failed", "none_failed_min_one_success")
_LATE = (
    *("all_done", "always", "all_done_min_one_success", "one_success", "one_done"),
    "none_skipped",
)
_ORDINARY = "a task like others, which runs only when what it waits for has succeeded"
_AFTER_FAILURE = (
    "runs it after a failure or a skip alone; give the task before it on_failure=Pipeline(...)"
)


@dataclass
class Node:
    """A task, or a mapped group with all that is in it."""

    name: str
    tasks: list[Task]
    upstream: list[str] = field(default_factory=list)
    rule: str = "all_success"
    group: str = ""


class Branches:
    """Looks for the tasks that decide; ``decides`` tells the kind of one."""

    def __init__(
        self, making: Making, nodes: Mapping[str, Node], decides: Callable[[Task], str]
    ) -> None:
        self._making, self._decides = making, decides
        self.nodes = nodes

    def find(self) -> dict[str, Branching]:
        """What is decided, by the task that does; of several choices at once each by itself."""
        found = {}
        for name, node in self.nodes.items():
            kind = "" if node.group else self._decides(node.tasks[0])
            after = [n.name for n in self.nodes.values() if name in n.upstream]
            if kind == "branch" and is_plural(self._making, node.tasks[0]):
                for choice, first in self._choices(node.tasks[0], after).items():
                    either = {"true": first, "false": frozenset[str]()}
                    found[f"{name}\n{choice}"] = Branching(name, either, skips=frozenset({"false"}))
            elif kind == "branch":
                found[name] = Branching(name, self._choices(node.tasks[0], after))
            elif kind == "short":
                task = node.tasks[0]
                rules = task["values"].get("ignore_downstream_trigger_rules", {}).get("json", True)
                choices = {"true": frozenset(after), "false": frozenset[str]()}
                found[name] = Branching(name, choices, bool(rules), frozenset({"false"}))
            elif kind == "skip":
                choices = {"true": frozenset(after), "false": frozenset[str]()}
                found[name] = Branching(name, choices, skips=frozenset({"false"}), itself=True)
        return found

    def _choices(self, task: Task, after: Iterable[str]) -> dict[str, frozenset[str]]:
        """What a branch may return, with the nodes that each lets run first."""
        after = list(after)
        said = self._texts(task)
        choices: dict[str, frozenset[str]] = {}
        for name in after:
            around = self._groups_of(name)
            outer = [g for g in around if g not in task["groups"] and g in said]
            key = name if name in said or not outer else outer[0]
            firsts = {name} if key == name else {n for n in after if key in self._groups_of(n)}
            choices[key] = frozenset(firsts)
        return choices

    def _groups_of(self, name: str) -> list[str]:
        node = self.nodes[name]
        return [g for g in node.tasks[0]["groups"] if g != node.group]

    def _texts(self, task: Task) -> set[str]:
        """The texts that stand in the function of a task, and in what it is given."""
        found: set[str] = set()
        function = task["callable"]
        if function is not None and "file" in function:
            node = self._making.lifting.find(function)
            constants = (n.value for n in ast.walk(node) if isinstance(n, ast.Constant))
            found |= {value for value in constants if isinstance(value, str)}
        todo: list[Any] = [task["args"], task["kwargs"], (function or {}).get("closure", {})]
        todo.append((function or {}).get("globals", {}))
        while todo:
            item = todo.pop()
            if isinstance(item, str):
                found.add(item)
            elif isinstance(item, list | Mapping):
                todo += item.values() if isinstance(item, Mapping) else item
        return found


def is_plural(making: Making, task: Task) -> bool:
    """Whether a branch gives a list of what it chooses."""
    function = task["callable"]
    if function is None or "file" not in function:
        return False
    node = making.lifting.find(function)
    hint = getattr(node, "returns", None)
    said = ast.unparse(hint).strip("'\"").lower() if hint is not None else ""
    if said:
        return said.startswith(("list", "typing.list", "sequence", "iterable", "tuple", "set"))
    return any(isinstance(found.value, ast.List | ast.ListComp) for found in own_returns(node))


def is_bool(making: Making, task: Task) -> bool:
    """Whether what a task gives is true or false for certain."""
    node = making.lifting.find(task["callable"])
    if isinstance(node, ast.Lambda):
        return isinstance(node.body, ast.Compare) or isinstance(
            getattr(node.body, "value", None), bool
        )
    return isinstance(node.returns, ast.Name) and node.returns.id == "bool"


def tell_of_rule(making: Making, task: Task) -> None:
    """Tell what becomes of a task's trigger rule."""
    rule = task["trigger_rule"]
    if task["setup"] or task["teardown"]:
        word = "setup" if task["setup"] else "teardown"
        making.changes(task, Feature.ON_FAILURE, word, _ORDINARY)
    elif rule in _QUIET:
        making.carries(task, Feature.CONDITIONAL, "trigger_rule", "it follows the branches")
    elif rule in _LATE:
        how = f"'{rule}' has it run after failures too, or early; here it waits for success"
        making.changes(task, Feature.ON_FAILURE, "trigger_rule", how)
    elif rule != "all_success":
        making.refuses(task, "trigger_rule", f"'{rule}' {_AFTER_FAILURE}", Feature.ON_FAILURE)
    elif "trigger_rule" in task["given"]:
        making.carries(task, Feature.ORDER_AFTER, "trigger_rule")
