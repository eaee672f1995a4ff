"""Dynamic mapping: which list a task or a group is mapped over, and what an item of it is."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

from bridge.emit.names import identifier
from bridge.findings import Feature
from bridge.model import Step
from bridge.values import At, Constant, Input, at
from bridge_airflow.reading_dag.lifting import UnliftableError
from bridge_airflow.reading_dag.making import Expression, Making, Task

__all__ = ["Mapped", "Mapper"]


_EMPTY = "where the list is empty Airflow skips what follows, and here it gets empty lists"
_WHICH = "which arguments it gives is not known; map over values and take them apart in the task"


class Mapped:
    """What is mapped over: steps that make the list, where it is, and what its items are called.

    ``values`` are the arguments that an item gives, by name.
    """

    def __init__(self, on: str | At, item: str, values: Mapping[str, Expression]) -> None:
        self.on, self.item, self.values = on, item, values
        self.before: list[Step] = []


class Mapper:
    """Makes lists to map over."""

    def __init__(self, making: Making) -> None:
        self._making = making

    def mapped(self, owner: Task, mapping: Mapping[str, Any], name: str) -> Mapped | None:
        """How the task or group ``owner`` is mapped, which has such a ``name`` in the scope."""
        if mapping["kind"] == "dicts":
            return self._of_dicts(owner, mapping["value"], name)
        lists = mapping["value"]
        for argument, value in lists.items():
            self._tell(owner, f"expand({argument})", value)
        if len(lists) == 1:
            argument, value = next(iter(lists.items()))
            return self._of_list(owner, argument, value, name)
        return self._of_lists(owner, lists, name)

    def _tell(self, owner: Task, attribute: str, value: Any) -> None:
        if "json" in value:
            self._making.carries(owner, Feature.MAP, attribute, "a parameter holds the list")
            return
        self._making.changes(owner, Feature.MAP, attribute, _EMPTY)

    def _item_name(self, wanted: str, name: str) -> str:
        """The name of an item: one that nothing else in the scope has."""
        found = self._making.names.fresh(wanted)
        return found if found == wanted else self._making.names.fresh(f"{name}_{wanted}")

    def _of_list(self, owner: Task, argument: str, value: Any, name: str) -> Mapped | None:
        found = self._list(owner, argument, value, name)
        if found is None:
            return None
        on, before = found
        item = self._item_name(argument, name)
        mapped = Mapped(on, item, {argument: Expression(whole=at(item))})
        mapped.before = before
        return mapped

    def _list(
        self, owner: Task, argument: str, value: Any, name: str
    ) -> tuple[str | At, list[Step]] | None:
        """Where a list is; a step that makes it where there is none yet."""
        making = self._making
        if isinstance(value.get("json"), list):
            return self._declared(f"{name}_{identifier(argument)}", value["json"]), []
        made = self._function(owner, value, name)
        if made is not None:
            return made
        expression = making.express(value, owner)
        if expression is None or isinstance(expression.whole, Constant):
            making.refuses(owner, f"expand({argument})", _no_list(value), Feature.MAP)
            return None
        if isinstance(expression.whole, At):
            making.takes(owner, [expression.whole])
            return _place(expression.whole), []
        return self._step(
            owner, f"{name}_{identifier(argument)}", expression.text, expression.inputs
        )

    def _declared(self, wanted: str, items: list[Any]) -> str:
        """A constant list as a parameter."""
        name = self._making.names.fresh(wanted)
        self._making.parameters[name] = items
        return name

    def _function(self, owner: Task, value: Any, name: str) -> tuple[str, list[Step]] | None:
        """A step for what ``map``, ``zip`` and ``concat`` make of XComs."""
        making = self._making
        kind = next((kind for kind in ("map", "zip", "concat") if kind in value), "")
        if not kind or value.get("filled"):
            return None
        inputs: dict[str, Input] = {}
        parts = [value["map"]] if kind == "map" else value[kind]
        texts = []
        for part in parts:
            expression = making.express(part, owner)
            if expression is None:
                return None
            texts.append(making.argument(expression, inputs))
        if kind == "zip":
            making.changes(
                owner, Feature.MAP, "zip()", "its items are lists, as JSON has no tuples"
            )
            text = f"[list(items) for items in zip({', '.join(texts)})]"
        elif kind == "concat":
            text = f"[{', '.join(f'*{text}' for text in texts)}]"
        else:
            called = self._called(owner, value["by"])
            if called is None:
                return None
            text = f"[{called} for item in {texts[0]}]"
        return self._step(owner, f"{name}_items", text, inputs)

    def _called(self, owner: Task, functions: list[Any]) -> str | None:
        text = "item"
        for function in functions:
            try:
                lifted = self._making.lifting.lift(function, f"{owner['id']}_item", (), ())
            except UnliftableError as error:
                self._making.refuses(owner, "map()", str(error), Feature.MAP)
                return None
            text = f"{lifted.name}({text})"
        return text

    def _step(
        self, owner: Task, wanted: str, text: str, inputs: Mapping[str, Input]
    ) -> tuple[str, list[Step]]:
        held, step = self._making.step(owner, wanted, text, inputs)
        return held, [step]

    def _of_lists(self, owner: Task, lists: Mapping[str, Any], name: str) -> Mapped | None:
        """Each item of one list with each of the others, the last changing first."""
        item = self._making.names.fresh(f"{name}_item")
        if all(isinstance(value.get("json"), list) for value in lists.values()):
            every = product(*(value["json"] for value in lists.values()))
            items = [dict(zip(lists, values, strict=True)) for values in every]
            return Mapped(self._declared(f"{name}_items", items), item, _keyed(item, lists))
        inputs: dict[str, Input] = {}
        loops = []
        for argument, value in lists.items():
            expression = self._making.express(value, owner)
            if expression is None:
                self._making.refuses(owner, f"expand({argument})", _no_list(value), Feature.MAP)
                return None
            text = self._making.argument(expression, inputs)
            loops.append(f"for {identifier(argument)}_ in {text}")
        pairs = ", ".join(f"{a!r}: {identifier(a)}_" for a in lists)
        on, before = self._step(owner, f"{name}_items", f"[{{{pairs}}} {' '.join(loops)}]", inputs)
        mapped = Mapped(on, item, _keyed(item, lists))
        mapped.before = before
        return mapped

    def _of_dicts(self, owner: Task, value: Any, name: str) -> Mapped | None:
        making = self._making
        self._tell(owner, "expand_kwargs", value)
        found = self._list(owner, "kwargs", value, name)
        if found is None:
            return None
        item = making.names.fresh(f"{name}_item")
        items = value.get("json")
        keys = list(items[0]) if isinstance(items, list) and items else None
        if keys is None or any(list(other) != keys for other in items or ()):
            keys = self._asked_for(owner)
        if keys is None:
            making.refuses(owner, "expand_kwargs", _WHICH, Feature.MAP)
            return None
        mapped = Mapped(found[0], item, _keyed(item, keys))
        mapped.before = found[1]
        return mapped

    def _asked_for(self, owner: Task) -> list[str] | None:
        """The arguments that every item has to give, where there can be no others."""
        function = owner.get("callable")
        if function is None or "parameters" not in function:
            return None
        if any(default or kind.startswith("VAR") for _, kind, default in function["parameters"]):
            return None
        given = len(owner["args"])
        names = [name for name, *_ in function["parameters"]][given:]
        return [name for name in names if name not in owner["kwargs"]]


def _place(found: At) -> str | At:
    return found if found.path else found.name


def _keyed(item: str, names: Any) -> dict[str, Expression]:
    return {name: Expression(whole=at(item, name)) for name in names}


def _no_list(value: Any) -> str:
    kind = "a dict" if isinstance(value.get("json"), dict) else f"'{next(iter(value))}'"
    return f"it maps over {kind}; make a list of it in a task"
