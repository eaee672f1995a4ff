"""Notebooks as tasks: run once by papermill, values in as parameters, values out by name."""

from __future__ import annotations

import json
import logging
import os
import pickle
import re
import sys
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .surroundings import mask
from .values import to_json

__all__ = ["run_notebook"]

PROJECT = Path(__file__).resolve().parent.parent

# The last cell, which is not kept: it writes each name that the notebook has set to a file.
LAST_CELL = """\
def _hand_over(names, path):
    import pickle
    values = {{}}
    for name in names:
        if name in globals():
            try:
                values[name] = pickle.dumps(globals()[name], protocol=5)
            except Exception as error:
                kind = type(globals()[name]).__qualname__
                values[name] = f"{{kind}} cannot be pickled: {{error}}"
    with open(path, "wb") as file:
        pickle.dump(values, file)

_hand_over({names!r}, {path!r})
"""


def run_notebook(
    notebook: str | os.PathLike[str],
    parameters: Mapping[str, Any],
    returns: Mapping[str, str] = {},
    save_as: str | os.PathLike[str] | None = None,
    root: str | os.PathLike[str] = PROJECT,
) -> dict[str, Any]:
    """Run the notebook, a path in ``root``, with this Python in the working directory.

    ``returns`` says of each name to give back whether it is "json" or "pickled". The executed
    notebook is written to ``save_as``, also when a cell failed.

    Raises RuntimeError for a cell that failed, ValueError for a name that the notebook has not
    set or that is not what was declared.
    """
    given = {name: to_json(value, name) for name, value in parameters.items()}
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # papermill and Jupyter warn of one another
        values, executed = Path(scratch, "values"), Path(scratch, "executed.ipynb")
        last = LAST_CELL.format(names=list(returns), path=str(values))
        try:
            _execute(Path(root, notebook), last, given, executed)
        finally:
            if save_as and executed.exists():
                _keep(executed, last, Path(save_as))
        handed_over = pickle.loads(values.read_bytes()) if values.exists() else {}
    return {name: _value(name, kind, handed_over, notebook) for name, kind in returns.items()}


def _execute(path: Path, last: str, parameters: Mapping[str, Any], executed: Path) -> None:
    import papermill
    from nbclient.exceptions import DeadKernelError

    logging.getLogger("papermill").setLevel(logging.ERROR)  # it tells of each parameter
    book = json.loads(path.read_text(encoding="utf-8"))
    cell = {"cell_type": "code", "metadata": {}, "source": last, "outputs": []}
    book["cells"].append(cell | {"execution_count": None})
    executed.write_text(json.dumps(book), encoding="utf-8")
    try:
        papermill.execute_notebook(
            executed,
            executed,
            parameters=parameters,
            kernel_name="python3",
            language="python",
            kernel_manager_class=_this_python(executed.with_name("kernel.json")),
            progress_bar=False,
        )
    except papermill.PapermillExecutionError as error:
        what = re.sub(r"\x1b\[[0-9;]*m", "", f"{error.ename}: {error.evalue}")
        failure = RuntimeError(
            f"notebook '{path.name}' failed in cell [{error.exec_count}]: {what}"
        )
        raise failure from None
    except DeadKernelError:
        raise RuntimeError(f"notebook '{path.name}' failed: its kernel died") from None


def _this_python(connection: Path) -> Any:
    """A kernel manager that starts this very interpreter, whatever kernels are installed.

    It talks to its kernel by sockets beside the file ``connection``, which no other run can have.
    """
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    command = [sys.executable, "-Xfrozen_modules=off", "-m", "ipykernel_launcher"]
    command += ["-f", "{connection_file}", "--HistoryManager.enabled=False"]

    class ThisPython(AsyncKernelManager):
        def __init__(self, **options: Any) -> None:
            transport = "ipc" if len(str(connection)) < 90 else "tcp"  # socket paths are short
            super().__init__(**options, transport=transport, connection_file=str(connection))

        @property
        def kernel_spec(self) -> KernelSpec:
            return KernelSpec(argv=command, display_name="Python 3", language="python")

    return ThisPython


def _keep(executed: Path, last: str, target: Path) -> None:
    book = json.loads(executed.read_text(encoding="utf-8"))
    book["cells"] = [cell for cell in book["cells"] if "".join(cell["source"]) != last]
    book["metadata"].pop("papermill", None)  # it names files that are gone by now
    target.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(book, indent=1, ensure_ascii=False)
    target.write_text(f"{mask(text)}\n", encoding="utf-8")


def _value(name: str, kind: str, handed_over: Mapping[str, Any], notebook: Any) -> Any:
    if name not in handed_over:
        raise ValueError(f"notebook '{notebook}' has not set '{name}', which it is to return")
    value = handed_over[name]
    if isinstance(value, str):
        raise ValueError(f"'{name}' of notebook '{notebook}' of type {value}")
    try:
        value = pickle.loads(value)
    except AttributeError as error:
        raise ValueError(
            f"'{name}' of notebook '{notebook}' needs what only the notebook defines: {error}"
        ) from error
    return value if kind == "pickled" else to_json(value, name)
