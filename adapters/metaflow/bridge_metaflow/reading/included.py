"""The tasks that read the files that a flow includes."""

from __future__ import annotations

from bridge.emit.python import literal
from bridge.model import PythonTask
from bridge.values import pickled
from bridge_metaflow.reading.parameters import Given

__all__ = ["reading_task"]


def reading_task(given: Given, module: str) -> tuple[PythonTask, str]:
    """A task that reads the file of a parameter, and the text of its function."""
    name = f"read_{given.name}"
    task = PythonTask(
        name=name,
        function=f"{module}:{name}",
        returns=[pickled(f"{given.name}_text")],
        where=given.member.module.where(given.member.node),
    )
    what = "text" if given.text else "bytes"
    encoding = f"encoding={literal(given.encoding)}" if given.text else ""
    return (
        task,
        f'''def {name}({given.name}):
    """The {what} of a file, which is in the working directory or beside this module."""
    path = Path({given.name})
    if not path.exists():
        path = Path(__file__).parent / path
    return path.read_{what}({encoding})
''',
    )
