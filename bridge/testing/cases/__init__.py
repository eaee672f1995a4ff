"""What a pipeline means, as small pipelines with the record that every engine must give.

Each case that succeeds sets names of its own, so that many can run side by side as the branches
of one pipeline: an engine that takes seconds to start is started once for all of them. A case
that fails has a run to itself.
"""

from __future__ import annotations

import sys
from pathlib import Path

# The cases' functions are plain modules, as a user's are; they are found by their own name.
_CODE = str(Path(__file__).parent.parent / "code")
if _CODE not in sys.path:
    sys.path.append(_CODE)

from bridge.testing.cases import (  # noqa: E402
    around,
    conditionals,
    failing,
    handled,
    handled_whole,
    loops,
    map_work,
    maps,
    policies,
    stored,
    structure,
    values,
    work,
)
from bridge.testing.cases.case import Case, Ends, together  # noqa: E402

__all__ = ["CARRIED", "FAILING", "PASSING", "Case", "Ends", "together"]

_CONSTRUCTS = (
    maps,
    map_work,
    conditionals,
    loops,
    handled,
    handled_whole,
    policies,
    stored,
    around,
)
PASSING: list[Case] = [
    case for part in (values, structure, work, *_CONSTRUCTS) for case in part.CASES
]
FAILING: list[Case] = failing.CASES
CARRIED = failing.CARRIED
