"""The text of a Python file: its functions and module-level names, and pieces cut out of it."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Binding", "Edit", "SourceText"]

_MARKER = re.compile(r"#\s*\[(START|END) ")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Edit:
    """``text`` in place of what stands between two offsets."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Binding:
    """A statement at module level that gives a name its value.

    ``within`` is the kind of the statement around it: "" for none that matters, "loop", "try",
    "if" or "typing" (for type checkers alone), then ``whole`` is that statement.
    """

    statement: ast.stmt
    within: str = ""
    whole: ast.stmt | None = None


@dataclass
class SourceText:
    """A file's text, with offsets into its UTF-8 bytes, as those of the syntax tree are."""

    file: str
    bindings: dict[str, list[Binding]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        text = Path(self.file).read_text(encoding="utf-8")
        self.bytes = text.encode()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Python says of the user's text it says elsewhere
            self.tree = ast.parse(text, self.file)
        self._starts = [0]
        for line in self.bytes.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        for binding in _bindings(self.tree.body, "", None):
            for name in _bound(binding.statement):
                self.bindings.setdefault(name, []).append(binding)

    @property
    def has_future_annotations(self) -> bool:
        """Whether annotations are not evaluated where they stand."""
        return any(
            isinstance(node, ast.ImportFrom)
            and node.module == "__future__"
            and any(alias.name == "annotations" for alias in node.names)
            for node in self.tree.body
        )

    def offset(self, line: int, column: int) -> int:
        """The offset of a place that a syntax tree tells."""
        return self._starts[line - 1] + column

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Where the text of a node begins and ends."""
        return (
            self.offset(node.lineno, node.col_offset),  # type: ignore[attr-defined]
            self.offset(node.end_lineno, node.end_col_offset),  # type: ignore[attr-defined]
        )

    def text(self, node: ast.AST) -> str:
        """The text of a node."""
        start, end = self.span(node)
        return self.bytes[start:end].decode()

    def line_span(self, node: ast.stmt) -> tuple[int, int]:
        """Where the lines of a statement begin and end, the line break with them."""
        assert node.end_lineno
        return self._starts[node.lineno - 1], self._starts[node.end_lineno]

    def function_at(self, line: int, name: str) -> Function | None:
        """The function of this name that begins, with its decorators, at a line."""
        for node in ast.walk(self.tree):
            if isinstance(node, Function) and node.name == name:
                first = node.decorator_list[0].lineno if node.decorator_list else node.lineno
                if line in (first, node.lineno):
                    return node
        return None

    def lambda_at(self, line: int, column: int) -> ast.Lambda | None:
        """The lambda at a line; of several the one whose body holds the column."""
        found = [n for n in ast.walk(self.tree) if isinstance(n, ast.Lambda) and n.lineno == line]
        if len(found) > 1:
            found = [n for n in found if _holds(n.body, column)]
        return found[0] if len(found) == 1 else None

    def cut(self, node: ast.stmt, start_line: int, edits: list[Edit]) -> str:
        """The lines of a statement from a line on, edited, and moved to the left margin.

        Comments right above it go with it. Lines inside texts are left as they are, those of its
        docstring apart.
        """
        assert node.end_lineno
        fixed = self._inside_texts(node)
        first = self._comments_above(start_line, node.col_offset)
        lines = []
        for number in [*first, *range(node.lineno, node.end_lineno + 1)]:
            begin, end = self._starts[number - 1], self._starts[number]
            line = self.bytes[begin:end]
            keep = (
                0 if number in fixed else min(node.col_offset, len(line) - len(line.lstrip(b" \t")))
            )
            lines.append((begin + keep, end))
        return _edited(self.bytes, lines, edits)

    def comments(self, node: Function) -> list[str]:
        """The comments right above a function and its decorators."""
        return self.comments_above(node.decorator_list[0].lineno)

    def comments_above(self, line: int) -> list[str]:
        """The comments right above the statement that begins in a line."""
        lines = self.bytes.decode().split("\n")
        text = lines[line - 1]
        found = self._comments_above(line, len(text) - len(text.lstrip()))
        return [lines[number - 1].strip().removeprefix("# ") for number in found]

    def _comments_above(self, line: int, column: int) -> list[int]:
        found: list[int] = []
        for number in range(line - 1, 0, -1):
            text = self.bytes[self._starts[number - 1] : self._starts[number]].decode()
            if len(text) - len(text.lstrip()) != column or not text.lstrip().startswith("#"):
                break
            if not _MARKER.match(text.lstrip()):
                found.insert(0, number)
        return found

    def _inside_texts(self, node: ast.stmt) -> set[int]:
        """The lines that begin inside a text, unless that is the docstring of the node itself."""
        body = getattr(node, "body", None)
        own = body[0].lineno if body and isinstance(body, list) and _is_text(body[0]) else 0
        begin, end = self.line_span(node)
        found: set[int] = set()
        source = b"\n" * (node.lineno - 1) + self.bytes[begin:end]
        try:
            for token in tokenize.tokenize(io.BytesIO(source).readline):
                if token.type == tokenize.STRING and token.start[0] != own:
                    found.update(range(token.start[0] + 1, token.end[0] + 1))
        except (tokenize.TokenError, IndentationError):
            pass  # the end of a piece of a file is no end of a file
        return found

    def arguments_span(self, node: Function) -> tuple[int, int]:
        """Where the list of a function's arguments begins and ends, inside its parentheses."""
        begin, end = self.span(node)
        source = b" " * node.col_offset + self.bytes[begin:end]
        depth, start = 0, 0
        for token in tokenize.tokenize(io.BytesIO(source).readline):
            if token.type != tokenize.OP:
                continue
            if token.string in "([{":
                depth += 1
                if depth == 1:
                    start = self._at(node, token.end)
            elif token.string in ")]}":
                depth -= 1
                if not depth:
                    return start, self._at(node, token.start)
        raise ValueError(f"no arguments of {node.name}")

    def _at(self, node: ast.stmt, place: tuple[int, int]) -> int:
        line, column = place
        begin = self._starts[node.lineno + line - 2]
        text = self.bytes[begin : self._starts[node.lineno + line - 1]].decode()
        return begin + len(text[:column].encode())


def _edited(text: bytes, spans: list[tuple[int, int]], edits: list[Edit]) -> str:
    """The spans after one another, with the edits that fall into them."""
    parts: list[bytes] = []
    todo = sorted(edits, key=lambda edit: (edit.start, edit.end))
    skip = 0
    for begin, end in spans:
        at = max(begin, skip)
        while todo and todo[0].start < end:
            edit = todo.pop(0)
            if edit.end < at or edit.start < skip:
                continue  # it stands in what is gone already
            parts += [text[at : edit.start], edit.text.encode()]
            at = skip = max(edit.end, at)
        parts.append(text[at:end])
    return b"".join(parts).decode().rstrip() + "\n"


def _holds(node: ast.expr, column: int) -> bool:
    return node.col_offset <= column < (node.end_col_offset or 0)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(getattr(node.value, "value", None), str)


def _bindings(body: list[ast.stmt], within: str, whole: ast.stmt | None) -> Iterator[Binding]:
    for statement in body:
        if isinstance(statement, ast.With):
            yield from _bindings(statement.body, within, whole)
        elif isinstance(statement, ast.For | ast.While):
            yield Binding(statement, "loop", whole or statement)
            yield from _bindings(statement.body, "loop", whole or statement)
        elif isinstance(statement, ast.Try):
            inner = [*statement.body, *statement.orelse, *statement.finalbody]
            inner += [s for handler in statement.handlers for s in handler.body]
            yield from _bindings(inner, within or "try", whole or statement)
        elif isinstance(statement, ast.If):
            kind = "typing" if "TYPE_CHECKING" in ast.dump(statement.test) else "if"
            inner = [*statement.body, *statement.orelse]
            yield from _bindings(inner, within or kind, whole or statement)
        else:
            yield Binding(statement, within, whole)


def _bound(statement: ast.stmt) -> list[str]:
    """The names to which a statement gives a value."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name.partition(".")[0] for alias in statement.names]
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [statement.name]
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign | ast.AugAssign | ast.For):
        targets = [statement.target]
    names = (n for target in targets for n in ast.walk(target))
    return [n.id for n in names if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
