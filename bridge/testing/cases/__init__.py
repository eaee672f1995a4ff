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

from bridge.testing.cases import failing, structure, values, work  # noqa: E402
from bridge.testing.cases.case import Case, together  # noqa: E402

__all__ = ["FAILING", "PASSING", "Case", "together"]

PASSING: list[Case] = [*values.CASES, *structure.CASES, *work.CASES]
FAILING: list[Case] = failing.CASES
