"""The text of a module, and changes to it that leave everything else as it was written."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from bridge.errors import SourceError, Where

__all__ = ["Edit", "Module", "edited", "parse"]


@dataclass(frozen=True)
class Edit:
    """From ``start`` to ``end`` the text is to be ``new``."""

    start: int
    end: int
    new: str


@dataclass(eq=False)
class Module:
    """A file of the user's code, parsed; ``name`` is the one under which it is imported."""

    path: Path
    shown: str
    text: str
    tree: ast.Module
    name: str = ""
    _offsets: list[int] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        self._offsets = [0]
        for line in self.lines:
            self._offsets.append(self._offsets[-1] + len(line))

    @cached_property
    def lines(self) -> list[str]:
        """The lines as Python counts them, with their ends."""
        return io.StringIO(self.text, newline="").readlines()

    def where(self, node: ast.AST) -> Where:
        """The place of a node."""
        return Where(self.shown, getattr(node, "lineno", 0))

    def line_start(self, line: int) -> int:
        """Where a line begins; lines count from 1."""
        return self._offsets[min(line - 1, len(self._offsets) - 1)]

    def offset(self, line: int, column: int) -> int:
        """The place of a column, which Python counts in bytes."""
        before = self.lines[line - 1].encode()[:column] if line <= len(self.lines) else b""
        return self.line_start(line) + len(before.decode())

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Where a node begins and ends."""
        start = self.offset(node.lineno, node.col_offset)  # type: ignore[attr-defined]
        end = self.offset(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]
        return start, end

    def source(self, node: ast.AST) -> str:
        """The text of a node."""
        start, end = self.span(node)
        return self.text[start:end]

    @cached_property
    def tokens(self) -> list[tokenize.TokenInfo]:
        """The module's tokens, with its comments."""
        return list(tokenize.generate_tokens(io.StringIO(self.text).readline))

    @cached_property
    def in_text(self) -> set[int]:
        """The lines that begin inside a string."""
        found: set[int] = set()
        for token in self.tokens:
            if token.type == tokenize.STRING:
                found.update(range(token.start[0] + 1, token.end[0] + 1))
        return found

    @cached_property
    def metaflow(self) -> dict[str, str]:
        """The names under which parts of Metaflow are imported anywhere, and which parts."""
        found = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "metaflow":
                found.update({alias.asname or alias.name: alias.name for alias in node.names})
        return found

    @cached_property
    def imported(self) -> dict[str, tuple[str, str]]:
        """What the imports at the top bind: a module and a name in it, or empty text."""
        found: dict[str, tuple[str, str]] = {}
        for node in self.tree.body:
            if isinstance(node, ast.ImportFrom):
                module = self._absolute(node)
                found |= {a.asname or a.name: (module, a.name) for a in node.names}
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    top = alias.name if alias.asname else alias.name.partition(".")[0]
                    found[alias.asname or top] = (top, "")
        return found

    def _absolute(self, node: ast.ImportFrom) -> str:
        """The module that an import names, seen from the folder of the flow."""
        if not node.level:
            return node.module or ""
        package = self.name.split(".")[: -node.level] if "." in self.name else []
        return ".".join([*package, *([node.module] if node.module else [])])

    def comments(self, first: int, last: int) -> list[str]:
        """The comments on these lines, the last one included."""
        return [
            t.string
            for t in self.tokens
            if t.type == tokenize.COMMENT and first <= t.start[0] <= last
        ]

    def comments_above(self, line: int) -> list[str]:
        """The comments that stand right above a line."""
        found: list[str] = []
        while line > 1 and self.lines[line - 2].lstrip().startswith("#"):
            line -= 1
            found.insert(0, self.lines[line - 1].strip())
        return found

    def body_line(self, function: ast.FunctionDef) -> int:
        """The line behind the head of a function, on which its body begins."""
        depth = 0
        begun = False
        for token in self.tokens:
            if token.start[0] < function.lineno:
                continue
            begun = begun or token.string == "def"
            if not begun:
                continue
            depth += (token.string in "([{") - (token.string in ")]}") if token.string else 0
            if token.string == ":" and not depth:
                return token.end[0] + 1
        return function.body[0].lineno


def parse(path: Path, shown: str, name: str = "") -> Module:
    """The module at ``path``. Raises SourceError when there is none, or it is no Python."""
    try:
        text = path.read_text(encoding="utf-8")
        return Module(path, shown, text, ast.parse(text), name)
    except SyntaxError as error:
        where = Where(shown, error.lineno or 0)
        raise SourceError(f"'{shown}' is no Python: {error.msg} ({where})") from error
    except (OSError, ValueError) as error:
        raise SourceError(f"'{shown}' cannot be read: {error}") from error


def edited(text: str, edits: Iterable[Edit], start: int, end: int) -> str:
    """The text from ``start`` to ``end`` with changes; those inside a changed part are dropped.

    What is put somewhere comes before what is changed there.
    """
    found: list[str] = []
    at = start
    for edit in sorted(edits, key=lambda e: (e.start, e.end > e.start, -e.end)):
        if edit.start < at or edit.end > end:
            continue
        found += [text[at : edit.start], edit.new]
        at = edit.end
    return "".join([*found, text[at:end]])
