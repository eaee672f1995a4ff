"""A body with ``self.x`` written as ``x``, and everything else left as the user wrote it."""

from __future__ import annotations

import ast
import builtins
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from bridge_metaflow.reading.text import Edit, Module, edited

__all__ = ["Rewriting", "UnclearError", "bound", "loaded", "method_text", "taken"]


class UnclearError(Exception):
    """A body of which the names cannot be told apart, so that it needs its ``self``."""


def bound(function: ast.AST) -> set[str]:
    """Every name that anything in a function binds."""
    found: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(a.asname or a.name).partition(".")[0] for a in node.names}
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            found.add(node.name)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            found.add(node.name) if node is not function else None
        elif isinstance(node, ast.Global | ast.Nonlocal):
            found.update(node.names)
    return found


_ABOUT = (
    re.compile(r"# Only read here: goes on as it was stored\."),
    re.compile(r"# The branches of .*: .*\."),
)
"""Comments that are about the statement below, and go with it."""

_NAMING = (
    *(ast.ExceptHandler, ast.MatchAs, ast.MatchStar),
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef),
)
_INNER = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def taken(node: ast.AST, inner: frozenset[str] = frozenset()) -> set[str]:
    """The names that an attribute ``self.x`` of a body cannot have as a variable.

    Those of a comprehension are in the way only of attributes that are used inside of it.
    """
    if isinstance(node, _INNER):
        own = {n for part in node.generators for n in bound(part.target)}
        inner = inner | own
    if isinstance(node, ast.Name):
        return set() if node.id in inner else {node.id}
    if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "self":
        return {node.attr} & inner
    found: set[str] = set()
    if isinstance(node, ast.arg):
        found.add(node.arg)
    elif isinstance(node, ast.Import | ast.ImportFrom):
        found |= {(a.asname or a.name).partition(".")[0] for a in node.names}
    elif isinstance(node, _NAMING) and node.name:
        found.add(node.name)
    elif isinstance(node, ast.Global | ast.Nonlocal):
        found.update(node.names)
    return found.union(*(taken(child, inner) for child in ast.iter_child_nodes(node)))


def loaded(nodes: Iterable[ast.AST]) -> dict[str, None]:
    """The names that are read anywhere in the nodes, in order."""
    return dict.fromkeys(
        n.id
        for node in nodes
        for n in ast.walk(node)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)
    )


BUILTINS = frozenset(dir(builtins))


@dataclass
class Rewriting:
    """Changes to the body of one method.

    ``replace`` gives the new text of an expression, or None where it stays; ``call`` that of what
    is called, with arguments to be put first and last, or None. ``gone`` are statements that are
    left out, ``instead`` others with their new text. ``returns`` is the text of the return
    statement at the end, and where there may be ``early`` ones of those too. If it is ``lenient``,
    text in which nothing can be replaced stays, and is ``unclear``.
    """

    module: Module
    function: ast.FunctionDef
    replace: Callable[[ast.AST], str | None]
    call: Callable[[ast.Call], tuple[str, str, str] | None] = lambda node: None
    gone: set[ast.stmt] = field(default_factory=set)
    instead: dict[ast.stmt, str] = field(default_factory=dict)
    tail: ast.stmt | None = None
    returns: str = ""
    early: bool = False
    lenient: bool = False
    unclear: ast.AST | None = None
    edits: list[Edit] = field(default_factory=list)

    def lines(self, preamble: list[str]) -> list[str]:
        """The lines of the body, indented by four, with ``preamble`` behind the docstring.

        Raises UnclearError.
        """
        function, module = self.function, self.module
        body = function.body
        self.edits = []
        for statement in body:
            self._statement(statement)
        first = module.body_line(function)
        if body[0].lineno < first:  # it stands on the line of its head
            start, end = module.span(body[0])[0], module.span(body[-1])[1]
            text = " " * 4 + edited(module.text, self.edits, start, end)
            behind = _indented([self.returns]) if self.tail is None else []
            return [*_indented(preamble), *text.split("\n"), *behind]
        last = body[-1].end_lineno or body[-1].lineno
        before = ""
        if preamble:
            at = first
            if ast.get_docstring(function, clean=False) is not None:
                at = (body[0].end_lineno or body[0].lineno) + 1
            before = "".join(f"{line}\n" for line in _indented(preamble))
            self.edits.append(Edit(module.line_start(at), module.line_start(at), before))
        self._shift(first, last)
        start, end = module.line_start(first), module.line_start(last + 1)
        text = edited(module.text, self.edits, start, end)
        if preamble and before not in text:
            text = text + "\n" + before
        lines = text.rstrip("\n").split("\n")
        return [*lines, *([] if self.tail is not None else _indented([self.returns]))]

    def _shift(self, first: int, last: int) -> None:
        """Move the lines to where the body of a plain function stands."""
        module, doc = self.module, self.function.body[0]
        line = module.lines[doc.lineno - 1]
        base = line[: len(line) - len(line.lstrip(" \t"))]
        in_doc: set[int] = set()
        if ast.get_docstring(self.function, clean=False) is not None:
            in_doc = set(range(doc.lineno, (doc.end_lineno or doc.lineno) + 1))
        for number in range(first, last + 1):
            line = module.lines[number - 1]
            blank = line[: len(line) - len(line.lstrip(" \t"))]
            if blank and (number not in module.in_text or number in in_doc):
                start = module.line_start(number)
                new = _moved(blank, base)
                self.edits.append(Edit(start, start + len(blank), new))

    # What is replaced

    def _statement(self, statement: ast.stmt) -> None:
        if statement is self.tail:
            start, end = self._whole(statement)
            if self.returns:
                end = self.module.span(statement)[1]
                start = start if self._explained(statement) else self.module.span(statement)[0]
            self.edits.append(Edit(start, end, self._indented_return(start, statement)))
            return
        if statement in self.gone:
            start, end = self._whole(statement)
            self.edits.append(Edit(start, end, ""))
            return
        if statement in self.instead:
            self.edits.append(Edit(*self.module.span(statement), self.instead[statement]))
            return
        self._node(statement)

    def _explained(self, statement: ast.stmt) -> bool:
        """Whether the line above only names the branches that follow."""
        above = self.module.lines[statement.lineno - 2].strip() if statement.lineno > 1 else ""
        return any(pattern.fullmatch(above) for pattern in _ABOUT)

    def _indented_return(self, start: int, statement: ast.stmt) -> str:
        apart = self.returns and start < self.module.span(statement)[0]
        return f"    {self.returns}" if apart else self.returns

    def _whole(self, statement: ast.stmt) -> tuple[int, int]:
        """The lines of a statement, if nothing else stands on them."""
        start, end = self.module.span(statement)
        first = self.module.line_start(statement.lineno)
        last = self.module.line_start((statement.end_lineno or statement.lineno) + 1)
        rest = self.module.text[end:last].strip()
        above = self.module.lines[statement.lineno - 2].strip() if statement.lineno > 1 else ""
        if self._explained(statement):
            first = self.module.line_start(statement.lineno - 1)
        if self.module.text[first:start].strip() not in ("", above) or (
            rest and not rest.startswith("#")
        ):
            return start, end
        return first, last

    def _node(self, node: ast.AST) -> None:
        new = self.replace(node)
        if new is not None:
            self.edits.append(Edit(*self.module.span(node), new))
            return
        if isinstance(node, ast.JoinedStr):
            self._text(node)
            return
        if isinstance(node, ast.Call) and (new_call := self.call(node)):
            self._call(node, *new_call)
            return
        if self.early and isinstance(node, ast.Return):
            self.edits.append(Edit(*self.module.span(node), self.returns or "return"))
            return
        early = self.early
        self.early = early and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                self._statement(child)
            else:
                self._node(child)
        self.early = early

    def _call(self, node: ast.Call, function: str, first: str, last: str) -> None:
        start, end = self.module.span(node.func)
        self.edits.append(Edit(start, end, function))
        given = [*node.args, *(k.value for k in node.keywords)]
        opens = self.module.text.index("(", end) + 1
        if first:
            self.edits.append(Edit(opens, opens, f"{first}, " if given else first))
        if last:
            close = self.module.span(node)[1] - 1
            inner = self.module.text[opens:close].rstrip()
            comma = "" if not given or inner.endswith(",") else ", "
            self.edits.append(Edit(close, close, comma + last))
        for part in given:
            self._node(part)

    def _text(self, node: ast.JoinedStr) -> None:
        """What is inside of text, where Python may be wrong about places."""
        known = len(self.edits)
        calls = [n for n in ast.walk(node) if isinstance(n, ast.Call) and self.call(n)]
        methods = [call.func for call in calls]
        rest = [n for n in ast.walk(node) if n not in methods and n not in calls]
        found = [*calls, *(n for n in rest if self.replace(n) is not None)]
        if all(map(self._is_placed, found)):
            for child in node.values:
                self._node(child)
            texts = [edit.new for edit in self.edits[known:]]
        elif calls:
            texts = ['"']
        else:
            texts = self._looked_for(node)
        if any(char in text for text in texts for char in "\"'\n\\"):
            del self.edits[known:]
            if not self.lenient:
                raise UnclearError("what belongs to the flow stands inside of text")
            self.unclear = node

    def _is_placed(self, node: ast.AST) -> bool:
        """Whether an expression stands where Python says that it does."""
        try:
            found = ast.parse(self.module.source(node).strip(), mode="eval").body
        except (SyntaxError, ValueError, IndexError):
            return False
        return ast.dump(found) == ast.dump(node)

    def _looked_for(self, node: ast.JoinedStr) -> list[str]:
        """Replace by the spelling of what is there; gives the new texts, a quote if that fails."""
        wanted: Counter[str] = Counter()
        new: dict[str, str] = {}
        for spelled, text in _replaced(node, self.replace):
            wanted[spelled] += 1
            new[spelled] = text
        start, end = self.module.span(node)
        text = self.module.text[start:end]
        for spelled, count in wanted.items():
            found = [*re.finditer(rf"(?<![\w.]){re.escape(spelled)}(?!\w)", text)]
            if len(found) != count:
                return ['"']
            self.edits += [Edit(start + m.start(), start + m.end(), new[spelled]) for m in found]
        return list(new.values())


def _moved(blank: str, base: str) -> str:
    """The blanks before a line, in a body that begins at four of them instead of ``base``."""
    if blank.startswith(base):
        return "    " + blank[len(base) :].replace("\t", "    ")
    return blank.expandtabs(4)[max(0, len(base.expandtabs(4)) - 4) :]


def _replaced(node: ast.AST, replace: Callable[[ast.AST], str | None]) -> Iterator[tuple[str, str]]:
    for child in ast.iter_child_nodes(node):
        new = replace(child)
        if new is not None:
            yield ast.unparse(child), new
        else:
            yield from _replaced(child, replace)


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"    {part}" if part else "" for line in lines if line for part in line.split("\n")]


def method_text(
    rewriting: Rewriting, name: str, arguments: str, preamble: list[str], returned: str = ""
) -> str:
    """A method as a function of these arguments, with the comments above it.

    Raises UnclearError.
    """
    function, module = rewriting.function, rewriting.module
    first = min([function.lineno, *(d.lineno for d in function.decorator_list)])
    lines = rewriting.lines(preamble)
    if not _has_code(lines):
        lines.append("    pass")
    head = f"def {name}({arguments}){f' -> {returned}' if returned else ''}:"
    return "\n".join([*module.comments_above(first), head, *lines]) + "\n"


def _has_code(lines: list[str]) -> bool:
    try:
        ast.parse("\n".join(["def f():", *lines]))
    except SyntaxError:
        return False
    return True
