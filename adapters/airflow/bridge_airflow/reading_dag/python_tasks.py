"""Tasks that call a function of Python."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from bridge.emit.names import identifier
from bridge.findings import Feature, Level
from bridge.model import PythonTask
from bridge.values import Constant, Fact, Input, Return, json, pickled
from bridge_airflow.reading_dag.changes import Asked
from bridge_airflow.reading_dag.lifting import Lifted, UnliftableError
from bridge_airflow.reading_dag.making import Expression, Making, Task
from bridge_airflow.reading_dag.policies import policies
from bridge_airflow.reading_dag.skipping import SKIPS
from bridge_airflow.reading_dag.syntax import inside, own_returns
from bridge_airflow.tables import CONTEXT_KEYS

__all__ = ["FUNCTION_ARGUMENTS", "PythonMaker"]

FUNCTION_ARGUMENTS = {
    *("templates_dict", "templates_exts", "requirements", "python", "system_site_packages"),
    *("serializer", "use_dill", "venv_cache_path", "ignore_downstream_trigger_rules"),
    *("python_version", "pip_install_options", "index_urls", "expect_airflow"),
}
_JSON_TYPES = {
    *("None", "str", "int", "float", "bool", "dict", "list", "Dict", "List", "Any", "Mapping"),
    *("Optional", "Union", "Sequence", "Iterable", "object", "MutableMapping", "Literal"),
}
_STORED = ("Variable", "Connection", "BaseHook")
_NO_EQUAL = "Airflow's context has no equal here; hand in what is needed of it"
_SHOWS_LESS = "it shows the values of the scope, not Airflow's context"
_SKIPS_ITSELF = "a task that skips itself in this way has no equal here; let a branch decide"
_IN_DATABASE = "it is read from Airflow's database; make it a parameter or a secret"


class PythonMaker:
    """Makes the steps of tasks that call functions."""

    def __init__(self, making: Making) -> None:
        self._making = making
        self.lifted: dict[str, Lifted] = {}
        self.read: set[str] = set()

    def prepare(self, task: Task, is_command: bool) -> None:
        """Lift the function of a task, so that it is known what it pushes, and if it skips."""
        function = task["callable"]
        if function is None or self._is_used_as_it_is(task):
            return
        given = set(self._bound(task)) | set(_mapped_names(task))
        try:
            params = [*self._making.parameters, *task["params"]]
            found = self._making.lifting.lift(
                function,
                task["id"].rpartition(".")[2],
                given,
                dict.fromkeys(params),
                is_command,
            )
        except UnliftableError as error:
            self._making.refuses(
                task, "python_callable", f"{error}; define it with 'def' at the top of a module"
            )
            return
        self.lifted[task["id"]] = found
        if found.change.skips:
            self._making.skips.add(task["id"])
        for key, _ in found.change.pushes:
            self._making.pushed.setdefault(task["id"], set()).add(key)

    def _is_used_as_it_is(self, task: Task) -> bool:
        function = task["callable"]
        if not function.get("importable"):
            return False
        known = set(self._bound(task)) | set(_mapped_names(task))
        names = [name for name, *_ in function["parameters"]]
        kinds = {kind for _, kind, _ in function["parameters"]}
        return "VAR_KEYWORD" not in kinds and not CONTEXT_KEYS.intersection(set(names) - known)

    def _bound(self, task: Task) -> dict[str, Any]:
        """The values that the DAG gives, by argument; those for ``*args`` by number."""
        function = task["callable"]
        parameters = function.get("parameters", [])
        names = [
            n for n, kind, _ in parameters if kind in ("POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD")
        ]
        names = [name for name in names if name not in function["partial"]]
        found = dict(zip(names, task["args"], strict=False))
        found |= {f"*{i}": v for i, v in enumerate(task["args"][len(names) :])}
        return {**function["partial"], **found, **task["kwargs"]}

    # Steps

    def step(
        self,
        task: Task,
        name: str,
        more: Mapping[str, Any] | None = None,
        own: set[str] = FUNCTION_ARGUMENTS,
    ) -> PythonTask | None:
        """The step of a task, under a name; ``more`` are values given besides.

        ``own`` are the arguments of the operator that are told of elsewhere.
        """
        making = self._making
        given = {**self._bound(task), **(more or {})}
        lifted = self.lifted.get(task["id"])
        if lifted is None and not self._is_used_as_it_is(task):
            return None
        found: dict[str, Expression] = {}
        for argument, value in given.items():
            self._give(task, argument, making.loaded(value, task), found)
        if lifted:
            self._answer(task, lifted, found)
        self._tell_of_function(task, lifted)
        reference, inputs = self._reference(task, lifted, found)
        return PythonTask(
            name=name,
            function=reference,
            inputs={
                a: i for a, i in inputs.items() if getattr(i, "name", None) != a or _is_deep(i)
            },
            returns=self.returns(task),
            dependencies=self._dependencies(task),
            where=making.where(task),
            **policies(making, task, own),
        )

    def _give(self, task: Task, argument: str, value: Any, found: dict[str, Expression]) -> None:
        making = self._making
        expression = value if isinstance(value, Expression) else making.express(value, task)
        attribute = f"argument {argument}"
        if expression is None:
            making.refuses(task, attribute, _why(value), Feature.INPUTS)
            return
        found[argument] = expression
        making.carries(task, _feature(expression), attribute)

    def _answer(self, task: Task, lifted: Lifted, found: dict[str, Expression]) -> None:
        """Give what the function asks of the context."""
        making, change = self._making, lifted.change
        for argument, asked in change.asked.items():
            source = making.asked(asked, task)
            expression = self._template(task, asked) if source is None else None
            if expression is not None:
                found[argument] = expression
                continue
            if source is None:
                what = f"what '{asked.what}' pushes as '{asked.key}'" if asked.key else asked.what
                making.refuses(
                    task, argument, f"nothing is known of {what}", Feature.INPUTS, lifted.line
                )
                continue
            found[argument] = Expression(whole=source)
        for said, line in change.carried:
            making.carries(
                task, Feature.INPUTS_FACT, said, "an argument or a return of the function", line
            )
        for said, line in change.problems:
            making.refuses(task, said, _NO_EQUAL, Feature.INPUTS_FACT, line)
        for said, line in change.losses:
            making.changes(task, Feature.INPUTS_FACT, said, _SHOWS_LESS, line)

    def _template(self, task: Task, asked: Asked) -> Expression | None:
        """What is a text with templates in it, or a dict of such texts."""
        if asked.kind == "texts":
            given = self._making.loaded(task["values"].get("templates_dict", {}), task)
            return self._making.express(given, task)
        is_text = asked.kind == "template"
        return self._making.express({"json": asked.what}, task) if is_text else None

    def _reference(
        self, task: Task, lifted: Lifted | None, found: Mapping[str, Expression]
    ) -> tuple[str, dict[str, Input]]:
        """The function of the step and its inputs; one around the user's where values are made."""
        function = task["callable"]
        making = self._making
        inputs = {a: e.whole for a, e in found.items() if e.whole is not None}
        perhaps = {a for a, source in inputs.items() if making.is_perhaps(task, source)}
        plain = len(inputs) == len(found) and not any(argument[0] == "*" for argument in found)
        if plain and (lifted or not perhaps) and not self._is_lambda(lifted, perhaps):
            making.takes(task, inputs.values())
            if lifted:
                lifted.optional |= perhaps
                return f"{self._making.lifting.module}:{lifted.name}", inputs
            return f"{function['module']}:{function['qualname']}", inputs
        return self._around(task, lifted, found)

    def _is_lambda(self, lifted: Lifted | None, perhaps: set[str]) -> bool:
        return bool(perhaps and lifted and isinstance(lifted.node, ast.Lambda))

    def _around(
        self, task: Task, lifted: Lifted | None, found: Mapping[str, Expression]
    ) -> tuple[str, dict[str, Input]]:
        making, function = self._making, task["callable"]
        inputs: dict[str, Input] = {}
        words = []
        for argument, expression in found.items():
            text = making.argument(expression, inputs)
            words.append(text if argument[0] == "*" else f"{argument}={text}")
        making.takes(task, inputs.values())
        words.sort(key=lambda word: "=" in word and word.split("=")[0].isidentifier())
        top = function["qualname"].partition(".")[0]
        uses = [] if lifted else [f"from {function['module']} import {top}"]
        called = lifted.name if lifted else function["qualname"]
        original = f"{called}({', '.join(words)})"

        perhaps = {a for a, source in inputs.items() if making.is_perhaps(task, source)}
        arguments = [a for a in inputs if a not in perhaps] + [
            f"{a}=None" for a in inputs if a in perhaps
        ]

        def make(name: str) -> str:
            return f"def {name}({', '.join(arguments)}):\n    return {original}\n"

        wanted = identifier(task["id"].rpartition(".")[2])
        if wanted == called:
            wanted = f"call_{called}"
        name = making.lifting.add(wanted, make, uses)
        return f"{making.lifting.module}:{name}", inputs

    # What it gives back

    def returns(self, task: Task) -> list[Return]:
        """What the step of a task returns: its result where it has one, and what it pushes."""
        making = self._making
        name = making.names(task["id"])
        lifted = self.lifted.get(task["id"])
        if lifted is None:
            return [json(name)]
        node = lifted.node
        found: list[Return] = []
        if isinstance(node, ast.Lambda) or own_returns(node):
            found = [json(name) if _is_json(node) else pickled(name)]
        elif name in self.read and not lifted.change.pushes:
            found = [json(name)]
        if lifted.change.skips and task["id"] in making.skips:
            found = [json(making.ran(task)), *found]
        pushes = [json(making.names.pushed(task["id"], key)) for key, _ in lifted.change.pushes]
        return [*found, *pushes]

    def _dependencies(self, task: Task) -> list[str]:
        needs = task["values"].get("requirements", {}).get("json") or []
        return [needs] if isinstance(needs, str) else list(needs)

    def _tell_of_function(self, task: Task, lifted: Lifted | None) -> None:
        making = self._making
        how = "taken over into a module of its own" if lifted else ""
        making.carries(task, Feature.PYTHON, "python_callable", how)
        for name in task["given"]:
            if name in FUNCTION_ARGUMENTS:
                self._tell_of_surroundings(task, name)
        if lifted is None:
            return
        node = lifted.node
        for child in inside(node):
            said = getattr(child, "id", getattr(child, "attr", ""))
            if said == SKIPS and not lifted.change.skips:
                line = getattr(child, "lineno", 0)
                making.refuses(task, f"raise {SKIPS}", _SKIPS_ITSELF, Feature.CONDITIONAL, line)
                break
            if said in _STORED and isinstance(child, ast.Name):
                making.refuses(task, said, _IN_DATABASE, Feature.PARAMETERS, child.lineno)
                break
        if any(isinstance(child, ast.Yield | ast.YieldFrom) for child in inside(node)):
            making.refuses(
                task, "yield", "what a task yields is told to Airflow alone", line=node.lineno
            )

    def _tell_of_surroundings(self, task: Task, name: str) -> None:
        making = self._making
        if name == "requirements":
            making.carries(task, Feature.DEPENDENCIES, name)
        elif name == "ignore_downstream_trigger_rules":
            making.carries(task, Feature.CONDITIONAL, name)
        elif name in ("templates_dict", "templates_exts"):
            how = "what the files hold that are named there, as they are now"
            making.changes(task, Feature.INPUTS, name, how, level=Level.EMULATED)
        else:
            how = "the function runs in the environment of the pipeline"
            making.changes(task, Feature.DEPENDENCIES, name, how)


def _is_deep(source: Input) -> bool:
    return isinstance(source, Constant | Fact) or bool(source.path)


def _mapped_names(task: Task) -> list[str]:
    mapped = task["mapped"]
    if not mapped or mapped["kind"] != "lists":
        return []
    return list(mapped["value"])


def _feature(expression: Expression) -> Feature:
    found = expression.whole
    if isinstance(found, Constant):
        return Feature.INPUTS_CONSTANT
    if isinstance(found, Fact):
        return Feature.INPUTS_FACT
    return Feature.INPUTS_PATH if found is not None and found.path else Feature.INPUTS


def _why(value: Any) -> str:
    if "json" in value:
        return "it holds a template that only Airflow renders; hand the value in by a parameter"
    kind = value.get("opaque") or value.get("part") or next(iter(value))
    return f"a value of the kind '{kind}' cannot be written into a pipeline; make it in a task"


def _is_json(node: ast.AST) -> bool:
    """Whether a function returns JSON, as far as it says."""
    hint = getattr(node, "returns", None)
    if hint is not None:
        text = hint.value if isinstance(hint, ast.Constant) and isinstance(hint.value, str) else ""
        tree = ast.parse(text, mode="eval").body if text else hint
        names = [n.id for n in ast.walk(tree) if isinstance(n, ast.Name)]
        attributes = [n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)]
        return {*names, *attributes} - {"typing", "t"} <= _JSON_TYPES
    if isinstance(node, ast.Lambda):
        values: list[ast.expr] = [node.body]
    else:
        values = [found.value for found in own_returns(node) if found.value]
    return not any(
        isinstance(v, ast.Tuple | ast.Set | ast.SetComp | ast.GeneratorExp) for v in values
    )
