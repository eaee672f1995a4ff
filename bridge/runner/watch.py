"""Who is told what happens in a run."""

from __future__ import annotations

from bridge.record import StepRun

__all__ = ["Watch"]


class Watch:
    """Is told what happens, by several threads at once; of this one nobody hears anything."""

    def began(self, name: str) -> None:
        """A step has begun."""

    def ended(self, step: StepRun) -> None:
        """A step has ended."""

    def wrote(self, name: str, log: tuple[str, int, int]) -> None:
        """An attempt has written something: the file, its first and its last byte."""

    def expects(self, name: str, count: int) -> None:
        """A map has so many items."""

    def advanced(self, name: str) -> None:
        """One more item of a map has ended."""
