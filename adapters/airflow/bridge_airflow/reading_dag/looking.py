"""Asked in a process of its own: the DAGs of files, as Airflow sees them, described as JSON."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from bridge.inquiry import answer
from bridge.modules import search

__all__ = ["look"]

_MISSING = re.compile(r"No module named '([\w.]+)'")


def look(question: dict[str, Any]) -> dict[str, Any]:
    """The DAGs of each of the ``files``, or the ``error`` for which it cannot be read."""
    from airflow.dag_processing.dagbag import DagBag

    from bridge_airflow.reading_dag.recording import Recording

    found: dict[str, Any] = {}
    for file in question["files"]:
        search(Path(file).parent)  # as in a dags folder
        with Recording(file) as record:
            bag = DagBag(dag_folder=file, safe_mode=False)
        if bag.import_errors:
            found[file] = {"error": _told(file, "\n".join(map(str, bag.import_errors.values())))}
        else:
            found[file] = {"dags": _described(bag, record)}
    return found


def _described(bag: Any, record: Any) -> dict[str, Any]:
    from bridge_airflow.reading_dag.describing import describe

    return {name: describe(dag, record) for name, dag in bag.dags.items()}


def _told(file: str, text: str) -> str:
    """What went wrong in a sentence, with the line of the file that it came from."""
    last = next((line for line in reversed(text.splitlines()) if line.strip()), text).strip()
    lines = re.findall(rf'File "{re.escape(file)}", line (\d+)', text)
    place = f" ({file}:{lines[-1]})" if lines else ""
    missing = _MISSING.search(last)
    if missing and missing[1].startswith("airflow.providers."):
        name = "-".join(missing[1].split(".")[2:4])
        return f"{last}: install the provider apache-airflow-providers-{name}, or its like{place}"
    return f"{last}{place}"


if __name__ == "__main__":
    answer(look)
