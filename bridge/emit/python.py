"""Python source as text: literals that are data and nothing else, checked and formatted."""

from __future__ import annotations

import math
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from pathlib import Path
from symtable import symtable
from tempfile import TemporaryDirectory
from typing import Any

from bridge.errors import BridgeError

__all__ = ["comment", "docstring", "finish", "finish_all", "imports", "indent", "literal"]

_WIDTH = 88


def literal(value: Any) -> str:
    """The source of a JSON value or tuple; evaluates to an equal value, whatever its text.

    Text of several lines is written a line each, so that it can be read.
    Raises TypeError for anything that is not plain data.
    """
    if isinstance(value, str) and "\n" in value[:-1]:
        return "(" + "\n".join(repr(line) for line in value.splitlines(keepends=True)) + ")"
    if type(value) is not str:
        _refuse(value)
    return repr(value)


def _refuse(value: Any) -> None:
    todo = [value]
    while todo:
        item = todo.pop()
        if type(item) in (list, tuple):
            todo += item
        elif type(item) is dict:
            todo += [*item, *item.values()]
        elif type(item) is float and not math.isfinite(item):
            raise TypeError(f"{item!r} has no literal")
        elif item is not None and type(item) not in (str, int, float, bool):
            raise TypeError(f"{type(item).__name__} has no literal")


def docstring(text: str) -> str:
    """``text`` as a docstring that can be read; what could end it or escape is escaped."""
    safe = re.sub(r'"{3,}|"+\Z', _quotes, text.strip().replace("\\", "\\\\"))
    safe = "\n".join(map(_shown, safe.split("\n")))
    return f'"""{safe}\n"""' if "\n" in safe else f'"""{safe}"""'


def _quotes(found: re.Match[str]) -> str:
    return '\\"' * len(found[0])


def _shown(line: str) -> str:
    if line.isprintable():
        return line
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in line)


def comment(text: str) -> str:
    """``text`` as comment lines; no line of it can end the comment."""
    return "\n".join([f"# {_shown(line)}".rstrip() for line in text.splitlines() or [""]])


def imports(lines: Iterable[str]) -> list[str]:
    """Import lines (``import a``, ``from a import b``), sorted, one for each module."""
    names: dict[str, set[str]] = {}
    for line in lines:
        module, _, name = line.partition(" import ")
        names.setdefault(module, set()).add(name)
    plain = sorted(module for module in names if not module.startswith("from "))
    merged = [f"{m} import {', '.join(sorted(names[m]))}" for m in sorted(names) if m not in plain]
    return [*plain, *merged]


def indent(lines: list[str], by: str = "    ") -> list[str]:
    """The lines, moved to the right; lines inside them too."""
    return [by + part if part else part for line in lines for part in line.split("\n")]


def finish(source: str, name: str) -> str:
    """The source, formatted; what a writer got wrong is found here, before it reaches a file.

    Raises BridgeError when the source is not Python.
    """
    return finish_all({name: source})[name]


def finish_all(sources: Mapping[str, str]) -> dict[str, str]:
    """The same of several sources by their names, with one start of the formatter for all."""
    for name, source in sources.items():
        _check(source, name)
    if not sources:
        return {}  # without a file to format it would take the working directory
    with TemporaryDirectory(prefix="bridge-") as folder:
        paths = {name: Path(folder, f"{i}.py") for i, name in enumerate(sources)}
        for name, path in paths.items():
            path.write_bytes(sources[name].encode())
        options = ("format", "--isolated", "--no-cache", "--quiet")
        command = [_ruff(), *options, *map(str, paths.values())]
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode:
            names = ", ".join(f"'{name}'" for name in sources)
            raise BridgeError(f"{names} cannot be formatted: {done.stderr.decode().strip()}")
        return {name: path.read_bytes().decode() for name, path in paths.items()}


def _check(source: str, name: str) -> None:
    try:
        symtable(source, name, "exec")  # in half the time of ast.parse, and finds more
    except (SyntaxError, ValueError) as error:
        raise BridgeError(f"a writer made '{name}' into no valid Python: {error}") from error


def _ruff() -> str:
    beside = Path(sys.executable).parent / "ruff"
    return str(beside if beside.exists() else Path(sysconfig.get_path("scripts")) / "ruff")
