"""What a user can do where a target does not carry what a pipeline says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["HINTS", "Hint"]


class Hint(NamedTuple):
    """What to do about one feature.

    ``instead`` is for what cannot be carried. What can be left out has a sentence ``by_hand``, for
    what is left out or differs; ``emulated`` is for what needs care though the result is the same.
    """

    instead: str
    by_hand: str = ""
    emulated: str = ""

    def at(self, level: str) -> str:
        """What to do when the feature ended at this level; empty text: nothing."""
        if level == "unsupported" and self.by_hand:
            return f"{self.instead}, or leave it out with --unsupported warn"
        if level in ("approximated", "dropped"):
            return self.by_hand or self.instead
        return {"unsupported": self.instead, "emulated": self.emulated}.get(level, "")


_AS_FUNCTION = "write the work as a Python function and make it a PythonTask"
_AS_TASK = "do it inside one function and make that a task"

HINTS: Mapping[str, Hint] = {
    "python": Hint("move the work to a notebook or a shell command"),
    "notebook": Hint(_AS_FUNCTION),
    "shell": Hint("run the command from a Python function with subprocess"),
    "stub": Hint("remove the stub, or give it a function that returns nothing"),
    "foreign": Hint(
        "do the same in a Python function, a notebook or a command",
        "do the same by hand in the target, if it matters there",
    ),
    "parameters": Hint("write the value into the steps with constant(...)"),
    "inputs": Hint("give the argument the name of the value that it reads"),
    "inputs.path": Hint("hand over the whole value and take the part inside the function"),
    "inputs.constant": Hint("declare a parameter of that value and read it by name"),
    "inputs.fact": Hint("declare a parameter and give it to each run"),
    "json": Hint("write the value to a file and hand it on with catalog.put and catalog.get"),
    "metric": Hint("return it as plain JSON, by its name alone"),
    "pickled": Hint(
        "put the steps that share it into one task with --group data, return it as JSON, or hand "
        "it on as a file with catalog.put and catalog.get"
    ),
    "catalog.get": Hint("return the file's content as a value and read that"),
    "catalog.put": Hint("return the file's content as a value"),
    "catalog.hash": Hint("let the file be stored: leave out store_copy=False"),
    "include": Hint("read the file's content from a module that the functions import"),
    "order.data": Hint("write the steps in the order in which they are to run, with order='list'"),
    "order.after": Hint("let the earlier step return a value that the later one reads"),
    "description": Hint("put it into the docstring of a function", "write it where it is read"),
    "parallel": Hint("write the steps of the branches one after the other"),
    "map": Hint(f"loop over the items yourself: {_AS_TASK}"),
    "map.nested": Hint("make one list of all pairs of items and map over that"),
    "map.reducer": Hint("leave the reducer out and combine the list in a task after the map"),
    "conditional": Hint(f"decide yourself: {_AS_TASK}"),
    "loop": Hint(f"repeat the work yourself: {_AS_TASK}"),
    "on_failure": Hint(
        "catch the exception inside the function",
        "say in the target what is to happen when this fails",
    ),
    "terminate": Hint(
        "raise an exception to fail, or put what follows into a Conditional",
        "end the run at this place in the target; until then it goes on",
    ),
    "retry": Hint("try again inside the function", "set the target's own retries"),
    "timeout": Hint(
        "limit the time inside the function, for instance in the call that may hang",
        "set the target's own time limit",
    ),
    "schedule": Hint(
        "start the runs from outside, for instance with cron",
        "start the runs by the target's own scheduler or with cron",
    ),
    "resources": Hint(
        "run all of it on a machine that has enough",
        "ask for the resources where the project is deployed",
    ),
    "environment": Hint(
        "pass the values as parameters", "set the variables where the tasks are started"
    ),
    "secrets": Hint(
        "read them inside the function from where they are kept",
        "set these variables where the tasks are started",
        "set these variables where the tasks are started",
    ),
    "dependencies": Hint(
        "install them where the tasks run",
        "install them where the tasks run",
        "see that they are installed where the tasks run",
    ),
    "image": Hint("run all of it in that image", "name the image where the project is deployed"),
    "cache": Hint("leave it out", "skip the work inside the function when its result is there"),
    "dataset": Hint("load and save the data inside the functions"),
    "overrides": Hint(
        "leave them out for this target",
        "set them by hand in what is generated, if they matter there",
    ),
}
"""For everything that can be set in a pipeline, by the name of its feature."""
