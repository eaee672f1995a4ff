"""What all makers of steps share: the DAG, the names in its scope, inputs and policies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.errors import Where
from bridge.findings import Feature, Level
from bridge.values import At, Constant, Fact, Input, at, constant, fact
from bridge_airflow.reading_dag.changes import Asked
from bridge_airflow.reading_dag.conditions import Condition, implies
from bridge_airflow.reading_dag.lifting import Lifting
from bridge_airflow.reading_dag.names import RETURNED, ValueNames
from bridge_airflow.reading_dag.telling import Telling
from bridge_airflow.reading_dag.templates import is_template, parts

__all__ = ["Expression", "Making", "Task"]

Task = Mapping[str, Any]
Seen = Mapping[str, Any]


@dataclass
class Expression:
    """A value as an input, where it is one, else as the text of an expression over ``inputs``."""

    text: str = ""
    inputs: dict[str, Input] = field(default_factory=dict)
    whole: Input | None = None


@dataclass
class Making:
    """A DAG in translation."""

    dag: Mapping[str, Any]
    tell: Telling
    lifting: Lifting
    names: ValueNames
    parameters: dict[str, Any]
    pushed: dict[str, set[str]] = field(default_factory=dict)
    items: dict[str, Any] = field(default_factory=dict)
    reads: dict[str, set[str]] = field(default_factory=dict)
    runs: dict[str, Condition] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tasks: dict[str, Task] = {task["id"]: task for task in self.dag["tasks"]}

    def where(self, task: Task) -> Where:
        """Where a task is made."""
        return self.tell.where(task["place"][0])

    def takes(self, task: Task, inputs: Iterable[Input]) -> None:
        """Note what a task reads."""
        names = {source.name for source in inputs if isinstance(source, At)}
        self.reads.setdefault(task["id"], set()).update(names)

    def is_perhaps(self, task: Task, source: Input | None) -> bool:
        """Whether a value may be absent when a task runs, as its maker was skipped."""
        origin = self.names.origins.get(source.name) if isinstance(source, At) else None
        if origin is None:
            return False
        mine, its = self.runs.get(task["id"], {}), self.runs.get(origin[0], {})
        return not implies(mine, its)

    # Inputs

    def asked(self, asked: Asked, task: Task) -> Input | None:
        """The input for what a function or a template asks for; None: there is none."""
        if asked.kind == "fact":
            return fact(asked.what)
        if asked.kind == "constant":
            return constant(task["id"] if asked.what == "task_id" else self.dag["dag_id"])
        if asked.kind == "param":
            return self.param(asked.what, task)
        return self.pulled(asked.what, asked.key)

    def param(self, name: str, task: Task) -> Input | None:
        """The parameter, or what the task itself says it is."""
        if name in task["params"]:
            value = task["params"][name]
            return constant(value["json"]) if "json" in value else None
        return at(name) if name in self.parameters else None

    def pulled(self, task_id: str, key: str) -> Input | None:
        """What a task has returned, or pushed under a key."""
        if task_id not in self.tasks:
            return None
        if key == RETURNED:
            return at(self.names(task_id))
        if key in self.pushed.get(task_id, ()):
            return at(self.names(task_id, key))
        if self.tasks[task_id]["values"].get("multiple_outputs", {}).get("json"):
            return at(self.names(task_id), key)
        return None

    def express(self, value: Seen, task: Task) -> Expression | None:
        """A value as it is given to a function; None when there is no way to say it."""
        if "json" in value:
            return self._constant(value["json"], task)
        if "xcom" in value:
            return self._whole(self.pulled(*value["xcom"]))
        if "param" in value:
            return self._whole(self.param(value["param"], task))
        if "item" in value:
            return self._item(value["item"])
        if "list" in value and value["is"] in ("list", "tuple"):
            return self._several(value, task)
        if "dict" in value:
            return self._mapping(value["dict"], task)
        if "path" in value:
            return Expression(repr(value["path"]))
        return None

    def _whole(self, found: Input | None) -> Expression | None:
        return Expression(whole=found) if found is not None else None

    def _item(self, key: str) -> Expression | None:
        held = self.items.get("")
        if held is None:
            return None
        return Expression(whole=at(held, key) if self.items.get("keyed") else at(held))

    def _constant(self, value: Any, task: Task) -> Expression | None:
        if is_template(value):
            return self._template(value, task)
        if _has_template(value):
            return None
        return Expression(whole=constant(value))

    def _template(self, text: str, task: Task) -> Expression | None:
        found = list(parts(text))
        inputs: dict[str, Input] = {}
        shown = ""
        for part in found:
            if not part.is_template:
                shown += part.text.replace("{", "{{").replace("}", "}}")
                continue
            source = self.asked(part.asked, task) if part.asked else None
            if source is None:
                return None
            if len(found) == 1 and not part.shown and self._is_text(source):
                return Expression(whole=source)
            name = self._argument(source, inputs)
            inputs[name] = source
            shown += f"{{{name}{_SHOWN.get(part.shown, '')}}}"
        return Expression(f"f{shown!r}", inputs)

    def _is_text(self, source: Input) -> bool:
        """Whether the value of a template alone is the text that it would be rendered to."""
        if self.dag["native"]:
            return True
        if isinstance(source, Constant):
            return isinstance(source.value, str)
        if isinstance(source, Fact):
            return source.name != "attempt"
        return isinstance(self.parameters.get(source.name), str) and not source.path

    def _argument(self, source: Input, inputs: Mapping[str, Input]) -> str:
        """A name for an argument that receives ``source``."""
        from bridge.emit.names import identifier

        path = getattr(source, "path", ())
        wanted = identifier(str(path[-1] if path else getattr(source, "name", "value")))
        name, number = wanted, 2
        while inputs.get(name, source) != source:
            name, number = f"{wanted}_{number}", number + 1
        return name

    def _several(self, value: Seen, task: Task) -> Expression | None:
        found = [self.express(item, task) for item in value["list"]]
        inputs: dict[str, Input] = {}
        texts = [self._joined(item, inputs) for item in found]
        if not all(texts):
            return None
        inside = ", ".join(t for t in texts if t)
        text = f"({inside},)" if value["is"] == "tuple" else f"[{inside}]"
        return Expression(text, inputs)

    def _mapping(self, given: Mapping[str, Seen], task: Task) -> Expression | None:
        inputs: dict[str, Input] = {}
        pairs = []
        for key, value in given.items():
            text = self._joined(self.express(value, task), inputs)
            if not text:
                return None
            pairs.append(f"{key!r}: {text}")
        return Expression(f"{{{', '.join(pairs)}}}", inputs)

    def _joined(self, found: Expression | None, inputs: dict[str, Input]) -> str:
        """The text of an expression over arguments that are added to ``inputs``."""
        if found is None:
            return ""
        if found.whole is None:
            for name, source in found.inputs.items():
                if inputs.setdefault(name, source) != source:
                    return ""
            return found.text
        if isinstance(found.whole, Constant):
            return repr(found.whole.value)
        name = self._argument(found.whole, inputs)
        inputs[name] = found.whole
        return name

    def argument(self, found: Expression, inputs: dict[str, Input]) -> str:
        """The text of an expression over arguments that are added to ``inputs``."""
        return self._joined(found, inputs)

    # Findings

    def loses(
        self, task: Task, attribute: str, how: str, feature: Feature = Feature.FOREIGN
    ) -> None:
        """Tell of something that a task says and that is lost."""
        self.tell(Level.DROPPED, feature, attribute, how, task["id"], task["place"][0])

    def changes(
        self,
        task: Task,
        feature: Feature,
        attribute: str,
        how: str,
        line: int = 0,
        level: Level = Level.APPROXIMATED,
    ) -> None:
        """Tell of something that is not the same afterwards, or is so by other means."""
        self.tell(level, feature, attribute, how, task["id"], line or task["place"][0])

    def refuses(
        self, task: Task, attribute: str, how: str, feature: Feature = Feature.PYTHON, line: int = 0
    ) -> None:
        """Tell of something that cannot be represented."""
        self.tell.unsupported(feature, attribute, how, task["id"], line or task["place"][0])

    def carries(
        self, task: Task, feature: Feature, attribute: str, how: str = "", line: int = 0
    ) -> None:
        """Tell of something that stays."""
        self.tell.carried(feature, attribute, how, task["id"], line or task["place"][0])


_SHOWN = {"ds": "[:10]", "ds_nodash": "[:10].replace('-', '')"}


def _has_template(value: Any) -> bool:
    todo = [value]
    while todo:
        item = todo.pop()
        if is_template(item):
            return True
        todo += item.values() if isinstance(item, dict) else item if isinstance(item, list) else []
    return False
