"""The catalog: which values are kept in files, and by which type of dataset."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Iterator, Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union

from bridge.emit.types import elements
from bridge.flow import Flow, Node, Output
from bridge.model import Map, PythonTask
from bridge.signatures import UNKNOWN
from bridge.values import Kind
from bridge_kedro.plan import Plan
from bridge_kedro.project import to_yaml
from bridge_kedro.stored import entry

__all__ = ["catalog", "catalog_text", "classes_text"]

_TYPES = {"json": "json.JSONDataset", "pkl": "pickle.PickleDataset"}
_NULLABLE = {"json": "NullableJSONDataset", "pkl": "NullablePickleDataset"}
_OPTIONAL = "OptionalJSONDataset"

_CLASSES = {
    "NullableJSONDataset": """
@takes_none
class NullableJSONDataset(JSONDataset):
    \"\"\"A JSON file; None is kept as null.\"\"\"
""",
    "NullablePickleDataset": """
@takes_none
class NullablePickleDataset(PickleDataset):
    \"\"\"A pickle; None is kept like anything else.\"\"\"
""",
    _OPTIONAL: """
@takes_none
class OptionalJSONDataset(NullableJSONDataset):
    \"\"\"A JSON file that is there only if a value was set.\"\"\"

    def load(self):
        return super().load() if self._exists() else ABSENT

    def save(self, data):
        if data is not ABSENT:
            super().save(data)
        elif self._exists():
            self._fs.rm(str(self._filepath))
""",
}
_IMPORTS = {
    "from kedro_datasets.json import JSONDataset": {"NullableJSONDataset"},
    "from kedro_datasets.pickle import PickleDataset": {"NullablePickleDataset"},
    "from tasklib.steps import ABSENT": {_OPTIONAL},
}


def catalog(plan: Plan, package: str) -> dict[str, dict[str, Any]]:
    """What ``catalog.yml`` declares: datasets, objects, metrics, manifests, what may be None.

    All else stays in memory.
    """
    declared = plan.flow.pipeline.datasets
    found = {name: entry(declared[held]) for held, name in plan.stored.items()}
    for node in plan.flow.nodes.values():
        for output in node.outputs:
            if output.name in plan.stored:
                continue
            nullable = _may_be_none(node, output)
            if output.kind is not Kind.JSON or nullable:
                found[plan.values[output]] = _entry(output, plan.values[output], nullable, package)
        if node.puts:
            name = plan.files[node.path]
            found[name] = {"type": _TYPES["json"], "filepath": f"data/02_intermediate/{name}.json"}
    return found


def _entry(output: Output, name: str, nullable: bool, package: str) -> dict[str, str]:
    form = "pkl" if output.kind is Kind.PICKLED else "json"
    kind = f"{package}.datasets.{_NULLABLE[form]}" if nullable else _TYPES[form]
    if form == "json" and not output.certain:
        kind = f"{package}.datasets.{_OPTIONAL}"
    return {"type": kind, "filepath": f"data/{_folder(output)}/{name}.{form}"}


def _folder(output: Output) -> str:
    """The layer of Kedro's data folder where a value belongs."""
    if output.kind is Kind.METRIC:
        return "08_reporting"
    is_model = output.kind is Kind.PICKLED and "model" in output.name.rpartition(".")[2].lower()
    return "06_models" if is_model else "02_intermediate"


def _may_be_none(node: Node, output: Output) -> bool:
    """Whether a step may give back None under a name, by the annotations of its functions."""
    if not node.inner:
        return not _excludes_none(_annotation(node, node.outputs.index(output)))
    if isinstance(node.task, Map):
        return node.task.reducer is not None
    if _may_be_kept(node, output.name):
        return True
    return any(
        _may_be_none(setter, left) for setter, left in _setters(node.inner.values(), output.name)
    )


def _may_be_kept(node: Node, name: str) -> bool:
    """Whether a name may come out of a composite with the value it had before."""
    if name not in {read.argument.name for read in node.reads}:
        return False
    left = [flow.sets.get(name) for flow in node.inner.values()]
    return not all(found and found.certain for found in left)


def _setters(flows: Iterable[Flow], name: str) -> Iterator[tuple[Node, Output]]:
    """The steps in these flows, and in those that handle their failures, that set a name."""
    for flow in flows:
        for node in flow.nodes.values():
            yield from ((node, output) for output in node.outputs if output.name == name)
            yield from _setters([node.handler] if node.handler else [], name)
        yield from _setters([flow.handler] if flow.handler else [], name)


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
    return isinstance(kind, type) and kind not in (UNKNOWN, Any, NoneType, object)


def catalog_text(entries: Mapping[str, Mapping[str, Any]]) -> str:
    """``catalog.yml``."""
    if not entries:
        return "# All values stay in memory.\n"
    return "\n".join(to_yaml({name: entry}) for name, entry in entries.items())


def classes_text(entries: Mapping[str, Mapping[str, Any]], package: str) -> str:
    """The module with the project's own classes of datasets; empty when it needs none."""
    parts = [entry["type"].rpartition(".") for entry in entries.values()]
    types = {name for module, _, name in parts if module == f"{package}.datasets"}
    types |= {"NullableJSONDataset"} if _OPTIONAL in types else set()
    classes = [name for name in _CLASSES if name in types]
    if not classes:
        return ""
    imports = "\n".join(line for line, users in _IMPORTS.items() if users & types)
    return f'''"""Datasets for values that may be None, which Kedro's own refuse to save."""

from inspect import unwrap

{imports}


def takes_none(dataset):
    """Undo what Kedro wraps around a class of datasets: it refuses None and renames arguments."""
    dataset.save = unwrap(dataset.save)
    dataset.__init__ = dataset.__init__.__wrapped__
    return dataset

{"".join(_CLASSES[name] for name in classes)}'''
