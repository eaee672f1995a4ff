"""What all makers of steps share: the DAG, the names in its scope, inputs and policies."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from json import loads
from pathlib import Path
from typing import Any

from bridge.errors import Where
from bridge.findings import Feature, Level
from bridge.model import PythonTask
from bridge.values import At, Constant, Fact, Input, at, constant, fact, json
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
    undeclared: dict[str, str] = field(default_factory=dict)
    skips: set[str] = field(default_factory=set)
    ran_names: dict[str, str] = field(default_factory=dict)

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
        if asked.kind in ("push", "literal"):
            return constant("None" if asked.kind == "push" else loads(asked.key))
        if asked.kind == "param":
            return self.param(asked.what, task)
        if asked.kind == "conf":
            return self.param(asked.what, task) or self.given(asked.what)
        return self.pulled(asked.what, asked.key) if asked.kind == "pull" else None

    def given(self, name: str) -> Input:
        """What a run may be given that the DAG does not declare: a parameter from now on."""
        if name not in self.undeclared:
            self.undeclared[name] = self.names.fresh(name)
            self.parameters[self.undeclared[name]] = None
            self.tell(Level.APPROXIMATED, Feature.PARAMETERS, f"{name} of the run", _OF_RUN)
        return at(self.undeclared[name])

    def param(self, name: str, task: Task) -> Input | None:
        """The parameter, or what the task itself says it is."""
        if name in task["params"]:
            value = task["params"][name]
            return constant(value["json"]) if "json" in value else None
        return at(name) if name in self.parameters else None

    def ran(self, task: Task) -> str:
        """The name of the value that tells whether a task that may skip itself has run."""
        if task["id"] not in self.ran_names:
            self.ran_names[task["id"]] = self.names.fresh(f"{self.names(task['id'])}_ran")
        return self.ran_names[task["id"]]

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

    def loaded(self, value: Any, task: Task) -> Any:
        """A value in which the names of files of templates have become what is in the files."""
        endings = task["given"].get("templates_exts", {}).get("json") or ()
        held = value.get("json") if isinstance(value, Mapping) else None
        if isinstance(held, dict):
            return {"json": {key: self._content(item, endings) for key, item in held.items()}}
        return {"json": self._content(held, endings)} if isinstance(held, str) else value

    def _content(self, value: Any, endings: Iterable[str]) -> Any:
        if not isinstance(value, str) or not value.endswith(tuple(endings)):
            return value
        folders = self.dag["settings"].get("template_searchpath", {}).get("json") or []
        folders = [folders] if isinstance(folders, str) else folders
        files = [Path(folder) / value for folder in (Path(self.dag["file"]).parent, *folders)]
        file = next((file for file in files if file.is_file()), None)
        # Jinja leaves out the last line break of a template.
        return file.read_text(encoding="utf-8").removesuffix("\n") if file else value

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
        if isinstance(value, dict) and _has_template(value):
            return self._mapping({key: {"json": item} for key, item in value.items()}, task)
        if _has_template(value):
            return None
        return Expression(whole=constant(value))

    def _template(self, text: str, task: Task) -> Expression | None:
        found = list(parts(text))
        inputs: dict[str, Input] = {}
        shown, texts = "", list[str]()
        for part in found:
            if not part.is_template:
                texts.append(repr(part.text))
                shown += part.text.replace("{", "{{").replace("}", "}}")
                continue
            source = self.asked(part.asked, task) if part.asked else None
            if source is None:
                return None
            if len(found) == 1 and not part.code and self._is_text(source):
                return Expression(whole=source)
            if isinstance(source, Constant):
                texts.append(repr(str(source.value)))
                shown += str(source.value).replace("{", "{{").replace("}", "}}")
                continue
            name = self._argument(source, inputs)
            inputs[name] = source
            code = part.code.format(name) if part.code else name
            self.lifting.uses(part.uses)
            texts.append(code if part.uses else f"str({code})")
            shown += f"{{{code}}}"
        if not inputs:
            return Expression(whole=constant("".join(map(ast.literal_eval, texts))))
        whole = f"f{shown!r}"
        has_both = "'" in shown and '"' in shown  # which no f-string can quote inside itself
        return Expression(" + ".join(texts) if has_both or len(texts) == 1 else whole, inputs)

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

    def step(
        self, task: Task, wanted: str, text: str, inputs: Mapping[str, Input]
    ) -> tuple[str, PythonTask]:
        """A step that makes a value, of what an expression says, and the name of that value."""
        held = self.names.fresh(wanted)
        self.takes(task, inputs.values())

        def make(name: str) -> str:
            return f"def {name}({', '.join(inputs)}):\n    return {text}\n"

        function = f"{self.lifting.module}:{self.lifting.add(held, make)}"
        return held, PythonTask(
            name=held,
            function=function,
            inputs=dict(inputs),
            returns=[json(held)],
            where=self.where(task),
        )

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


_OF_RUN = "a run is given it, or not; here it is a parameter, null until a run gives one"


def _has_template(value: Any) -> bool:
    todo = [value]
    while todo:
        item = todo.pop()
        if is_template(item):
            return True
        todo += item.values() if isinstance(item, dict) else item if isinstance(item, list) else []
    return False
