"""What can go wrong, as one tree.

::

    BridgeError
    ├── UsageError              a call that cannot be carried out as it was given
    │   ├── SourceError         no pipeline could be loaded from the source
    │   ├── ModelError          a pipeline that contradicts itself; lists every problem found
    │   └── AdapterError        an adapter that is unknown, broken, or cannot do what was asked
    ├── TranslationError        a target cannot carry the pipeline; nothing was written
    └── RunError                a run that could not be carried out
        └── StepError           a step that failed, with its attempt and the user's exception

The command line exits with ``exit_code``: 2 for usage and refused translations, 1 for runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from bridge.record import Run

__all__ = [
    "AdapterError",
    "BridgeError",
    "ModelError",
    "Problem",
    "RunError",
    "SourceError",
    "StepError",
    "TranslationError",
    "UsageError",
    "Where",
]


class Where(NamedTuple):
    """A place in a source file; ``line`` counts from 1, 0 means the file as a whole."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


class Problem(NamedTuple):
    """One thing that is wrong with a pipeline, in a sentence, and where it was written."""

    message: str
    where: Where | None = None

    def __str__(self) -> str:
        return f"{self.message} ({self.where})" if self.where else self.message


class BridgeError(Exception):
    """Anything that bridge refuses or fails to do; its text is meant for the user."""

    exit_code = 1


class UsageError(BridgeError):
    """A call that cannot be carried out as it was given."""

    exit_code = 2


class SourceError(UsageError):
    """A source from which no pipeline can be loaded."""


class ModelError(UsageError):
    """A pipeline that contradicts itself; ``problems`` lists all that was found at once."""

    def __init__(self, problems: Sequence[Problem] | str, where: Where | None = None) -> None:
        found = [Problem(problems, where)] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(map(str, found)))
        self.problems = found


class AdapterError(UsageError):
    """An adapter that is unknown, cannot be loaded, or cannot do what was asked of it."""


class TranslationError(BridgeError):
    """A refused translation; ``report``, a ``findings.Report``, tells all; nothing was written."""

    exit_code = 2

    def __init__(self, message: str, report: Any) -> None:
        super().__init__(message)
        self.report = report


class RunError(BridgeError):
    """A run that could not be carried out."""


class StepError(RunError):
    """A step that failed: which, at what attempt, with what exception of the user's code."""

    def __init__(self, step: str, attempt: int, kind: str, text: str) -> None:
        super().__init__(f"step '{step}' failed at attempt {attempt}: {kind}: {text}")
        self.step, self.attempt, self.kind, self.text = step, attempt, kind, text
        self.run: Run | None = None
