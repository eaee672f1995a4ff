"""What a task's function takes of Airflow's context, made into arguments and returns of its own.

``ti.xcom_pull(task_ids="a")`` becomes an argument that receives what ``a`` returned,
``params["n"]`` one that receives the parameter, ``ti.xcom_push("k", v)`` one more value returned,
``run_id`` and dates facts of the run. The rest is told of, and stays as it is.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from bridge_airflow.reading_dag.changes import Asked, Rewritten
from bridge_airflow.reading_dag.source_text import Edit, Function, SourceText
from bridge_airflow.reading_dag.syntax import (
    argument,
    ends_with,
    inside,
    returns,
    single_target,
    text_of,
)
from bridge_airflow.tables import CONTEXT_KEYS

__all__ = ["rewrite"]


def rewrite(
    text: SourceText, node: Function, given: Iterable[str], params: Iterable[str]
) -> Rewritten:
    """How ``node`` does without the context; ``given`` are arguments that the DAG gives it."""
    return _Rewriting(text, node, set(given), list(params)).done()


_SAME = {"task_instance": "ti"}
_OWN = {"task_id", "dag_id"}
_KNOWN = {
    "partition_key": Asked("conf", "partition_key"),
    "partition_date": Asked("conf", "partition_date", "", "datetime | None"),
    "task_instance_key_str": Asked("template", "{{ task_instance_key_str }}"),
    "templates_dict": Asked("texts", "templates_dict"),
    "test_mode": Asked("literal", "test_mode", "false"),
}
_PRINTING = ("print", "pprint", "info", "debug", "warning", "error", "log")


class _Rewriting:
    def __init__(
        self, text: SourceText, node: Function, given: set[str], params: list[str]
    ) -> None:
        self._text, self._node, self._params = text, node, params
        self._found = Rewritten()
        arguments = node.args
        named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        self._names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        self._names |= {argument.arg for argument in named}
        self._taken = [a.arg for a in named if a.arg in CONTEXT_KEYS and a.arg not in given]
        self._rest = arguments.kwarg.arg if arguments.kwarg else ""
        self._parents = {c: p for p in ast.walk(node) for c in ast.iter_child_nodes(p)}
        self._aliases = {name: name for name in self._taken}
        self._whole: set[str] = {self._rest} if self._rest else set()

    def done(self) -> Rewritten:
        self._leave_out_checks()
        self._follow_aliases()
        uses = list(self._uses())
        needs_dict = self._needs_params(uses)
        for key, node in uses:
            if not (key == "params" and needs_dict):
                self._use(_SAME.get(key, key), node)
        if needs_dict:
            self._params_as_dict(uses)
        self._found.gone |= {name for name in self._taken if name not in self._found.asked}
        self._rest_left()
        self._push_returns()
        return self._found

    # Finding

    def _leave_out_checks(self) -> None:
        """Leave out what is asserted for type checkers alone."""
        for statement in self._node.body:
            is_typing = isinstance(statement, ast.If) and ends_with(statement.test, "TYPE_CHECKING")
            if is_typing and all(isinstance(inner, ast.Assert) for inner in statement.body):  # type: ignore[attr-defined]
                self._found.edits.append(Edit(*self._text.line_span(statement), ""))

    def _follow_aliases(self) -> None:
        """Let ``ti = kwargs["ti"]`` at the top of the body be another name of the same."""
        for statement in self._node.body:
            name = single_target(statement)
            if not name or not isinstance(statement, ast.Assign | ast.AnnAssign):
                continue
            value, key = statement.value, ""
            if isinstance(value, ast.Call) and ends_with(value.func, "get_current_context"):
                self._whole.add(name)
            elif (key := self._key(value)) and self._is_set_once(name):
                self._aliases[name] = key
            else:
                continue
            self._found.edits.append(Edit(*self._text.line_span(statement), ""))
            self._found.carried.append(
                (f"context[{key!r}]" if key else "context", statement.lineno)
            )

    def _is_set_once(self, name: str) -> bool:
        stores = [
            node
            for node in ast.walk(self._node)
            if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store)
        ]
        return len(stores) == 1

    def _key(self, node: ast.AST | None) -> str:
        """The key of the context whose value a node is; nothing if it is none."""
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            return self._aliases.get(node.id, "")
        if isinstance(node, ast.Subscript) and self._is_whole(node.value):
            return text_of(node.slice)
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
            return ""
        is_get = node.func.attr == "get" and self._is_whole(node.func.value)
        return text_of(node.args[0]) if is_get else ""

    def _is_whole(self, node: ast.AST) -> bool:
        return isinstance(node, ast.Name) and node.id in self._whole

    def _uses(self) -> Iterator[tuple[str, ast.AST]]:
        gone = [(edit.start, edit.end) for edit in self._found.edits]
        for node in inside(self._node):
            key = self._key(node)
            if key and not any(a <= self._text.span(node)[0] < b for a, b in gone):
                yield key, node

    # What becomes of a use

    def _use(self, key: str, node: ast.AST) -> None:
        handler = {
            "params": self._of_params, "ti": self._of_task_instance, "dag_run": self._of_dag_run,
            "run_id": self._fact, "ts": self._fact, "logical_date": self._date, "ds": self._day,
            "ts_nodash": self._day, "ds_nodash": self._day, "dag": self._own, "task": self._own,
            **dict.fromkeys(_KNOWN, self._known),
        }.get(key)  # fmt: skip
        if handler is None or not handler(key, node):
            self._problem(key, node)

    def _problem(self, key: str, node: ast.AST) -> None:
        top = node
        while isinstance(self._parents.get(top), ast.Attribute):
            top = self._parents[top]
        said = ast.unparse(top)
        if (said, top.lineno) not in self._found.problems:  # type: ignore[attr-defined]
            self._found.problems.append((said, top.lineno))  # type: ignore[attr-defined]

    def _replace(self, node: ast.AST, argument: str, asked: Asked) -> bool:
        """Let an argument stand for a node; the name, if any, to which it is given at once."""
        self._carry(node)
        if name := self._target(node):
            self._found.asked[name] = asked
            self._found.edits.append(Edit(*self._text.line_span(self._parents[node]), ""))  # type: ignore[arg-type]
            return True
        while argument in self._names and self._found.asked.get(argument) != asked:
            if argument in self._taken and argument not in self._found.asked:
                break  # it is what this argument was all along
            argument += "_"
        self._found.asked[argument] = asked
        if self._text.text(node) != argument:
            self._found.edits.append(Edit(*self._text.span(node), argument))
        return True

    def _carry(self, node: ast.AST) -> None:
        said = (self._text.text(node), node.lineno)  # type: ignore[attr-defined]
        if said not in self._found.carried:
            self._found.carried.append(said)

    def _target(self, node: ast.AST) -> str:
        """The name that is given a node's value at the top of the body, and no other."""
        statement = self._parents[node]
        if not isinstance(statement, ast.Assign) or statement not in self._node.body:
            return ""
        name = single_target(statement)
        return name if name and self._is_set_once(name) else ""

    def _of_params(self, key: str, node: ast.AST) -> bool:
        name, whole = self._item(node)
        return bool(name) and self._replace(whole, argument(name), Asked("param", name))

    def _item(self, node: ast.AST) -> tuple[str, ast.AST]:
        """The key of ``x["key"]`` or ``x.get("key")`` for the node ``x``, and the whole of that."""
        parent = self._parents[node]
        if isinstance(parent, ast.Subscript) and parent.value is node:
            return (text_of(parent.slice) if isinstance(parent.ctx, ast.Load) else ""), parent
        if isinstance(parent, ast.Attribute) and parent.attr == "get":
            call = self._parents[parent]
            if isinstance(call, ast.Call) and call.func is parent and call.args:
                return text_of(call.args[0]), call
        return "", node

    def _needs_params(self, uses: list[tuple[str, ast.AST]]) -> bool:
        """Whether the parameters are used otherwise than one by one."""
        names = [self._item(node)[0] for key, node in uses if key == "params"]
        return any(name not in self._params for name in names)

    def _params_as_dict(self, uses: list[tuple[str, ast.AST]]) -> None:
        names = {key: name for name, key in self._aliases.items()}
        local = names.get("params", "params")
        pairs = []
        for name in self._params:
            own = argument(name)
            while own in self._names or own == local:
                own += "_"
            self._found.asked[own] = Asked("param", name)
            pairs.append(f"{name!r}: {own}")
        self._found.prelude.append(f"{local} = {{{', '.join(pairs)}}}")
        for key, node in uses:
            if key == "params":
                self._carry(node)
                if not isinstance(node, ast.Name):
                    self._found.edits.append(Edit(*self._text.span(node), local))

    def _of_task_instance(self, key: str, node: ast.AST) -> bool:
        parent = self._parents[node]
        if not isinstance(parent, ast.Attribute):
            return False
        call = self._parents[parent]
        if parent.attr == "xcom_pull" and isinstance(call, ast.Call):
            return self._pull(call)
        if parent.attr == "xcom_push" and isinstance(call, ast.Call):
            return self._push(call)
        if parent.attr == "try_number":
            return self._replace(parent, "attempt", Asked("fact", "attempt"))
        if parent.attr == "run_id":
            return self._replace(parent, "run_id", Asked("fact", "run_id"))
        if parent.attr in _OWN:
            return self._replace(parent, parent.attr, Asked("constant", parent.attr))
        return False

    def _pull(self, call: ast.Call) -> bool:
        words = {word.arg: word.value for word in call.keywords}
        if call.args:
            words["task_ids"] = call.args[0]
        if not words.keys() <= {"task_ids", "key", "default"} or len(call.args) > 1:
            return False
        key = text_of(words["key"]) if "key" in words else "return_value"
        asked = words.get("task_ids")
        many = isinstance(asked, ast.List | ast.Tuple)
        tasks = [text_of(e) for e in asked.elts] if many else [text_of(asked)]  # type: ignore[union-attr]
        if not (key and tasks and all(tasks)):
            return False
        if not many and self._target(call):
            return self._replace(call, "", Asked("pull", tasks[0], key))
        names = []
        for task in tasks:
            name = argument(task.rpartition(".")[2] if key == "return_value" else key)
            while name in self._names:
                name += "_"
            self._found.asked[name] = Asked("pull", task, key)
            names.append(name)
        self._carry(call)
        text = f"[{', '.join(names)}]" if many else names[0]
        self._found.edits.append(Edit(*self._text.span(call), text))
        return True

    def _push(self, call: ast.Call) -> bool:
        """Keep what is pushed at the top of the body in a name, to be returned at the end."""
        statement = self._parents[call]
        words = {word.arg: word.value for word in call.keywords}
        words |= dict(zip(("key", "value"), call.args, strict=False))
        key = text_of(words.get("key"))
        if statement not in self._node.body or words.keys() != {"key", "value"} or not key:
            return False
        if key in dict(self._found.pushes) or not self._returns_at_end():
            return False
        value = words["value"]
        self._found.carried.append((f"xcom_push({key!r})", call.lineno))
        if isinstance(value, ast.Name) and self._is_set_once(value.id):
            self._found.edits.append(Edit(*self._text.line_span(statement), ""))
            self._found.pushes.append((key, value.id))
            return True
        local = argument(key)
        while local in self._names:
            local += "_"
        start, end = self._text.span(statement)
        inner = self._text.span(value)
        self._found.edits += [Edit(start, inner[0], f"{local} = "), Edit(inner[1], end, "")]
        self._found.pushes.append((key, local))
        return True

    def _returns_at_end(self) -> bool:
        """Whether the function returns at its end or nowhere."""
        found = list(returns(self._node))
        return not found or found == [self._node.body[-1]]

    def _push_returns(self) -> None:
        if not self._found.pushes:
            return
        names = ", ".join(name for _, name in self._found.pushes)
        last = self._node.body[-1]
        if isinstance(last, ast.Return) and last.value is not None:
            start, end = self._text.span(last.value)
            bare = isinstance(last.value, ast.Tuple) and self._text.bytes[start:end][:1] != b"("
            self._found.edits += [Edit(start, start, "(")] if bare else []
            self._found.edits.append(Edit(end, end, f"{')' if bare else ''}, {names}"))
            return
        if isinstance(last, ast.Return):
            self._found.edits.append(Edit(*self._text.span(last), ""))
        self._found.ending = f"return {names}"

    def _of_dag_run(self, key: str, node: ast.AST) -> bool:
        parent = self._parents[node]
        if not isinstance(parent, ast.Attribute):
            return False
        if parent.attr == "run_id":
            return self._replace(parent, "run_id", Asked("fact", "run_id"))
        if parent.attr == "logical_date":
            return self._date("logical_date", parent)
        if parent.attr in ("partition_key", "partition_date"):
            return self._known(parent.attr, parent)
        if parent.attr == "conf":
            name, whole = self._item(parent)
            if name in self._params:
                return self._replace(whole, argument(name), Asked("param", name))
            if name and len(getattr(whole, "args", (name,))) == 1:
                return self._replace(whole, argument(name), Asked("conf", name))
        return False

    def _known(self, key: str, node: ast.AST) -> bool:
        """What is given to a run, or is the same in all of its tasks but for their names."""
        self._found.imports += ["from datetime import datetime"] if _KNOWN[key].annotation else []
        return self._replace(node, key, _KNOWN[key])

    def _fact(self, key: str, node: ast.AST) -> bool:
        name = "logical_date" if key == "ts" else key
        return self._replace(node, key, Asked("fact", name))

    def _day(self, key: str, node: ast.AST) -> bool:
        shown = {"ds": "[:10]", "ds_nodash": "[:10].replace('-', '')"}.get(key)
        if shown is None:
            return False
        local = next((n for n, k in self._aliases.items() if k == key), key)
        line = f"{local} = logical_date{shown}"
        if "logical_date" in self._names:
            return False
        if line not in self._found.prelude:
            self._found.prelude.append(line)
        self._found.asked["logical_date"] = Asked("fact", "logical_date")
        self._carry(node)
        if not isinstance(node, ast.Name):
            self._found.edits.append(Edit(*self._text.span(node), local))
        return True

    def _date(self, key: str, node: ast.AST) -> bool:
        """A date is one of Python's, and not of pendulum's: what only that can, this cannot."""
        parent = self._parents[node]
        import datetime

        known = isinstance(parent, ast.Attribute) and hasattr(datetime.datetime, parent.attr)
        if not (known or self._is_shown(node)):
            return False
        self._found.imports.append("from datetime import datetime")
        return self._replace(node, "logical_date", Asked("fact", "logical_date", "", "datetime"))

    def _own(self, key: str, node: ast.AST) -> bool:
        parent = self._parents[node]
        if isinstance(parent, ast.Attribute) and parent.attr in _OWN:
            return self._replace(parent, parent.attr, Asked("constant", parent.attr))
        if isinstance(parent, ast.Attribute) and (key, parent.attr) == ("task", "params"):
            name, whole = self._item(parent)
            return bool(name) and self._replace(whole, argument(name), Asked("conf", name))
        return False

    # The whole context

    def _rest_left(self) -> None:
        """What uses all of the context: shown, it shows less; handed on, nobody knows."""
        left = [
            node
            for node in ast.walk(self._node)
            if self._is_whole(node) and isinstance(getattr(node, "ctx", None), ast.Load)
            and not self._key(self._parents[node])
            and not self._key(self._parents.get(self._parents[node]))
        ]  # fmt: skip
        for node in left:
            told = self._losses if self._is_shown(node) else self._found.problems
            told.append((f"context {ast.unparse(node)}", node.lineno))  # type: ignore[attr-defined]
        if self._rest and not left:
            self._found.gone.add(self._rest)

    @property
    def _losses(self) -> list[tuple[str, int]]:
        return self._found.losses

    def _is_shown(self, node: ast.AST) -> bool:
        """Whether a value is printed or logged, and nothing else."""
        call = self._parents[node]
        while isinstance(call, ast.FormattedValue | ast.JoinedStr):
            call = self._parents[call]
        if not (isinstance(call, ast.Call) and isinstance(self._parents[call], ast.Expr)):
            return False
        return any(ends_with(call.func, name) for name in _PRINTING)
