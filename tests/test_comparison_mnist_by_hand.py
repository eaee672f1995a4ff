"""The hand-written versions of the digits example: their lines of glue are as the README tells."""

from __future__ import annotations

import ast
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BY_HAND = ROOT / "comparisons" / "mnist" / "by_hand"
LAYOUT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}


def docstring_lines(tree: ast.Module) -> set[int]:
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            first = node.body[0]
            found |= set(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    return found


def glue(path: Path) -> int:
    """Lines that are not blank, comment or docstring."""
    if path.suffix != ".py":
        lines = (line.strip() for line in path.read_text().splitlines())
        return sum(1 for line in lines if line and not line.startswith("#"))
    with tokenize.open(path) as file:
        tokens = [t for t in tokenize.generate_tokens(file.readline) if t.type not in LAYOUT]
    code = {line for t in tokens for line in range(t.start[0], t.end[0] + 1)}
    return len(code - docstring_lines(ast.parse(path.read_text())))


def sources(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    return [path for path in place.rglob("*") if path.suffix in (".py", ".yml", ".toml")]


@pytest.mark.parametrize(
    ("row", "place"),
    [
        ("bridge", ROOT / "examples" / "mnist" / "pipeline.py"),
        ("Metaflow", BY_HAND / "metaflow"),
        ("Kedro", BY_HAND / "kedro"),
        ("Airflow", BY_HAND / "airflow"),
    ],
)
def test_lines_of_glue_are_as_told(row: str, place: Path) -> None:
    told = re.search(rf"^\| {row}: .*?\) \| (\d+) \|", (BY_HAND / "README.md").read_text(), re.M)
    assert told
    assert int(told[1]) == sum(glue(path) for path in sources(place))
