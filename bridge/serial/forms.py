"""How the values in a model look as plain data.

A ``Form`` writes a value as dict, list, text, numbers, true, false and null, reads it back, and
describes it as JSON Schema.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from bridge.carried.values import to_json
from bridge.errors import ModelError
from bridge.expressions import to_reducer
from bridge.references import refer
from bridge.serial.spot import Problems, Spot, did_you_mean, shown
from bridge.values import FACTS, At, Constant, Fact, Kind, Return

__all__ = [
    "Choice",
    "Form",
    "InputForm",
    "Json",
    "ListOf",
    "MappingOf",
    "PlaceForm",
    "Plain",
    "ReducerForm",
    "ReferenceForm",
    "ReturnForm",
    "expect",
]


class Form(Protocol):
    """A kind of value; ``write`` and ``read`` raise ModelError for what is not of the kind."""

    def write(self, value: Any, spot: Spot) -> Any:
        """The value as plain data."""

    def read(self, data: Any, spot: Spot) -> Any:
        """The value that the data stands for."""

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        """The JSON Schema of the data; what it refers to is added to ``definitions``."""


_WORDS: dict[type, str] = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    list: "a list",
    dict: "a mapping",
    type(None): "null",
}
_TYPES: dict[type, str] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    type(None): "null",
}


def expect(value: Any, kind: type, spot: Spot) -> None:
    """Raise ModelError unless the value is of this very type."""
    if type(value) is not kind:
        raise spot.refuse(f"must be {_WORDS[kind]}, not {shown(value)}")


class Json:
    """Any JSON value."""

    def write(self, value: Any, spot: Spot) -> Any:
        """A copy of the value."""
        try:
            return to_json(value, spot.trail)
        except ValueError as error:
            message = str(error).partition("; JSON would")[0]
            raise ModelError(f"{message}; {spot.owner} holds only JSON there", spot.where) from None

    read = write

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        """Anything."""
        return {}


class Plain(Json):
    """Text, a number, true or false, null: whichever of them ``kinds`` lists."""

    def __init__(self, *kinds: type) -> None:
        self._kinds = kinds
        self._allowed = {*kinds, int} if float in kinds else {*kinds}

    def write(self, value: Any, spot: Spot) -> Any:
        """The value itself."""
        if type(value) not in self._allowed:
            words = " or ".join(_WORDS[kind] for kind in self._kinds)
            raise spot.refuse(f"must be {words}, not {shown(value)}")
        return super().write(value, spot)

    read = write

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        """Its type, or its types."""
        names = [_TYPES[kind] for kind in self._kinds]
        return {"type": names if len(names) > 1 else names[0]}


class Choice:
    """One of a few texts."""

    def __init__(self, *choices: str) -> None:
        self._choices = choices

    def write(self, value: Any, spot: Spot) -> Any:
        """The value itself."""
        if value not in self._choices:
            raise spot.refuse(f"cannot be {shown(value)}; {did_you_mean(value, self._choices)}")
        return value

    read = write

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        """An enumeration."""
        return {"enum": list(self._choices)}


class ListOf:
    """A list of values of one form."""

    def __init__(self, item: Form) -> None:
        self._item = item

    def write(self, value: Any, spot: Spot) -> Any:
        """A list."""
        return self._each(self._item.write, list(value), spot)

    def read(self, data: Any, spot: Spot) -> Any:
        """A list too: the model turns it into what it holds."""
        expect(data, list, spot)
        return self._each(self._item.read, data, spot)

    def _each(self, action: Callable[..., Any], items: list[Any], spot: Spot) -> list[Any]:
        problems = Problems()
        found = [problems.run(action, item, spot.at(items, i)) for i, item in enumerate(items)]
        problems.tell()
        return found

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        """An array."""
        return {"type": "array", "items": self._item.schema(definitions)}


class MappingOf:
    """Values of one form by name."""

    def __init__(self, value: Form) -> None:
        self._value = value

    def write(self, value: Any, spot: Spot) -> Any:
        """A dict."""
        return self._each(self._value.write, dict(value), spot)

    def read(self, data: Any, spot: Spot) -> Any:
        """A dict in the order written."""
        expect(data, dict, spot)
        return self._each(self._value.read, data, spot)

    def _each(self, action: Callable[..., Any], pairs: dict[Any, Any], spot: Spot) -> Any:
        problems, found = Problems(), {}
        for key, value in pairs.items():
            problems.run(_TEXT.read, key, spot.of(f"a key in {spot.trail}", spot.where))
            found[key] = problems.run(action, value, spot.at(pairs, key))
        problems.tell()
        return found

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        """An object."""
        return {"type": "object", "additionalProperties": self._value.schema(definitions)}


class ReferenceForm:
    """A function, as ``module:qualname``."""

    def write(self, value: Any, spot: Spot) -> Any:
        """The function's name."""
        return str(self.read(value, spot))

    def read(self, data: Any, spot: Spot) -> Any:
        """A Reference; nothing is imported."""
        try:
            return refer(data)
        except ModelError as error:
            raise spot.refuse(f"names no function: {error}") from None

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        """Text with a colon in it."""
        return {"type": "string", "pattern": "^[^:]+:[^:]+$"}


class ReducerForm(ReferenceForm):
    """A function, as ``module:qualname``, or the text of a lambda."""

    def read(self, data: Any, spot: Spot) -> Any:
        """A Reference or an Expression."""
        try:
            return to_reducer(data)
        except ModelError as error:
            raise spot.refuse(f"is no reducer: {error}") from None

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        """Text with a colon in it, as every lambda has."""
        return {"type": "string", "pattern": "^([^:]+:[^:]+$|lambda\\b)"}


class ReturnForm:
    """A JSON value's name as text, any other as ``{kind: name}``."""

    def write(self, value: Any, spot: Spot) -> Any:
        """Text or a mapping of one key."""
        name = _TEXT.write(value.name, spot)
        return name if value.kind is Kind.JSON else {value.kind.value: name}

    def read(self, data: Any, spot: Spot) -> Any:
        """A Return."""
        if isinstance(data, str) and data:
            return Return(data)
        if not isinstance(data, dict) or len(data) != 1:
            kinds = "|".join(Kind)
            raise spot.refuse(f"must be a name or {{{kinds}: name}}, not {shown(data)}")
        ((kind, name),) = data.items()
        kind = Choice(*(known.value for known in Kind)).read(kind, spot)
        return Return(_TEXT.read(name, spot.at(data, kind)), Kind(kind))

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        """Text or an object of one property."""
        kinds = {
            "type": "object",
            "properties": {kind.value: {"type": "string"} for kind in Kind},
            "additionalProperties": False,
            "minProperties": 1,
            "maxProperties": 1,
        }
        return {"anyOf": [{"type": "string"}, kinds]}


class InputForm:
    """A name as text; else ``{name: , path: }``, ``{constant: }`` or ``{fact: }``."""

    def write(self, value: Any, spot: Spot) -> Any:
        """Text or a mapping."""
        if isinstance(value, Constant):
            return {"constant": _JSON.write(value.value, spot)}
        if isinstance(value, Fact):
            return {"fact": _FACT.write(value.name, spot)}
        name = _TEXT.write(value.name, spot)
        return {"name": name, "path": _PATH.write(value.path, spot)} if value.path else name

    def read(self, data: Any, spot: Spot) -> Any:
        """An At, a Constant or a Fact."""
        if isinstance(data, str):
            return At(data)
        keys = {*data} if isinstance(data, dict) else set()
        if keys == {"constant"}:
            return Constant(_JSON.read(data["constant"], spot.at(data, "constant")))
        if keys == {"fact"}:
            return Fact(_FACT.read(data["fact"], spot.at(data, "fact")))
        if keys in ({"name"}, {"name", "path"}):
            path = _PATH.read(data.get("path", []), spot.at(data, "path"))
            return At(_TEXT.read(data["name"], spot.at(data, "name")), tuple(path))
        raise spot.refuse(
            "must be a name, {name: ..., path: [...]}, {constant: ...} or {fact: ...}, "
            f"not {shown(data)}" + (f" of {', '.join(map(str, data))}" if keys else "")
        )

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        """Text or one of three objects."""
        forms: dict[str, Form] = {"name": _TEXT, "path": _PATH, "constant": _JSON, "fact": _FACT}
        shapes = [
            {
                "type": "object",
                "properties": {key: forms[key].schema(definitions) for key in keys},
                "required": keys[:1],
                "additionalProperties": False,
            }
            for keys in (["name", "path"], ["constant"], ["fact"])
        ]
        return {"anyOf": [{"type": "string"}, *shapes]}


class PlaceForm(InputForm):
    """A name as text, or ``{name: , path: }`` for what stands in its value."""

    def write(self, value: Any, spot: Spot) -> Any:
        """Text or a mapping."""
        if not isinstance(value, At):
            return _TEXT.write(value, spot)
        name = _TEXT.write(value.name, spot)
        return {"name": name, "path": _PATH.write(value.path, spot)}

    def read(self, data: Any, spot: Spot) -> Any:
        """Text or an At."""
        if isinstance(data, str):
            return data
        found = super().read(data, spot)
        if not isinstance(found, At):
            raise spot.refuse(f"must be a name or {{name: ..., path: [...]}}, not {shown(data)}")
        return found

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        """Text or an object."""
        return {"anyOf": super().schema(definitions)["anyOf"][:2]}


_JSON = Json()
_TEXT = Plain(str)
_PATH = ListOf(Plain(str, int))
_FACT = Choice(*FACTS)
