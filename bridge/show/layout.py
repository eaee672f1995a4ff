"""Where the boxes of a drawing stand: layers from the order, frames around what is inside.

All lengths are in pixels. A group is laid out from its edges: a box stands in the layer below all
that end before it, boxes of a layer are put in the order that crosses fewest arrows, and then as
near to what they are linked with as the others allow.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from bridge.show.outline import Box, Group

__all__ = ["Frame", "Place", "Plan", "plan"]

GAP = 24  # between boxes of a layer, and between frames
DROP = 36  # between layers: room for an arrow
PAD = 16  # inside a frame
HEADER = 30  # of a frame: its title
_ROUNDS = 6

Size = tuple[float, float]
Measure = Callable[[Box], Size]
Point = tuple[float, float]


@dataclass
class Place:
    """A box with its corner, its size and its frames; ``x`` and ``y`` count from its group's."""

    box: Box
    width: float
    height: float
    frames: list[Frame] = field(default_factory=list)
    failure: Frame | None = None
    x: float = 0.0
    y: float = 0.0

    @property
    def middle(self) -> float:
        """Where arrows come in and go out."""
        return self.x + self.width / 2

    @property
    def extent(self) -> Size:
        """The room it takes to the left and to the right of its middle."""
        aside = GAP + self.failure.width if self.failure else 0.0
        return self.width / 2, self.width / 2 + aside

    @property
    def depth(self) -> float:
        """The room it takes downwards."""
        return max(self.height, self.failure.height if self.failure else 0.0)


@dataclass
class Frame:
    """A pipeline inside a box, with its corner counted from the box's."""

    label: str
    plan: Plan
    x: float = 0.0
    y: float = 0.0

    @property
    def width(self) -> float:
        """Its width with the padding."""
        return self.plan.width + (2 * PAD if self.label else 0)

    @property
    def height(self) -> float:
        """Its height with padding and title."""
        return self.plan.height + (PAD + HEADER if self.label else 0)


@dataclass
class Plan:
    """A group laid out; ``arrows`` are the points each passes, layer by layer."""

    places: list[Place]
    arrows: list[tuple[int, int, list[Point]]]
    width: float
    height: float


def plan(group: Group, measure: Measure) -> Plan:
    """Lay out a group; ``measure`` tells the size of a box without what is inside it."""
    places = [_place(box, measure) for box in group.boxes]
    return _Layers(places, group.edges).plan()


def _place(box: Box, measure: Measure) -> Place:
    width, height = measure(box)
    place = Place(box, width, height)
    if box.groups:
        x, y = float(PAD), height
        for group in box.groups:
            frame = Frame(group.label, plan(group, measure), x, y)
            place.frames.append(frame)
            x += frame.width + GAP
        inside = x - GAP - PAD
        place.width = max(width, inside + 2 * PAD)
        place.height = height + max(frame.height for frame in place.frames) + PAD
        for frame in place.frames:
            frame.x += (place.width - 2 * PAD - inside) / 2
    if box.failure:
        found = plan(box.failure, measure)
        place.failure = Frame(box.failure.label, found, place.width + GAP, 0.0)
    return place


class _Layers:
    """The boxes by layer, with a bend in every layer that an arrow passes.

    A thing in a layer is a number: that of a box, or one beyond for a bend.
    """

    def __init__(self, places: list[Place], edges: Sequence[tuple[int, int]]) -> None:
        self._places = places
        self._level = _levels(len(places), edges)
        if places[-1].box.kind == "failure":
            self._level[-1] = max(self._level) + 1
        self._layers: list[list[int]] = [[] for _ in range(max(self._level) + 1)]
        for thing, level in enumerate(self._level):
            self._layers[level].append(thing)
        self._bends: dict[int, list[int]] = {}
        self._chains = [self._chain(start, end) for start, end in edges]
        self._above: list[list[int]] = [[] for _ in self._level]
        self._below: list[list[int]] = [[] for _ in self._level]
        for chain in self._chains:
            for upper, lower in pairwise(chain):
                self._above[lower].append(upper)
                self._below[upper].append(lower)

    def _chain(self, start: int, end: int) -> list[int]:
        chain = [start]
        for level in range(self._level[start] + 1, self._level[end]):
            chain.append(len(self._level))
            self._layers[level].append(len(self._level))
            self._level.append(level)
        self._bends |= dict.fromkeys(chain[1:], chain[1:])
        return [*chain, end]

    def plan(self) -> Plan:
        """Put everything in its place."""
        self._uncross()
        middles = self._spread()
        tops, bottoms = self._heights()
        left = min(m - self._extent(t)[0] for t, m in enumerate(middles))
        right = max(m + self._extent(t)[1] for t, m in enumerate(middles))
        for i, place in enumerate(self._places):
            place.x = middles[i] - place.width / 2 - left
            place.y = tops[self._level[i]]
        arrows = [
            (chain[0], chain[-1], self._points(chain, middles, left, tops, bottoms))
            for chain in self._chains
        ]
        return Plan(self._places, arrows, right - left, bottoms[-1])

    def _points(
        self,
        chain: list[int],
        middles: list[float],
        left: float,
        tops: list[float],
        bottoms: list[float],
    ) -> list[Point]:
        first = self._places[chain[0]]
        points = [(middles[chain[0]] - left, first.y + first.height)]
        points.append((points[0][0], bottoms[self._level[chain[0]]]))
        for thing in chain[1:]:
            x, level = middles[thing] - left, self._level[thing]
            points += [(x, tops[level]), (x, bottoms[level])]
        return points[:-1]

    def _extent(self, thing: int) -> Size:
        return self._places[thing].extent if thing < len(self._places) else (0.0, 0.0)

    def _heights(self) -> tuple[list[float], list[float]]:
        tops, bottoms, y = [], [], 0.0
        for layer in self._layers:
            boxes = [self._places[thing] for thing in layer if thing < len(self._places)]
            tops.append(y)
            bottoms.append(y + max(place.depth for place in boxes))
            y = bottoms[-1] + DROP + 4 * math.sqrt(len(layer) - 1)
        return tops, bottoms

    def _uncross(self) -> None:
        """Order each layer by where its neighbours stand, to and fro."""
        position = [0] * len(self._level)
        for layer in self._layers:
            _number(layer, position)
        for near, layers in self._sweeps():
            for layer in layers:
                layer.sort(key=lambda t: _mean([position[n] for n in near[t]], position[t]))
                _number(layer, position)

    def _sweeps(self) -> Iterator[tuple[list[list[int]], list[list[int]]]]:
        """Down and up again: which neighbours to look at, and the layers in that order."""
        for _ in range(_ROUNDS):
            yield self._above, self._layers
            yield self._below, self._layers[::-1]

    def _spread(self) -> list[float]:
        """The middle of everything: near its neighbours, and clear of those beside it."""
        middles = [0.0] * len(self._level)
        for layer in self._layers:
            self._apart(layer, middles, dict.fromkeys(layer, 0.0))
        near = [above + below for above, below in zip(self._above, self._below, strict=True)]
        for found, layers in [*self._sweeps(), *((near, layers) for _, layers in self._sweeps())]:
            for layer in layers:
                wanted = {t: self._pulled(t, found[t], middles) for t in layer}
                self._apart(layer, middles, wanted)
        return middles

    def _pulled(self, thing: int, near: list[int], middles: list[float]) -> float:
        """Where its neighbours pull a thing; the bends of one arrow are to be in line."""
        together = self._bends.get(thing, [])
        return _mean([middles[n] for n in [*near, *together, *together]], middles[thing])

    def _apart(self, layer: list[int], middles: list[float], wanted: dict[int, float]) -> None:
        """Put a layer where it wants to be as far as nothing overlaps (least squares)."""
        offset, blocks = 0.0, []
        previous = None
        for thing in layer:
            if previous is not None:
                offset += self._extent(previous)[1] + GAP + self._extent(thing)[0]
            previous = thing
            blocks.append(([(thing, offset)], wanted[thing] - offset))
            while len(blocks) > 1 and blocks[-2][1] > blocks[-1][1]:
                (last, b), (first, a) = blocks.pop(), blocks.pop()
                mean = (a * len(first) + b * len(last)) / (len(first) + len(last))
                first += last
                blocks.append((first, mean))
        for block, start in blocks:
            for thing, shift in block:
                middles[thing] = start + shift


def _mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _number(layer: list[int], position: list[int]) -> None:
    for i, thing in enumerate(layer):
        position[thing] = i


def _levels(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """The layer of each box; boxes stand in an order in which each edge goes forward."""
    before: list[list[int]] = [[] for _ in range(count)]
    for start, end in edges:
        before[end].append(start)
    levels: list[int] = []
    for earlier in before:
        levels.append(max((levels[e] for e in earlier), default=-1) + 1)
    return levels
