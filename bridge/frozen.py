"""Frozen dataclasses that cost little to define, since every command defines them all, and little
to make, since a pipeline may have many thousands of steps.

``dataclass(frozen=True)`` compiles six methods for each class, and sets each field of an object by
a call. Here all methods are shared but ``__init__``, which is compiled when the first object of a
class is made (of most classes none ever is) and writes the fields straight into the object's dict.
To define a class takes a sixth of the time then, to make an object a third.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from typing import Any, ClassVar, dataclass_transform

__all__ = ["Frozen"]


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class Frozen:
    """A dataclass whose fields are set once; equal to another of its class with equal fields.

    Subclasses need no decorator; they give its options beside their base. What is to be changed
    or checked when the fields are set does ``__post_init__``, in the object's ``__dict__``.
    """

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    _compared: ClassVar[Any]
    _shown: ClassVar[list[str]]

    def __init_subclass__(cls, **options: bool) -> None:
        dataclass(init=False, eq=False, repr=False, **options)(cls)
        cls._compared = attrgetter(*(f.name for f in fields(cls) if f.compare))
        cls._shown = [f.name for f in fields(cls) if f.repr]
        if "__init__" not in vars(cls):
            _set_init(cls, _first_init(cls))

    def __setattr__(self, name: str, value: object) -> None:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return bool(self._compared(self) == self._compared(other))

    def __hash__(self) -> int:
        return hash(self._compared(self))

    def __repr__(self) -> str:
        held = self.__dict__
        shown = ", ".join([f"{name}={held[name]!r}" for name in self._shown])
        return f"{type(self).__qualname__}({shown})"


_Init = Callable[..., None]


def _set_init(cls: Any, init: _Init) -> None:
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    cls.__init__ = init


def _first_init(cls: type[Frozen]) -> _Init:
    """What makes the first object of a class, and then gives way to what has been compiled."""

    def __init__(self: Frozen, *values: Any, **given: Any) -> None:  # noqa: N807
        init = _compiled(cls)
        _set_init(cls, init)
        init(self, *values, **given)

    return __init__


def _compiled(cls: type[Frozen]) -> _Init:
    """The ``__init__`` that takes the fields of a class as ``dataclass`` would have it do."""
    names: dict[str, Any] = {"MISSING": MISSING}
    heads, lines = ["self"], ["_held = self.__dict__"]
    for f in sorted(fields(cls), key=lambda f: bool(f.kw_only)):
        heads += ["*"] if f.kw_only and "*" not in heads else []
        names |= {f"_default_{f.name}": f.default, f"_make_{f.name}": f.default_factory}
        value = f.name
        if f.default_factory is not MISSING:
            value = f"_make_{f.name}() if {f.name} is MISSING else {f.name}"
        is_needed = f.default is MISSING and f.default_factory is MISSING
        heads.append(f.name if is_needed else f"{f.name}=_default_{f.name}")
        lines.append(f"_held[{f.name!r}] = {value}")
    lines += ["self.__post_init__()"] if hasattr(cls, "__post_init__") else []
    exec(f"def __init__({', '.join(heads)}):\n " + "\n ".join(lines), names)
    init: _Init = names["__init__"]
    return init
