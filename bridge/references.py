"""References to functions, ``module:qualname``, and the way back to the function.

A task holds its function by name, so that a model can be compared, written to a file and given
to an engine that imports the function for itself in another process.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bridge.errors import ModelError

__all__ = ["Reference", "StandIn", "dotted", "refer"]

_REFERENCE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")


class Reference:
    """The name of a function, ``module:qualname``; equal to another of the same name."""

    __slots__ = ("_function", "module", "qualname")

    def __init__(
        self, module: str, qualname: str, function: Callable[..., Any] | None = None
    ) -> None:
        self.module = module
        self.qualname = qualname
        self._function = function

    def __str__(self) -> str:
        return f"{self.module}:{self.qualname}"

    def __repr__(self) -> str:
        return f"Reference({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Reference):
            return NotImplemented
        return self.qualname == other.qualname and self.module == other.module

    def __hash__(self) -> int:
        return hash((self.module, self.qualname))

    def __reduce__(self) -> tuple[Any, ...]:
        return Reference, (self.module, self.qualname)

    @property
    def name(self) -> str:
        """The function's own name, the last part of its qualified name."""
        return self.qualname.rpartition(".")[2]

    def load(self) -> Callable[..., Any]:
        """The function; imported at the first call. Raises ModelError when that fails."""
        if self._function is None:
            self._function = self._import()
        return self._function

    def _import(self) -> Callable[..., Any]:
        try:
            found: Any = importlib.import_module(self.module)
            for part in self.qualname.split("."):
                found = getattr(found, part)
        except Exception as error:
            raise ModelError(
                f"function '{self}' cannot be imported: {type(error).__name__}: {error}; "
                "check the name, and that its module is beside the pipeline or installed"
            ) from error
        if not callable(found):
            raise ModelError(f"'{self}' is not a function but {type(found).__name__}")
        return found  # type: ignore[no-any-return]


class StandIn(Reference):
    """A function of this process alone, in the place of a task's own; equal only to itself."""

    __slots__ = ()
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __reduce__(self) -> tuple[Any, ...]:
        raise ModelError(f"what stands in for '{self.name}' cannot leave the process it is in")


def refer(function: Callable[..., Any] | str | Reference) -> Reference:
    """The reference to a function, given as itself or as ``module:qualname``.

    Raises ModelError for what no engine could import: a lambda, a function made inside another
    one, a callable object, a function typed at a prompt.
    """
    if isinstance(function, Reference):
        return function
    if isinstance(function, str):
        if not _REFERENCE.fullmatch(function):
            raise ModelError(f"'{function}' is not a function's name; write 'module:function'")
        module, _, qualname = function.partition(":")
        return Reference(module, qualname)
    return _refer_to_object(function)


def dotted(name: str) -> Reference:
    """The reference to a function named ``module.function`` or ``module:function``."""
    module, dot, function = name.rpartition(".")
    return refer(f"{module}:{function}" if dot and ":" not in name else name)


def _refer_to_object(function: Any) -> Reference:
    qualname = getattr(function, "__qualname__", None)
    module = getattr(function, "__module__", None)
    if not callable(function) or qualname is None or module is None:
        raise ModelError(
            f"{function!r} cannot be a task's function: an engine imports functions by name; "
            "give a function defined with 'def' at the top of a module"
        )
    if "<" in qualname:
        what = "a lambda" if "<lambda>" in qualname else f"'{qualname}', made inside a function,"
        raise ModelError(
            f"{what} cannot be imported by an engine (module '{module}'); "
            "define it with 'def' at the top of a module"
        )
    if module == "__main__":
        module = _script_module(qualname)
    return Reference(module, qualname, function)


def _script_module(qualname: str) -> str:
    """The name under which an engine can import the script that is running now."""
    file = getattr(sys.modules["__main__"], "__file__", None)
    stem = Path(file).stem if file else ""
    if not stem.isidentifier():
        raise ModelError(
            f"function '{qualname}' of __main__ cannot be imported by an engine; "
            "put it in a module of its own, or rename the script to a Python identifier"
        )
    return stem
