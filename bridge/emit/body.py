"""The body of a task as Python statements, for any writer to put where its framework has code.

A writer says how each value is reached there (``self.rate``, ``params["rate"]``, ``rate``) and is
told under which expression each return is found afterwards. For a composite that runs as a whole
the statements are those of all that is inside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bridge.emit.names import Names, identifier
from bridge.emit.place import Name, file_name, text
from bridge.emit.python import imports
from bridge.emit.task import HELPERS, Body, reach, task_body
from bridge.emit.unit import write_unit
from bridge.flow import Flow, Node

__all__ = [
    "HELPERS",
    "NOTEBOOKS",
    "Body",
    "Keep",
    "Name",
    "body",
    "kept_notebook",
    "reach",
    "text",
]

NOTEBOOKS = ".notebooks"
"""The folder, in the working directory, where an export keeps its executed notebooks."""

Keep = Callable[[str], str]
"""Where an executed notebook is kept: an expression, for its name as it stands in an f-string."""


def kept_notebook(run_id: str) -> Keep:
    """Notebooks are kept in a folder for each run; ``run_id`` is the expression of the run's id."""
    return lambda name: f'f"{NOTEBOOKS}/{{{run_id}}}/{name}.ipynb"'


def body(
    flow: Flow,
    node: Node,
    values: Mapping[str, str],
    files: Sequence[str] = (),
    taken: Sequence[str] = (),
    keep: Keep | None = None,
    own: bool = True,
    within: Name = (),
) -> Body:
    """The statements that do the work of ``node``, a task or all that is inside a composite.

    ``values`` has for each argument read the expression of its source; ``files`` the expressions
    of the manifests it may get files from, in order; ``taken`` the names already used where the
    statements go; ``keep`` says where an executed notebook is kept. The values are not its ``own``
    when others see what is changed in them. ``within`` begins the names of the steps in a composite
    that stands in others.
    """
    found = Body()
    names = Names([*HELPERS, *taken])
    if node.inner:
        write_unit(flow, node, values, files, names, found, keep, own, within)
    else:
        name = identifier(node.path, ascii_only=True)
        name = file_name((*within, node.path)) if within else name
        task_body(found, flow, node, values, files, names, keep(name) if keep else "")
    found.imports = imports(found.imports)
    return found
