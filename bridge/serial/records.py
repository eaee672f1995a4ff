"""How the classes of the model look as plain data, derived from their fields.

A form is found by a field's annotation, so that what is added to a class of the model is
written, read and described without a word here.
"""

from __future__ import annotations

import types
from collections import abc
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass, replace
from functools import cached_property
from inspect import get_annotations, getdoc
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from bridge import model
from bridge.errors import ModelError, Where
from bridge.expressions import Expression
from bridge.model import Composite, Pipeline, PythonTask, Step, Task
from bridge.references import Reference
from bridge.serial.forms import (
    Choice,
    Form,
    InputForm,
    Json,
    ListOf,
    MappingOf,
    PlaceForm,
    Plain,
    ReducerForm,
    ReferenceForm,
    ReturnForm,
    expect,
)
from bridge.serial.spot import Problems, Spot, did_you_mean, shown
from bridge.values import At, Return

__all__ = ["Record", "form_of"]


class Part:
    """One field of a class: its form, its default, and whether it must be given."""

    def __init__(self, cls: type, given: Field[Any], hint: Any) -> None:
        self.name = given.name
        self.hint = hint
        factory = given.default_factory
        self._default = given.default if factory is MISSING else factory()
        named_by_function = issubclass(cls, PythonTask) or not issubclass(cls, Step)
        self.required = self._default is MISSING or (self.name == "name" and not named_by_function)
        self.always = self.required or (self.name == "name" and issubclass(cls, Step))

    @cached_property
    def form(self) -> Form:
        """How its values look."""
        return form_of(self.hint)

    @property
    def holds_steps(self) -> bool:
        """Whether whole pipelines stand in it; such parts are written last."""
        return "Pipeline" in str(self.hint) or "Step" in str(self.hint)

    def is_set(self, value: Any) -> bool:
        """Whether it has to be written."""
        return self.always or value != self._default or type(value) is not type(self._default)


class Record:
    """An object of a dataclass as a mapping of the fields that are set.

    The fields of a step stand under ``type``, the name of its class.
    """

    def __init__(self, cls: Any) -> None:
        self.cls = cls
        self.is_step = issubclass(cls, Step)
        self.is_written = self.is_step or cls is Pipeline

    @cached_property
    def parts(self) -> dict[str, Part]:
        """The fields by name: the name, then what is the class's own, pipelines last."""
        hints = get_type_hints(self.cls)
        found = [Part(self.cls, f, hints[f.name]) for f in fields(self.cls) if f.compare]
        depth = {n: i for i, c in enumerate(self.cls.__mro__[::-1]) for n in get_annotations(c)}
        found.sort(key=lambda p: (p.name != "name", p.holds_steps, -depth[p.name]))
        return {part.name: part for part in found}

    def write(self, value: Any, spot: Spot) -> Any:
        """The fields that are set."""
        if not isinstance(value, self.cls):
            raise spot.refuse(f"must be a {self.cls.__name__}, not {shown(value)}")
        spot = self._inside(getattr(value, "name", None), getattr(value, "where", None), spot)
        problems = Problems()
        data = {"type": _tag(self.cls)} if self.is_step else {}
        for name, part in self.parts.items():
            if part.is_set(given := getattr(value, name)):
                data[name] = problems.run(part.form.write, given, spot.at(value, name))
        problems.tell()
        return data

    def read(self, data: Any, spot: Spot) -> Any:
        """The object; raises ModelError with all that is unknown, missing or of a wrong kind."""
        expect(data, dict, spot)
        spot = self._inside(data.get("name"), spot.where, spot)
        problems = Problems()
        given = {}
        for key in data:
            if key in self.parts:
                given[key] = problems.run(self.parts[key].form.read, data[key], spot.at(data, key))
            elif not (self.is_step and key == "type"):
                problems.add(self._unknown(key, replace(spot, where=spot.at(data, key).where)))
        for name, part in self.parts.items():
            if part.required and name not in data:
                problems.add(spot.refuse(f"has no '{name}', which it needs"))
        problems.tell()
        return self.cls(**given, **({"where": spot.where} if self.is_written else {}))

    def _inside(self, name: Any, where: Where | None, spot: Spot) -> Spot:
        """The place of the fields; steps and pipelines are known by their names from here on."""
        is_named = isinstance(name, str) and name and (self.is_step or name != "pipeline")
        if not self.is_written or not is_named:
            return spot
        return spot.of(f"{'step' if self.is_step else 'pipeline'} {shown(name)}", where)

    def _unknown(self, key: Any, spot: Spot) -> ModelError:
        known = [*(["type"] if self.is_step else []), *self.parts]
        return spot.refuse(f"has an unknown key {shown(key)}; {did_you_mean(key, known)}")

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        """A reference to the class's definition."""
        name = self.cls.__name__
        if name not in definitions:
            definitions[name] = {}
            definitions[name] |= self._definition(definitions)
        return {"$ref": f"#/$defs/{name}"}

    def _definition(self, definitions: dict[str, Any]) -> dict[str, Any]:
        tag = {"type": {"const": _tag(self.cls)}} if self.is_step else {}
        parts = self.parts.items()
        return {
            "description": (getdoc(self.cls) or "").partition("\n\n")[0].replace("\n", " "),
            "type": "object",
            "properties": tag | {name: part.form.schema(definitions) for name, part in parts},
            "required": [*tag, *(name for name, part in parts if part.required)],
            "additionalProperties": False,
        }


class AnyStep:
    """A step of any type; ``type`` tells which."""

    @cached_property
    def types(self) -> dict[str, Record]:
        """Every kind of step that the model has."""
        classes = [c for c in vars(model).values() if isinstance(c, type) and issubclass(c, Step)]
        return {_tag(c): Record(c) for c in classes if c not in (Step, Task, Composite)}

    def write(self, value: Any, spot: Spot) -> Any:
        """The step by its type."""
        record = self.types.get(_tag(type(value)))
        if record is None:
            there = replace(spot, where=getattr(value, "where", None))
            raise there.refuse(f"is a {type(value).__name__}, which has no form as data")
        return record.write(value, spot)

    def read(self, data: Any, spot: Spot) -> Any:
        """The step; raises ModelError when its type is unknown or not given."""
        expect(data, dict, spot)
        tag = data.get("type")
        if "type" not in data:
            raise spot.refuse(f"has no 'type'; give one of {', '.join(self.types)}")
        if not isinstance(tag, str) or tag not in self.types:
            hint = did_you_mean(tag, self.types)
            raise spot.at(data, "type").refuse(f"cannot be {shown(tag)}; {hint}")
        return self.types[tag].read(data, spot)

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        """One of the types."""
        return {"oneOf": [record.schema(definitions) for record in self.types.values()]}


def _tag(cls: type) -> str:
    """What a kind of step is called: ``python`` for PythonTask."""
    return cls.__name__.removesuffix("Task").lower()


@dataclass(frozen=True)
class Case:
    """A branch of a conditional, and the value for which it is taken."""

    when: str | bool | int | float | None
    branch: Pipeline


class Cases:
    """Branches by a value that is not always text: a list of ``{when: , branch: }``."""

    def __init__(self) -> None:
        self._list = ListOf(Record(Case))

    def write(self, value: Any, spot: Spot) -> Any:
        """A list, in the order of the branches."""
        return self._list.write([Case(*pair) for pair in value.items()], spot)

    def read(self, data: Any, spot: Spot) -> Any:
        """The branches by value; two for the same value are refused."""
        found: dict[Any, Pipeline] = {}
        for i, case in enumerate(self._list.read(data, spot)):
            if case.when in found:
                raise spot.at(data, i).refuse(f"is a second branch for {shown(case.when)}")
            found[case.when] = case.branch
        return found

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        """A list of cases."""
        return self._list.schema(definitions)


_PLAIN = (str, bool, int, float)
_forms: dict[Any, Form] = {
    Any: Json(),
    At: InputForm(),
    str | At: PlaceForm(),
    Expression: ReducerForm(),
    Reference: ReferenceForm(),
    Return: ReturnForm(),
    Step: AnyStep(),
}


def form_of(annotation: Any) -> Form:
    """The form of the values that an annotation describes; None is left to the default."""
    if annotation not in _forms:
        _forms[annotation] = _make(annotation)
    return _forms[annotation]


def _make(annotation: Any) -> Form:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return _make_of_union(arguments)
    if origin is Literal:
        return Choice(*arguments)
    if origin is abc.Sequence:
        return ListOf(form_of(arguments[0]))
    if origin is abc.Mapping:
        keys, values = arguments
        return Cases() if keys is Any else MappingOf(form_of(values))
    return Record(annotation) if is_dataclass(annotation) else Plain(annotation)


def _make_of_union(arguments: tuple[Any, ...]) -> Form:
    """Plain types as they are; of others the first, which is what the model makes of the rest."""
    others = [argument for argument in arguments if argument is not type(None)]
    if len(others) > 1 and all(argument in _PLAIN for argument in others):
        return Plain(*arguments)
    return form_of(others[0])
