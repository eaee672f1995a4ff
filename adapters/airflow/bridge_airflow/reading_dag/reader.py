"""From a DAG file to a pipeline."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bridge.adapter import Import, Source
from bridge.emit.names import identifier
from bridge.emit.python import finish
from bridge.errors import ModelError, SourceError
from bridge.findings import Feature, Level, Report, attributes
from bridge.inquiry import ask
from bridge.model import Pipeline
from bridge.recover import UnlikeError
from bridge_airflow.home import settings
from bridge_airflow.reading_dag.bodies import NotOursError
from bridge_airflow.reading_dag.lifting import Lifting
from bridge_airflow.reading_dag.making import Making
from bridge_airflow.reading_dag.names import RETURNED, ValueNames
from bridge_airflow.reading_dag.operators import Operators
from bridge_airflow.reading_dag.own import is_ours, read_own
from bridge_airflow.reading_dag.settings import tell_of_settings
from bridge_airflow.reading_dag.shell_tasks import variables_of
from bridge_airflow.reading_dag.source_text import SourceText
from bridge_airflow.reading_dag.structure import Structure
from bridge_airflow.reading_dag.telling import Telling

__all__ = ["Reading", "interpret", "look", "pick", "read"]

_SECONDS = 180
_QUIET = {
    "AIRFLOW__CORE__DAGBAG_IMPORT_ERROR_TRACEBACK_DEPTH": "50",
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "CRITICAL",
}


@dataclass
class Reading:
    """What was read of a DAG; ``origins`` has the task and the key of each value by its name.

    ``ran`` has the names of the values that tell whether tasks have skipped themselves, by the
    tasks, ``given`` those of parameters that the DAG does not declare, by what a run calls them.
    In what this adapter has written itself a task ``returns_dicts``, in which the keys are.
    """

    found: Import
    dag_id: str
    origins: Mapping[str, tuple[str, str]]
    returns_dicts: bool = False
    ran: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)


def read(source: Source) -> Import:
    """The pipeline of the DAG at ``source``. Raises SourceError."""
    file = dag_file(source.path)
    return interpret(pick(look([file])[str(file)], file, source.name), file).found


def dag_file(path: Path) -> Path:
    """The file with the DAG: the one given, or the only one in a folder that makes one."""
    from bridge_airflow.adapter import makes_dag

    if path.is_file():
        return path.resolve()
    found = [file for file in sorted(path.glob("*.py")) if makes_dag(file)]
    if len(found) != 1:
        names = ", ".join(file.name for file in found)
        what = f"several DAG files ({names}); name one" if found else "no file that makes a DAG"
        raise SourceError(f"'{path}' holds {what}")
    return found[0].resolve()


def look(files: Sequence[Path]) -> dict[str, Any]:
    """What Airflow finds in the files, in a process of its own. Raises SourceError."""
    with tempfile.TemporaryDirectory(prefix="bridge-airflow-") as folder:
        home = Path(folder)
        question = {"files": [str(file) for file in files]}
        surroundings = {**settings(home, home / "dags"), **_QUIET}
        module = "bridge_airflow.reading_dag.looking"
        found: dict[str, Any] = ask(module, question, files[0], surroundings, _SECONDS)
        return found


def pick(found: Mapping[str, Any], file: Path, name: str) -> Any:
    """Of what was found in a file the DAG of this name, or the only one. Raises SourceError."""
    if "error" in found:
        raise SourceError(found["error"])
    dags = found["dags"]
    if name in dags:
        return dags[name]
    known = ", ".join(sorted(dags)) or "none"
    if name:
        raise SourceError(f"'{file}' has no DAG '{name}'; there are {known}")
    if len(dags) != 1:
        raise SourceError(
            f"'{file}' holds several DAGs, or none: {known}; name one as {file.name}:NAME"
        )
    return next(iter(dags.values()))


def interpret(dag: Mapping[str, Any], file: Path) -> Reading:
    """The pipeline of a DAG as it was described."""
    with suppress(NotOursError, UnlikeError, ModelError, LookupError, AttributeError, TypeError):
        if is_ours(file):
            return _own(dag, file, SourceText(str(file)))
    return _foreign(dag, file)


def _own(dag: Mapping[str, Any], file: Path, text: SourceText) -> Reading:
    """What was read of a file that this adapter wrote: the calls of the user's functions."""
    pipeline, origins = read_own(dag, text, tell_of_settings(dag, Telling(str(file))))
    carried = [attribute.ended(Level.CARRIED) for attribute in attributes(pipeline)]
    found = Import(pipeline, file.parent, {}, [file.parent], Report(carried))
    return Reading(found, dag["dag_id"], origins, returns_dicts=True)


def _foreign(dag: Mapping[str, Any], file: Path) -> Reading:
    """What was read of a file that somebody wrote."""
    tell = Telling(str(file))
    module = _module(file)
    lifting = Lifting(module, lambda said, line: _tell_of_airflow(tell, said, line))
    parameters = _parameters(dag, tell)
    variables = [variable for task in dag["tasks"] for variable in variables_of(task)]
    names = ValueNames(dag["tasks"], [*parameters, *variables])
    making = Making(dag, tell, lifting, names, parameters)
    operators = Operators(making, set())
    operators.prepare()
    operators.python.read |= _read(making, operators)
    structure = Structure(making, operators.make, operators.decides)
    structure.find_conditions()
    steps = structure.steps()
    settings_of = tell_of_settings(dag, tell)
    if not steps:
        raise SourceError(f"DAG '{dag['dag_id']}' in '{file}' has no task that can be read")
    pipeline = Pipeline(
        steps,
        dag["dag_id"],
        order="data" if len(steps) > 1 else "list",
        parameters=parameters,
        where=tell.where(0),
        **settings_of,
    )
    code = lifting.module_text(f"The functions of the tasks of {dag['dag_id']}.")
    files = {f"{module}.py": finish(code, f"{module}.py")} if code else {}
    found = Import(pipeline, file.parent, files, [file.parent], Report(tell.findings))
    return Reading(
        found, dag["dag_id"], names.origins, ran=making.ran_names, given=making.undeclared
    )


def _module(file: Path) -> str:
    """A name for the module of functions that no module beside the file has."""
    taken = {path.stem for path in file.parent.iterdir()}
    return "functions" if "functions" not in taken else f"{identifier(file.stem)}_functions"


def _parameters(dag: Mapping[str, Any], tell: Telling) -> dict[str, Any]:
    """The values of the Params; one that has none must be given at each run."""
    found: dict[str, Any] = {}
    for name, param in dag["params"].items():
        value = param.get("value", {"json": None})
        if "json" not in value:
            tell.unsupported(Feature.PARAMETERS, f"params[{name!r}]", "its value is no JSON")
            continue
        found[name] = value["json"]
        if "value" in param:
            tell.carried(Feature.PARAMETERS, f"params[{name!r}]")
        else:
            tell(Level.APPROXIMATED, Feature.PARAMETERS, f"params[{name!r}]",
                 "it has no value of its own; here it is null until a run gives one")  # fmt: skip
    return found


def _tell_of_airflow(tell: Telling, said: str, line: int) -> None:
    how = "the function uses it, and needs Airflow to be installed wherever it runs"
    if said.startswith("__"):
        how = "it is another one in the module that the function is in now"
    if not any((f.attribute, f.where) == (said, tell.where(line)) for f in tell.findings):
        tell(Level.APPROXIMATED, Feature.PYTHON, said, how, line=line)


def _read(making: Making, operators: Operators) -> set[str]:
    """The names of the values that tasks read."""
    found: set[str] = set()
    todo: list[Any] = [making.dag["tasks"], making.dag["groups"]]
    while todo:
        item = todo.pop()
        if isinstance(item, Mapping):
            if isinstance(item.get("xcom"), list):
                found.add(making.names(item["xcom"][0]))
            todo += item.values()
        elif isinstance(item, list):
            todo += item
        elif isinstance(item, str) and "xcom_pull" in item:
            found |= _pulled(making, item)
    for lifted in operators.python.lifted.values():
        for asked in lifted.change.asked.values():
            if asked.kind == "pull" and asked.key == RETURNED and asked.what in making.tasks:
                found.add(making.names(asked.what))
    return found


def _pulled(making: Making, text: str) -> set[str]:
    from bridge_airflow.reading_dag.templates import parts

    asked = [part.asked for part in parts(text) if part.asked and part.asked.kind == "pull"]
    return {making.names(a.what) for a in asked if a.what in making.tasks}
