"""Functions of a DAG file as functions of a module of their own, with all that they use.

Their text is the user's: comments, docstrings and formatting stay. What they use of the file, its
imports, constants and other functions, goes with them, in the order it has there.
"""

from __future__ import annotations

import ast
import symtable
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.emit.names import Names, identifier
from bridge.emit.python import docstring, imports, literal
from bridge_airflow.reading_dag.changes import Rewritten
from bridge_airflow.reading_dag.context import rewrite
from bridge_airflow.reading_dag.skipping import return_skips
from bridge_airflow.reading_dag.source_text import Binding, Edit, Function, SourceText
from bridge_airflow.tables import CONTEXT_KEYS

__all__ = ["Lifted", "Lifting", "UnliftableError"]

Seen = Mapping[str, Any]
_DECORATORS = ("task", "setup", "teardown", "task_group", "dag", "asset")


class UnliftableError(Exception):
    """Why a function cannot become one of a module."""


@dataclass
class Lifted:
    """A function and its name in the new module; ``optional`` are arguments that may be absent."""

    name: str
    node: Function | ast.Lambda
    text: SourceText
    change: Rewritten
    optional: set[str] = field(default_factory=set)
    line: int = 0


class Lifting:
    """The module in the making; ``tell`` is told, with a line, of what it takes from Airflow."""

    def __init__(self, module: str, tell: Callable[[str, int], None]) -> None:
        self.module = module
        self._tell = tell
        self._texts: dict[str, SourceText] = {}
        self._imports: dict[str, None] = {}
        self._typing: dict[str, None] = {}
        self._pieces: dict[tuple[int, int, str], str] = {}
        self._known: dict[str, tuple[str, int]] = {}
        self._functions: dict[tuple[str, int, int, str], Lifted] = {}
        self._made: list[str] = []
        self._names = Names()

    def text_of(self, file: str) -> SourceText:
        """The text of a file, parsed once."""
        if file not in self._texts:
            self._texts[file] = SourceText(file)
        return self._texts[file]

    def find(self, function: Seen) -> Function | ast.Lambda:
        """The syntax of a function. Raises UnliftableError."""
        if "opaque" in function:
            raise UnliftableError(f"'{function['name']}' is a {function['opaque']} and no function")
        text = self.text_of(function["file"])
        found: Function | ast.Lambda | None
        if function["name"] == "<lambda>":
            found = text.lambda_at(function["line"], function["column"])
        else:
            found = text.function_at(function["line"], function["name"])
        if found is None:
            raise UnliftableError(f"the source of '{function['name']}' cannot be told apart")
        return found

    def lift(
        self,
        function: Seen,
        wanted: str,
        given: Iterable[str],
        params: Iterable[str],
        is_command: bool = False,
    ) -> Lifted:
        """The function, and all that it uses, in the new module. Raises UnliftableError."""
        node = self.find(function)
        filled = sorted(CONTEXT_KEYS.intersection(given))
        key = (function["file"], function["line"], function["column"], ",".join(filled))
        if key in self._functions:
            return self._functions[key]
        text = self.text_of(function["file"])
        change = Rewritten()
        if not isinstance(node, ast.Lambda):
            change = rewrite(text, node, given, params)
            return_skips(text, node, change, is_command)
        name = self._names(
            f"{key}", identifier(wanted if isinstance(node, ast.Lambda) else node.name)
        )
        self._take(function, text, node, change)
        line = _first_line(node)
        self._functions[key] = found = Lifted(name, node, text, change, set(), line)
        return found

    def add(self, wanted: str, make: Callable[[str], str], uses: Iterable[str] = ()) -> str:
        """One more function, whose text is made for the name that it gets."""
        name = self._names(f"made {wanted} {len(self._made)}", wanted)
        self._made.append(make(name))
        self.uses(uses)
        return name

    def uses(self, lines: Iterable[str]) -> None:
        """Have the module import what these lines do."""
        self._imports.update(dict.fromkeys(lines))

    def take_name(self, name: str, text: SourceText) -> None:
        """What a name at the module's level stands for. Raises UnliftableError."""
        if name in text.bindings:
            self._take_binding(name, text, None)

    def code(self) -> dict[str, list[str]]:
        """What was taken, as lines of imports and as definitions in their order."""
        pieces = [self._pieces[place] for place in sorted(self._pieces)]
        return {"imports": imports(self._imports), "definitions": pieces}

    # What a function uses

    def _take(
        self, function: Seen, text: SourceText, node: Function | ast.Lambda, change: Rewritten
    ) -> None:
        for line in change.imports:
            self._imports[line] = None
        closure: Seen = function.get("closure", {})
        values: Seen = function.get("globals", {})
        for name in self._used(text, node, change):
            if name in closure:
                self._take_value(name, closure[name], text, node.lineno)
            elif name in text.bindings:
                self._take_binding(name, text, values.get(name))
            elif name in ("__file__", "__doc__"):
                self._tell(f"{name}, which is that of the module here", node.lineno)

    def _used(self, text: SourceText, node: Function | ast.Lambda, change: Rewritten) -> list[str]:
        """The names that a function takes from outside, in its body, defaults and annotations."""
        if isinstance(node, ast.Lambda):
            source = text.text(node)
            return sorted(_outside(f"({source})"))
        cut = self._function_text(Lifted(node.name, node, text, change))
        found = _outside(cut)
        annotations = [a.annotation for a in ast.walk(node) if isinstance(a, ast.arg)]
        hints = [n for n in [*annotations, node.returns] if n is not None]
        found |= {n.id for h in hints for n in ast.walk(h) if isinstance(n, ast.Name)}
        return sorted(found - {node.name})

    def _take_value(self, name: str, value: Seen, text: SourceText, line: int) -> None:
        """A name of a function around: what it stands for."""
        if "module" in value:
            module = value["module"]
            self._imports[f"import {module}" + (f" as {name}" if name != module else "")] = None
        elif "from" in value:
            module, attribute = value["from"]
            self._imports[f"from {module} import {attribute}{_as(name, attribute)}"] = None
        elif "callable" in value and value["callable"]["name"] == name:
            self._take_function(value["callable"])
        elif "json" in value:
            self._define(name, f"{name} = {literal(value['json'])}\n", (self._file(text), 0), line)
        else:
            raise UnliftableError(f"it uses '{name}' of the function around it")

    def _take_function(self, function: Seen) -> None:
        node = self.find(function)
        assert not isinstance(node, ast.Lambda)
        text = self.text_of(function["file"])
        cut = self._function_text(Lifted(node.name, node, text, Rewritten()))
        if self._define(node.name, cut, (self._file(text), node.lineno), node.lineno):
            self._take(function, text, node, Rewritten())

    def _take_binding(self, name: str, text: SourceText, value: Seen | None) -> None:
        found = text.bindings[name]
        binding = found[-1]
        statement = binding.statement
        if isinstance(statement, ast.Import | ast.ImportFrom) and binding.within in ("", "typing"):
            self._take_import(name, statement, binding.within)
            return
        if value and ("part" in value or "xcom" in value):
            raise UnliftableError(
                f"it uses '{name}', a {value.get('part', 'result')} of the DAG itself"
            )
        place = (self._file(text), statement.lineno)
        is_plain = binding.within in ("", "typing") and len(found) == 1
        if value and "json" in value and not is_plain:
            self._define(name, f"{name} = {literal(value['json'])}\n", place, statement.lineno)
        elif binding.within == "loop" or (len(found) > 1 and binding.within == ""):
            raise UnliftableError(f"'{name}' gets its value in several places")
        else:
            self._take_statement(name, text, binding)

    def _take_import(self, name: str, statement: ast.Import | ast.ImportFrom, within: str) -> None:
        into = self._typing if within == "typing" else self._imports
        for alias in statement.names:
            if (alias.asname or alias.name.partition(".")[0]) != name:
                continue
            shown = alias.name + (f" as {alias.asname}" if alias.asname else "")
            if isinstance(statement, ast.Import):
                into[f"import {shown}"] = None
                module = alias.name
            else:
                module = "." * statement.level + (statement.module or "")
                into[f"from {module} import {shown}"] = None
            if module.partition(".")[0] == "airflow" and within != "typing":
                self._tell(alias.name, statement.lineno)

    def _take_statement(self, name: str, text: SourceText, binding: Binding) -> None:
        statement = binding.whole or binding.statement
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            cut = self._function_text(Lifted(statement.name, statement, text, Rewritten()))
        else:
            cut = text.cut(statement, _first_line(statement), [])
        place = (self._file(text), statement.lineno)
        if not self._define(name, cut, place, statement.lineno):
            return
        for other in sorted(_outside(cut)):
            if other in text.bindings and other != name:
                self._take_binding(other, text, None)

    def _define(self, name: str, cut: str, place: tuple[int, int], line: int) -> bool:
        """Enter a definition; whether it is new. Raises UnliftableError for another one."""
        known = self._known.get(name)
        if known is None:
            self._names.reserve(name)
            self._known[name] = (cut, line)
            self._pieces[(*place, name)] = cut
            return True
        if known[0] != cut:
            raise UnliftableError(f"'{name}' means one thing here and another in line {known[1]}")
        return False

    def _file(self, text: SourceText) -> int:
        self._texts.setdefault(text.file, text)
        return list(self._texts).index(text.file)

    # The texts

    def _function_text(self, lifted: Lifted) -> str:
        node, text, change = lifted.node, lifted.text, lifted.change
        assert not isinstance(node, ast.Lambda)
        edits = [*change.edits]
        if lifted.name != node.name:
            start = text.bytes.index(node.name.encode(), text.span(node)[0])
            edits.append(Edit(start, start + len(node.name.encode()), lifted.name))
        if change.gone or change.asked or lifted.optional:
            edits.append(Edit(*text.arguments_span(node), _arguments(lifted)))
        cut = text.cut(node, _first_line(node), edits)
        kept = [text.text(d) for d in node.decorator_list if not _is_airflows(d, text)]
        decorators = "".join(f"@{decorator}\n" for decorator in kept)
        return _with_body(_decorated(cut, decorators), node, change)

    def _lambda_text(self, lifted: Lifted) -> str:
        node = lifted.node
        assert isinstance(node, ast.Lambda)
        body = lifted.text.text(node.body)
        arguments = ast.unparse(node.args)
        return f"def {lifted.name}({arguments}):\n    return {body}\n"

    def module_text(self, about: str) -> str:
        """The whole module; nothing when there is nothing in it."""
        pieces = dict(self._pieces)
        for lifted in self._functions.values():
            make = self._lambda_text if isinstance(lifted.node, ast.Lambda) else self._function_text
            pieces[(self._file(lifted.text), lifted.line, lifted.name)] = make(lifted)
        if not (pieces or self._made):
            return ""
        future = any(text.has_future_annotations for text in self._texts.values())
        parts = [docstring(about)]
        parts += ["from __future__ import annotations"] if future else []
        typing = [line for line in self._typing if line not in self._imports]
        extra = ["from typing import TYPE_CHECKING"] if typing else []
        parts.append("\n".join(imports([*self._imports, *extra])))
        if typing:
            parts.append(
                "\n".join(["if TYPE_CHECKING:", *(f"    {line}" for line in imports(typing))])
            )
        parts += _grouped([pieces[place] for place in sorted(pieces)])
        parts += self._made
        return "\n\n".join(part for part in parts if part) + "\n"


def _grouped(pieces: Iterable[str]) -> list[str]:
    """The pieces, with what is of one line each put together."""
    found: list[str] = []
    was_short = False
    for piece in pieces:
        is_short = piece.strip().count("\n") == 0
        if is_short and was_short:
            found[-1] += piece
        else:
            found.append(piece)
        was_short = is_short
    return found


def _as(name: str, attribute: str) -> str:
    return f" as {name}" if name != attribute else ""


def _first_line(node: ast.stmt | ast.Lambda) -> int:
    decorators = getattr(node, "decorator_list", None)
    return int(decorators[0].lineno if decorators else node.lineno)


def _outside(source: str) -> set[str]:
    """The names that a piece of source takes from outside itself."""
    table = symtable.symtable(source, "piece", "exec")
    own = {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()}
    found: set[str] = {s.get_name() for s in table.get_symbols() if s.is_referenced()}
    todo = list(table.get_children())
    while todo:
        inner = todo.pop()
        todo += inner.get_children()
        found |= {s.get_name() for s in inner.get_symbols() if s.is_global()}
    return found - own


def _is_airflows(decorator: ast.expr, text: SourceText) -> bool:
    node: ast.AST = decorator
    while isinstance(node, ast.Call | ast.Attribute):
        node = node.func if isinstance(node, ast.Call) else node.value
    name = getattr(node, "id", "")
    bindings = text.bindings.get(name, [])
    imported = [b.statement for b in bindings if isinstance(b.statement, ast.ImportFrom)]
    from_airflow = any((s.module or "").partition(".")[0] == "airflow" for s in imported)
    return name in _DECORATORS or name == "airflow" or from_airflow


def _decorated(cut: str, decorators: str) -> str:
    """A function's text with decorators between the comments above it and its first line."""
    if not decorators:
        return cut
    lines = cut.splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if not line.startswith("#"))
    return "".join([*lines[:at], decorators, *lines[at:]])


def _arguments(lifted: Lifted) -> str:
    """The list of arguments, without those of the context and with those that stand for them."""
    node, text, change = lifted.node, lifted.text, lifted.change
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: dict[str, str] = {}
    texts = [text.text(d) for d in arguments.defaults]
    if texts:
        defaults = dict(zip([a.arg for a in positional[-len(texts) :]], texts, strict=True))
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if default is not None:
            defaults[argument.arg] = text.text(default)
    defaults |= dict.fromkeys(lifted.optional - defaults.keys(), "None")
    named = [a for a in [*positional, *arguments.kwonlyargs] if a.arg not in change.gone]
    own = [a for a in named if a.arg not in change.asked]
    needed = [text.text(a) for a in own if a.arg not in defaults]
    spare: list[str] = []
    for name, asked in change.asked.items():
        shown = f"{name}: {asked.annotation}" if asked.annotation else name
        perhaps = name in lifted.optional
        (spare if perhaps else needed).append(_with_default(shown, "None") if perhaps else shown)
    spare += [_with_default(text.text(a), defaults[a.arg]) for a in own if a.arg in defaults]
    rest = arguments.kwarg
    ending = [f"**{text.text(rest)}"] if rest and rest.arg not in change.gone else []
    return ", ".join([*needed, *spare, *ending])


def _with_default(argument: str, default: str) -> str:
    return f"{argument} = {default}" if ":" in argument else f"{argument}={default}"


def _with_body(cut: str, node: Function, change: Rewritten) -> str:
    """A function's text with lines at the top and the end of its body; one without any passes."""
    tree = ast.parse(cut + ("" if _has_body(cut) else "    pass\n")).body[0]
    assert isinstance(tree, ast.FunctionDef | ast.AsyncFunctionDef)
    lines = cut.splitlines()
    if not _has_body(cut):
        lines.append("    pass")
    margin = " " * tree.body[0].col_offset
    if change.ending:
        lines += [margin + change.ending]
    if change.prelude:
        has_doc = ast.get_docstring(tree, clean=False) is not None
        at = (tree.body[0].end_lineno or 0) if has_doc else tree.body[0].lineno - 1
        lines[at:at] = [margin + line for line in change.prelude]
    return "\n".join(lines) + "\n"


def _has_body(cut: str) -> bool:
    try:
        ast.parse(cut)
    except SyntaxError:
        return False
    return True
