import math
from dataclasses import dataclass

from common_steps import CommonSteps
from metaflow import FlowSpec, Parameter, current, step

LIMIT = 10


@dataclass
class Point:
    x: int
    y: int = 0


def shifted(point, by=LIMIT):
    """The point, moved."""
    return Point(point.x + by, point.y)


def grow(points):
    points.append(Point(len(points)))


class MethodsFlow(CommonSteps, FlowSpec):
    """Methods, properties, constants, and classes that it builds on."""

    STEP_WIDTH = 2
    NAMES = ("a", "b")
    name_of_it = Parameter("name-of-it", default="it")

    @property
    def width(self):
        # twice the width
        return self.STEP_WIDTH * 2 * self.factor

    @staticmethod
    def rounded(value, digits=0):
        return round(value, digits)

    def described(self, point, *, sep=", "):
        """The point as text."""
        return f"{self.name_of_it}: {point.x}{sep}{point.y} ({self.width})"

    def remember(self, what):
        self.seen.append(what)
        self.last = what

    @step
    def start(self):
        self.factor = 5
        self.points = [Point(1), Point(2, 3)]
        grow(self.points)
        self.seen = []
        self.next(self.work)

    @step
    def work(self):
        """Use all of them."""
        for point in self.points:
            self.remember(self.described(point, sep="; "))
        max = self.rounded(math.pi * self.width, 2)
        self.max = max
        self.moved = [shifted(p) for p in self.points]
        self.run_is_told = len(current.run_id) > 0 and current.retry_count == 0
        self.step_is = current.step_name + "/" + current.flow_name
        self.next(self.common)

    @step
    def end(self):
        """Nothing is done here."""


if __name__ == "__main__":
    MethodsFlow()
