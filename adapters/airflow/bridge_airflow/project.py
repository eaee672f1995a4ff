"""What goes beside the DAG file: the carried modules, how to run it, what it needs."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any

from bridge.emit.carried import PACKAGE, carried
from bridge.flow import Flow, walk
from bridge.model import Pipeline, Task
from bridge_airflow.ids import dag_id

__all__ = ["IGNORE", "beside"]

_NEEDS = {
    "files": ["fsspec"],
    "notebook": ["ipykernel", "papermill"],
}
_SHORT = 60
IGNORE = """\
# Only the DAG file makes a DAG.
*
!{module}.py
"""
_README = """\
# {title}

An Airflow 3 DAG in [{module}.py]({module}.py). Its tasks call the functions beside it.

```sh
pip install -r requirements.txt    # and what the functions themselves import
export AIRFLOW__CORE__DAGS_FOLDER="$PWD"
airflow db migrate
airflow dags test {dag_id}{conf}
```

The dags folder (or the root of the DAG bundle) has to be this folder: tasks import from it.
"""
_STORE = """
Files and objects go from task to task through a store, by default the folder `.store` here. Where
workers share no disk, set `PIPELINE_STORE` to a URL that all of them reach, such as
`s3://bucket/prefix` (with `s3fs` installed). Nothing in it is ever deleted: that is up to you.
"""

_NOTEBOOKS = """
Executed notebooks are kept in `.notebooks`, in the folder where a worker runs its tasks.
"""


def beside(flow: Flow, module: str, carries: Iterable[str]) -> dict[str, str]:
    """The texts, by path, for a DAG in ``module`` whose tasks use the carried modules."""
    carries = set(carries)
    return {
        **_carried(carries),
        ".airflowignore": IGNORE.format(module=module),
        "README.md": _readme(flow, module, carries),
        "requirements.txt": _requirements(flow.pipeline, carries),
    }


def _carried(carries: set[str]) -> dict[str, str]:
    texts = carried(carries)
    if f"{PACKAGE}/values.py" in texts:
        own = files("bridge_airflow").joinpath("carried/xcom.py")
        texts[f"{PACKAGE}/xcom.py"] = own.read_text(encoding="utf-8")
    return texts


def _readme(flow: Flow, module: str, carries: set[str]) -> str:
    title = " ".join(flow.pipeline.name.split())
    conf = _conf(flow.pipeline.parameters)
    text = _README.format(title=title, module=module, dag_id=dag_id(flow.pipeline), conf=conf)
    uses_store = {"files", "objects"} & carries
    text += _STORE if uses_store else ""
    return text + (_NOTEBOOKS if "notebook" in carries else "")


def _conf(parameters: Mapping[str, Any]) -> str:
    """How to give a parameter, with one of them, of which there is a short one, as the example."""
    texts = (json.dumps({key: v}, ensure_ascii=False) for key, v in parameters.items())
    text = next((text for text in texts if len(text) < _SHORT), "")
    return f" --conf {shlex.quote(text)}" if text else ""


def _requirements(pipeline: Pipeline, carries: set[str]) -> str:
    needs = {"apache-airflow>=3.3,<4", "apache-airflow-providers-standard"}
    needs.update(need for module in carries for need in _NEEDS.get(module, ()))
    tasks = (step for _, step in walk(pipeline) if isinstance(step, Task))
    needs.update(" ".join(need.split()) for task in tasks for need in task.dependencies)
    return "".join(f"{need}\n" for need in sorted(needs))
