"""Tasks that run a command of bash."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from bridge.emit.names import identifier
from bridge.findings import Feature, Level
from bridge.model import ShellTask, Step
from bridge.signatures import shell_names
from bridge.values import At, Constant, Fact, Input, Return, at, json
from bridge_airflow.reading_dag.making import Making, Task
from bridge_airflow.reading_dag.policies import policies
from bridge_airflow.reading_dag.python_tasks import PythonMaker
from bridge_airflow.reading_dag.syntax import inside, own_returns
from bridge_airflow.reading_dag.templates import is_template, parts, quoted

__all__ = ["BASH_ARGUMENTS", "ShellMaker", "may_skip", "pushed_by", "variables_of"]

BASH_ARGUMENTS = {
    *("bash_command", "env", "append_env", "cwd", "skip_on_exit_code", "output_processor"),
    *("output_encoding", "ignore_downstream_trigger_rules"),
}
_SHOWN = {
    "": "${{{0}}}",
    "{0}[:10]": "${{{0}:0:10}}",
    "{0}[:10].replace('-', '')": "$(echo ${{{0}:0:10}} | tr -d -)",
}
"""What shows a variable as an expression of Python shows its value."""
_SKIPPING = """\
(
{command}
)
case $? in
    0) export {name}=true ;;
    {codes}) export {name}=false ;;
    *) exit $? ;;
esac
"""
_LAST_LINE = """\
last_line=$(
{command}
)
case $? in 0) ;; *) exit $? ;; esac
last_line=${{last_line##*$'\\n'}}"""
_AS_TEXT = """
# Quoted, so that it stays text whatever it looks like.
last_line=${{last_line//\\\\/\\\\\\\\}}
last_line=\\"${{last_line//\\"/\\\\\\"}}\\"
export {name}=${{last_line//$'\\t'/\\\\t}}
"""
_AS_JSON = """
export {name}=$last_line
"""
_SKIPS = "whether it has run, in a variable that it exports, decides what follows"
_MADE = "the text that it is rendered to, which a step before makes"
_ONLY_AIRFLOW = "a template that only Airflow renders; hand the value in by a parameter"


def variables_of(task: Task) -> list[str]:
    """The variables that stand in the command of a task, whoever sets them."""
    command = task["values"].get("bash_command", {}).get("json")
    return shell_names(command) if isinstance(command, str) else []


def pushed_by(task: Task) -> dict[str, str]:
    """What templates in the command of a task push, as JSON, by the keys."""
    command = task["values"].get("bash_command", {}).get("json")
    asked = [part.asked for part in parts(command)] if isinstance(command, str) else []
    return {found.what: found.key for found in asked if found and found.kind == "push"}


def skip_codes(task: Task) -> list[int]:
    """The exit codes by which the command of a task skips itself."""
    found = task["values"].get("skip_on_exit_code", {}).get("json", 99)
    return [found] if isinstance(found, int) else list(found or ())


def may_skip(task: Task, node: ast.AST | None) -> bool:
    """Whether a command, or the function that makes it, has an exit by which it skips itself."""
    texts = [task["values"].get("bash_command", {}).get("json")]
    texts += [getattr(inner, "value", None) for inner in inside(node)] if node else []
    exits = re.compile(rf"\bexit ({'|'.join(map(str, skip_codes(task))) or 'x'})\b")
    return any(isinstance(text, str) and exits.search(text) for text in texts)


class ShellMaker:
    """Makes the steps of tasks that run commands; ``read`` are the values that somebody reads."""

    def __init__(self, making: Making, python: PythonMaker) -> None:
        self._making = making
        self._python = python
        self._told: set[str] = set()

    def steps(self, task: Task, name: str) -> list[Step]:
        """The steps of a task; one that makes its command first has two."""
        making = self._making
        command = task["values"].get("bash_command", {})
        self._inputs: dict[str, Input] = {}
        self._before: list[str] = []
        self._first: list[Step] = []
        self._texts: dict[str, str] = {}
        self._told = set()
        if task["callable"] is not None:
            text = self._made(task, name)
        elif isinstance(command.get("json"), str):
            text = self._command(task, command["json"], "bash_command")
            making.carries(task, Feature.SHELL, "bash_command")
        else:
            text = self._given(task, command)
        self._tell(task)
        environment = self._environment(task)
        text = "\n".join([*self._before, text])
        making.takes(task, self._inputs.values())
        returns = self._returns(task)
        if task["id"] in making.skips:
            returns = [json(making.ran(task))]
            text = self._skipping(task, text, returns[0].name)
        elif returns:
            text = self._with_result(task, text, returns[0].name)
        text += "".join(self._pushed(task, returns))
        return [
            *self._first,
            ShellTask(
                name=name,
                command=text,
                inputs=self._inputs or self._none(text),
                returns=returns,
                environment=environment,
                where=making.where(task),
                **policies(making, task, BASH_ARGUMENTS),
            ),
        ]

    def _none(self, text: str) -> dict[str, Input]:
        """Nothing; a name of the scope that stands in the command is one that it sets itself."""
        return {}

    # The command

    def _command(self, task: Task, text: str, attribute: str) -> str:
        """A command whose templates have become variables."""
        found, quote = "", ""
        for part in parts(text):
            if not part.is_template:
                found += part.text
                quote = quoted(part.text, quote)
                continue
            variable = self._variable(task, part, attribute)
            if variable is None:
                self._making.refuses(
                    task, f"{attribute}: {part.text}", _ONLY_AIRFLOW, Feature.SHELL
                )
                found += part.text
                continue
            found += f"'\"{variable}\"'" if quote == "'" else variable
        return found

    def _variable(self, task: Task, part: Any, attribute: str) -> str | None:
        """The variable, as it is written in the command, for what a template asks for."""
        making = self._making
        source = making.asked(part.asked, task) if part.asked else None
        if source is None:
            return None
        if isinstance(source, Constant):
            return str(source.value)
        if part.code in _SHOWN and self._is_same_as_text(source):
            name, how = self._input(source), "the variable {0}, which is no part of the text"
            shown = _SHOWN[part.code].format(name)
        else:
            name, how = self._text(task, part), _MADE
            shown = f"${{{name}}}" if name else ""
        said = f"{attribute}: {part.text}"
        if part.text and name and said not in self._told:
            self._told.add(said)
            making.changes(task, Feature.INPUTS, said, how.format(name), level=Level.EMULATED)
        return shown or None

    def _input(self, source: At | Fact) -> str:
        """The name of the variable that holds an input."""
        wanted = source.path[-1] if isinstance(source, At) and source.path else source.name
        name = identifier(str(wanted), ascii_only=True)
        while self._inputs.get(name, source) != source:
            name += "_"
        self._inputs[name] = source
        return name

    def _text(self, task: Task, part: Any) -> str:
        """The name of the variable that holds what Python makes of a template."""
        if part.text not in self._texts:
            found = self._making.express({"json": part.text}, task)
            if found is None or found.whole is not None:
                return ""
            wanted = identifier(f"{next(iter(found.inputs))}_text", ascii_only=True)
            name, step = self._making.step(task, wanted, found.text, found.inputs)
            self._first.append(step)
            self._inputs[name] = at(name)
            self._texts[part.text] = name
        return self._texts[part.text]

    def _is_same_as_text(self, source: At | Fact) -> bool:
        """Whether a variable shows the value as a template would."""
        if isinstance(source, Fact) or source.name not in self._making.parameters or source.path:
            return True
        value = self._making.parameters[source.name]
        return isinstance(value, str | int | float) and not isinstance(value, bool)

    def _given(self, task: Task, command: Any) -> str:
        """A command that another task makes."""
        expression = self._making.express(command, task) if command else None
        if expression is None or expression.whole is None:
            self._making.refuses(
                task, "bash_command", "it is no text; make it in a task", Feature.SHELL
            )
            return "false"
        self._making.carries(
            task, Feature.SHELL, "bash_command", "a command that is made by another task"
        )
        self._inputs["command"] = expression.whole
        return 'eval "$command"'

    def _made(self, task: Task, name: str) -> str:
        """A command that the task's own function makes."""
        making = self._making
        lifted = self._python.lifted.get(task["id"])
        constant = (
            _only_text(lifted.node) if lifted and not task["args"] and not task["kwargs"] else None
        )
        if constant is not None:
            making.carries(
                task, Feature.SHELL, "python_callable", "all it does is to give the command"
            )
            return self._command(task, constant, "python_callable")
        made = self._python.step(task, f"{name}_command", None, {*task["given"]})
        if made is None:
            return "false"
        if lifted and any(is_template(getattr(n, "value", None)) for n in inside(lifted.node)):
            making.refuses(task, "python_callable", f"it gives {_ONLY_AIRFLOW}", Feature.SHELL)
        held = making.names.fresh(f"{making.names(task['id'])}_command")
        self._inputs[held] = at(held)
        self._first.append(replace(made, returns=[json(held)], overrides={}, retry=None))
        return f'eval "${held}"'

    # What is said of it

    def _tell(self, task: Task) -> None:
        making, values = self._making, task["values"]
        if task["id"] in making.skips:
            making.changes(
                task, Feature.CONDITIONAL, "skip_on_exit_code", _SKIPS, level=Level.EMULATED
            )
        elif "skip_on_exit_code" in task["given"]:
            how = "an exit code other than 0 is a failure"
            making.carries(task, Feature.SHELL, "skip_on_exit_code", how)
        if "output_encoding" in task["given"]:
            making.carries(task, Feature.SHELL, "output_encoding")
        folder = values.get("cwd", {})
        if isinstance(folder.get("json"), str) and not is_template(folder["json"]):
            self._before.append(f"cd {shlex.quote(folder['json'])}")
            making.carries(task, Feature.SHELL, "cwd", "the command begins by going there")
        elif "cwd" in task["given"]:
            making.refuses(task, "cwd", _ONLY_AIRFLOW, Feature.SHELL)
        if "append_env" in task["given"]:
            making.carries(task, Feature.ENVIRONMENT, "append_env")
        if "output_processor" in task["given"] and not _is_json_loads(task):
            making.refuses(
                task, "output_processor", "make what is to be handed on in a task", Feature.SHELL
            )
        elif "output_processor" in task["given"]:
            making.carries(
                task, Feature.SHELL, "output_processor", "what a command exports is read as JSON"
            )

    def _environment(self, task: Task) -> dict[str, str]:
        """The variables that a task sets: those known now; others become inputs."""
        making = self._making
        given = task["values"].get("env", {})
        given = given.get("dict") or {n: {"json": v} for n, v in (given.get("json") or {}).items()}
        found: dict[str, str] = {}
        for name, value in given.items():
            expression = making.express(value, task)
            if expression is None or expression.whole is None:
                if not self._text_of(task, name, value):
                    making.refuses(task, f"env[{name!r}]", _ONLY_AIRFLOW, Feature.ENVIRONMENT)
                    continue
            elif isinstance(expression.whole, Constant):
                found[name] = str(expression.whole.value)
            else:
                self._inputs[name] = expression.whole
            making.carries(task, Feature.ENVIRONMENT, f"env[{name!r}]")
        if given and not task["values"].get("append_env", {}).get("json"):
            how = "the command sees the variables of its caller too"
            making.changes(task, Feature.ENVIRONMENT, "env", how)
        return found

    def _text_of(self, task: Task, name: str, value: Any) -> bool:
        """Set a variable, before the command, to a text with templates in it."""
        text = value.get("json")
        if not isinstance(text, str):
            return False
        shown = ""
        for part in parts(text):
            variable = (
                self._variable(task, part, f"env[{name!r}]")
                if part.is_template
                else _inside(part.text)
            )
            if variable is None:
                return False
            shown += variable
        self._before.append(f'export {name}="{shown}"')
        return True

    # What it gives back

    def _returns(self, task: Task) -> list[Return]:
        making = self._making
        name = making.names(task["id"])
        return [json(name)] if name in self._python.read else []

    def _skipping(self, task: Task, command: str, name: str) -> str:
        """The command, which tells in a variable whether it has skipped itself."""
        if self._making.names(task["id"]) in self._python.read:
            how = "it may skip itself, and then another task has nothing to read"
            self._making.refuses(task, f"XCom of {task['id']}", how, Feature.CONDITIONAL)
        codes = "|".join(map(str, skip_codes(task)))
        return _SKIPPING.format(command=command.strip("\n"), name=name, codes=codes)

    def _pushed(self, task: Task, returns: list[Return]) -> Iterator[str]:
        """The lines that give what templates of the command push."""
        for key, value in pushed_by(task).items():
            name = self._making.names.pushed(task["id"], key)
            returns.append(json(name))
            yield f"\nexport {name}={shlex.quote(value)}\n"

    def _with_result(self, task: Task, command: str, name: str) -> str:
        """The command, and its last line in a variable."""
        making = self._making
        how = "the last line that it writes, in a variable that it exports"
        making.changes(task, Feature.JSON, f"XCom of {task['id']}", how, level=Level.EMULATED)
        ending = _AS_JSON if _is_json_loads(task) else _AS_TEXT
        return (_LAST_LINE + ending).format(name=name, command=command.strip("\n"))


def _inside(text: str) -> str:
    """A text between double quotation marks."""
    return re.sub(r'([\\"$`])', r"\\\1", text)


def _is_json_loads(task: Task) -> bool:
    processor = task["values"].get("output_processor", {})
    found = processor.get("callable", {})
    return (found.get("module"), found.get("qualname")) == ("json", "loads")


def _only_text(node: Any) -> str | None:
    """The text that a function returns, where that is all it does."""
    if isinstance(node, ast.Lambda):
        value: Any = node.body
    else:
        body = node.body[1:] if ast.get_docstring(node) is not None else node.body
        if len(body) != 1 or not own_returns(node):
            return None
        value = body[0].value
    found = getattr(value, "value", None)
    return found if isinstance(value, ast.Constant) and isinstance(found, str) else None
