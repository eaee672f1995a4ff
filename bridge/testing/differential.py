"""The differential test of an adapter: random programs give the same record here and there.

An adapter's whole test::

    from bridge.testing.differential import Differential

    class TestFancyDifferential(Differential):
        engine = "fancy"
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from bridge.testing.agreement import lacking, sample
from bridge.testing.fuzz import Fuzz

__all__ = ["Differential"]


class Differential:
    """Subclass it and name the ``engine``; the test comes with it.

    ``count`` programs run side by side in one run of the engine; another ``seed`` gives others.
    """

    engine: ClassVar[str]
    count: ClassVar[int] = 8
    seed: ClassVar[int] = 0

    def test_random_programs_agree(self, tmp_path: Path) -> None:
        """The programs give the record that they give here; what differs is told as Python."""
        programs = sample(self.count, self.seed, lacking(self.engine), fails=False)
        told: list[str] = []
        Fuzz(self.engine, tmp_path, told.append).run(programs, batch=self.count)
        assert not told, "\n\n".join(told)
