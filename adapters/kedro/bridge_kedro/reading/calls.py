"""What a node calls, seen where the project is imported: by what name, with which arguments."""

from __future__ import annotations

import inspect
import json
import sys
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, is_dataclass
from functools import partial
from pathlib import Path
from types import GenericAlias
from typing import Any

from bridge.carried.arguments import convert
from bridge_kedro.reading.seen import Call, Fixed, Place

__all__ = ["Looker", "plain"]

_UNKNOWN = inspect.Parameter.empty
_SURE = (bool, int, str)


@dataclass(frozen=True)
class Looker:
    """Looks at functions; ``root`` is the project's folder, ``src`` that of its modules.

    ``value`` gives what a dataset's name stands for among the parameters, or raises KeyError.
    """

    root: Path
    src: Path
    value: Callable[[str], Any]

    def call(
        self, given: Any, positional: list[str], keywords: Mapping[str, str], outputs: int
    ) -> Call:
        """What ``given`` called with these datasets comes to; ``outputs`` it has to give."""
        function: Any = given
        fixed: tuple[Any, ...] = ()
        kept: Mapping[str, Any] = {}
        if isinstance(given, partial):
            function, fixed, kept = given.func, given.args, given.keywords
        every: dict[str, str | Fixed] = {n: self.fixed(v) for n, v in kept.items()}
        every |= keywords
        first = [self.fixed(value) for value in fixed]
        found = self._signature(function)
        reference = self.reference(function)
        arguments = _arguments(function, found, [*first, *positional], every)
        types = _types(found)
        return Call(
            reference=reference,
            name=_label(function),
            what="" if reference else _what(function),
            place=self.place(function),
            fixed=first,
            positional=positional,
            keywords=every,
            arguments=arguments,
            defaults=self._defaults(found, arguments or {}),
            asks={name: repr(kind) for name, kind in types.items()},
            converted=[n for n in arguments or {} if self._is_converted(arguments, n, types)],
            typed=[name for name, kind in types.items() if _is_model(kind)],
            gives=_gives(found, outputs),
            generates=inspect.isgeneratorfunction(inspect.unwrap(function)),
        )

    def place(self, thing: Any) -> Place | None:
        """Where a function or a class is written."""
        try:
            thing = inspect.unwrap(thing)
            code = getattr(thing, "__code__", None)
            file = code.co_filename if code else inspect.getsourcefile(thing)
            line = code.co_firstlineno if code else inspect.getsourcelines(thing)[1]
        except (TypeError, OSError, ValueError):
            return None
        return Place(self.relative(file or ""), line)

    def relative(self, file: str) -> str:
        """The path of a file as it is told: relative to the project where it is inside."""
        path = Path(file).resolve()
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else file

    # Names

    def reference(self, thing: Any) -> str:
        """The name by which anybody can import it, ``module:qualname``; empty when none does."""
        module = getattr(thing, "__module__", None) or ""
        qualname = getattr(thing, "__qualname__", None) or ""
        if inspect.ismethod(thing) and not inspect.isclass(thing.__self__):
            holder = self.reference(thing.__self__)
            return f"{holder}.{thing.__name__}" if holder else ""
        if _resolves(module, qualname, thing):
            return f"{module}:{qualname}"
        for name in dict.fromkeys([module, *self._own_modules()]):
            held = vars(sys.modules[name]) if name in sys.modules else {}
            for key, value in held.items():
                if value is thing and key.isidentifier():
                    return f"{name}:{key}"
        return ""

    def _own_modules(self) -> list[str]:
        files = {n: getattr(m, "__file__", None) for n, m in sys.modules.items()}
        return [n for n, file in files.items() if file and Path(file).is_relative_to(self.src)]

    def fixed(self, value: Any) -> Fixed:
        """A value in the code of the pipeline as source."""
        what = f"a value of type {type(value).__qualname__}"
        if plain(value):
            return Fixed(what, repr(value), [], True, value)
        if type(value) in (tuple, set, bytes) and _is_literal(value):
            return Fixed(what, repr(value))
        named = callable(value) or not isinstance(value, int | float | str | list | dict)
        if named and (reference := self.reference(value)):
            return Fixed(what, reference.partition(":")[2], [reference])
        return Fixed(what)

    # Arguments

    def _signature(self, function: Any) -> inspect.Signature | None:
        for evaluated in (True, False):
            try:
                return inspect.signature(function, eval_str=evaluated)
            except (NameError, SyntaxError, AttributeError, TypeError):
                continue
            except ValueError:
                return None
        return None

    def _defaults(
        self, found: inspect.Signature | None, arguments: Mapping[str, Any]
    ) -> dict[str, Fixed]:
        parameters = found.parameters if found else {}
        return {
            name: self.fixed(parameter.default)
            for name, parameter in parameters.items()
            if name not in arguments and parameter.default is not _UNKNOWN
        }

    def _is_converted(
        self, arguments: Mapping[str, str | Fixed] | None, name: str, types: Mapping[str, Any]
    ) -> bool:
        """Whether bridge would make something else of a parameter than what Kedro hands over."""
        given = (arguments or {})[name]
        annotation = types.get(name)
        if annotation is None or _is_model(annotation):
            return False
        try:
            value = given.value if isinstance(given, Fixed) else self.value(given)
        except KeyError:
            return False
        try:
            made = convert(value, annotation, name)
        except ValueError:
            return True
        return type(made) is not type(value) or bool(made != value)


def plain(value: Any) -> bool:
    """Whether a value is JSON and comes back from there as it was."""
    try:
        return bool(json.loads(json.dumps(value, allow_nan=False)) == value) and not _has_tuple(
            value
        )
    except (TypeError, ValueError, RecursionError):
        return False


def _has_tuple(value: Any) -> bool:
    inner = value.values() if type(value) is dict else value if type(value) is list else ()
    return type(value) not in (dict, list, str, int, float, bool, type(None)) or any(
        map(_has_tuple, inner)
    )


def _is_literal(value: Any) -> bool:
    if type(value) in (tuple, set):
        return bool(value or type(value) is tuple) and all(map(_is_literal, value))
    return type(value) is bytes or plain(value)


def _resolves(module: str, qualname: str, thing: Any) -> bool:
    """Whether the name stands for this very thing."""
    found: Any = sys.modules.get(module)
    for part in qualname.split("."):
        found = getattr(found, part, None)
    if not qualname or "<" in qualname or module == "__main__":
        return False
    return found is thing or (inspect.ismethod(thing) and found == thing)


def _label(function: Any) -> str:
    name = getattr(function, "__name__", None) or type(function).__name__
    return str(name) if str(name).isidentifier() else "node"


def _what(function: Any) -> str:
    """What something is that has no name to be imported by."""
    name = getattr(function, "__qualname__", type(function).__qualname__)
    if "<lambda>" in name:
        return "a lambda"
    if "<locals>" in name:
        return f"'{name.rpartition('.')[2]}', which is made inside a function"
    if inspect.ismethod(function):
        return f"a method of an object of type {type(function.__self__).__qualname__}"
    return f"an object of type {type(function).__qualname__}"


def _arguments(
    function: Any,
    found: inspect.Signature | None,
    positional: list[str | Fixed],
    keywords: Mapping[str, str | Fixed],
) -> dict[str, str | Fixed] | None:
    """Each value by its argument; None where one has none of its own, or takes no name."""
    if found is None:
        return None
    kinds = {name: p.kind for name, p in found.parameters.items()}
    if any(kind is inspect.Parameter.VAR_KEYWORD for kind in kinds.values()):
        return None
    try:
        bound = found.bind(*positional, **keywords).arguments
        named = {
            n: v for n, v in bound.items() if kinds[n] is not inspect.Parameter.POSITIONAL_ONLY
        }
        first = [v for n, v in bound.items() if n not in named]
        inspect.signature(function, follow_wrapped=False).bind(*first, **named)
    except TypeError:
        return None
    if any(kinds[name] is inspect.Parameter.VAR_POSITIONAL for name in bound):
        return None
    return dict(bound)


# Types


def _types(found: inspect.Signature | None) -> dict[str, Any]:
    """The annotations that ask for something."""
    parameters = found.parameters if found else {}
    annotations = {name: p.annotation for name, p in parameters.items()}
    return {n: a for n, a in annotations.items() if a not in (_UNKNOWN, Any, object)}


def _is_model(annotation: Any) -> bool:
    """Whether Kedro too makes an object of this type of a parameter."""
    return is_dataclass(annotation) or hasattr(annotation, "model_validate")


def _gives(found: inspect.Signature | None, outputs: int) -> list[str]:
    """The types of what is given back, as text; empty for each that need not be JSON."""
    annotation = found.return_annotation if found else _UNKNOWN
    types: tuple[Any, ...] = (annotation,)
    if outputs > 1:
        types = typing.get_args(annotation) if typing.get_origin(annotation) is tuple else ()
    if len(types) != outputs:
        return [""] * outputs
    return [repr(kind) if _is_json(kind) else "" for kind in types]


def _is_json(kind: Any) -> bool:
    """Whether all values of a type are JSON: unlike floats, of which some are not numbers."""
    if kind in _SURE:
        return True
    inner = typing.get_args(kind) if isinstance(kind, GenericAlias) else ()
    if typing.get_origin(kind) is list:
        return len(inner) == 1 and _is_json(inner[0])
    is_dict = typing.get_origin(kind) is dict and len(inner) == 2
    return is_dict and inner[0] is str and _is_json(inner[1])
