"""From code that ``bridge.emit`` has written back to the steps that it was written for.

What is given back is a guess by the form of the code, which leaves aside what does not tell steps
from one another. Whoever asks writes the guess again and compares: what a person has changed since
gives another text, and is then read like any other code.
"""

from __future__ import annotations

from bridge.recover.flows import Recovered, recover
from bridge.recover.remarks import Remarks, remarks
from bridge.recover.source import UnlikeError, imported, is_unit, parse
from bridge.recover.tasks import Known, known, recover_task
from bridge.recover.values import Resolve

__all__ = [
    "Known",
    "Recovered",
    "Remarks",
    "Resolve",
    "UnlikeError",
    "imported",
    "is_unit",
    "known",
    "parse",
    "recover",
    "recover_task",
    "remarks",
]
