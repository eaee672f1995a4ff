"""Frozen dataclasses that cost little to define: every command starts by defining them all.

``dataclass(frozen=True)`` compiles six methods for each class. Here a class has its ``__init__``
compiled and shares the others, which takes a quarter of the time.
"""

from __future__ import annotations

from dataclasses import Field, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from typing import Any, ClassVar, dataclass_transform

__all__ = ["Frozen"]


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class Frozen:
    """A dataclass whose fields are set once; equal to another of its class with equal fields.

    Subclasses need no decorator; they give its options beside their base.
    """

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    _compared: ClassVar[Any]
    _shown: ClassVar[list[str]]

    def __init_subclass__(cls, **options: bool) -> None:
        dataclass(eq=False, repr=False, **options)(cls)
        cls._compared = attrgetter(*(f.name for f in fields(cls) if f.compare))
        cls._shown = [f.name for f in fields(cls) if f.repr]

    def __setattr__(self, name: str, value: object) -> None:
        if name in self.__dict__ or name not in self.__dataclass_fields__:
            raise FrozenInstanceError(f"cannot assign to field {name!r}")
        self.__dict__[name] = value

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
