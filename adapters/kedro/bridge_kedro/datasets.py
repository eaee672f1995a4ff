"""The catalog: which values are kept in files, and by which type of dataset."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union

from bridge.emit.types import elements
from bridge.flow import Node, Output
from bridge.model import PythonTask
from bridge.signatures import UNKNOWN
from bridge.values import Kind
from bridge_kedro.plan import Plan
from bridge_kedro.project import to_yaml

__all__ = ["catalog", "catalog_text", "classes_text"]

_TYPES = {"json": "json.JSONDataset", "pkl": "pickle.PickleDataset"}
_NULLABLE = {"json": "NullableJSONDataset", "pkl": "NullablePickleDataset"}

_CLASS = {
    "json": """
@takes_none
class NullableJSONDataset(JSONDataset):
    \"\"\"A JSON file; None is kept as null.\"\"\"
""",
    "pkl": """
@takes_none
class NullablePickleDataset(PickleDataset):
    \"\"\"A pickle; None is kept like anything else.\"\"\"
""",
}
_CLASS_IMPORTS = {
    "json": "from kedro_datasets.json import JSONDataset",
    "pkl": "from kedro_datasets.pickle import PickleDataset",
}


def catalog(plan: Plan, package: str) -> dict[str, dict[str, str]]:
    """What ``catalog.yml`` declares: objects, metrics, manifests of files, what may be None.

    All else stays in memory.
    """
    found = {}
    for node in plan.flow.nodes.values():
        for place, output in enumerate(node.outputs):
            nullable = not _excludes_none(_annotation(node, place))
            if output.kind is not Kind.JSON or nullable:
                found[plan.values[output]] = _entry(output, plan.values[output], nullable, package)
        if node.puts:
            name = plan.files[node.path]
            found[name] = {"type": _TYPES["json"], "filepath": f"data/02_intermediate/{name}.json"}
    return found


def _entry(output: Output, name: str, nullable: bool, package: str) -> dict[str, str]:
    form = "pkl" if output.kind is Kind.PICKLED else "json"
    kind = f"{package}.datasets.{_NULLABLE[form]}" if nullable else _TYPES[form]
    return {"type": kind, "filepath": f"data/{_folder(output)}/{name}.{form}"}


def _folder(output: Output) -> str:
    """The layer of Kedro's data folder where a value belongs."""
    if output.kind is Kind.METRIC:
        return "08_reporting"
    is_model = output.kind is Kind.PICKLED and "model" in output.name.lower()
    return "06_models" if is_model else "02_intermediate"


def _annotation(node: Node, place: int) -> Any:
    """The annotation of the value that a task returns at this place."""
    if not isinstance(node.task, PythonTask):
        return UNKNOWN
    if len(node.outputs) == 1:
        return node.signature.returns
    types = elements(node.signature.returns)
    return types[place] if len(types) == len(node.outputs) else UNKNOWN


def _excludes_none(annotation: Any) -> bool:
    kind = typing.get_origin(annotation) or annotation
    inner = typing.get_args(annotation)
    if kind in (Union, UnionType):
        return all(map(_excludes_none, inner))
    if kind is Annotated:
        return _excludes_none(inner[0])
    if kind is Literal:
        return None not in inner
    return isinstance(kind, type) and kind not in (UNKNOWN, NoneType, object)


def catalog_text(entries: Mapping[str, Mapping[str, str]]) -> str:
    """``catalog.yml``."""
    if not entries:
        return "# All values stay in memory.\n"
    return "\n".join(to_yaml({name: entry}) for name, entry in entries.items())


def classes_text(entries: Mapping[str, Mapping[str, str]]) -> str:
    """The module with the project's own classes of datasets; empty when it needs none."""
    types = {entry["type"].rpartition(".")[2] for entry in entries.values()}
    forms = [form for form, name in _NULLABLE.items() if name in types]
    if not forms:
        return ""
    imports = "\n".join(_CLASS_IMPORTS[form] for form in forms)
    return f'''"""Datasets for values that may be None, which Kedro's own refuse to save."""

from inspect import unwrap

{imports}


def takes_none(dataset):
    """Undo what Kedro wraps around a class of datasets: it refuses None and renames arguments."""
    dataset.save = unwrap(dataset.save)
    dataset.__init__ = dataset.__init__.__wrapped__
    return dataset

{"".join(_CLASS[form] for form in forms)}'''
