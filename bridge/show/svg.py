"""A pipeline as a drawing of its own: boxes for tasks, frames around composites, arrows.

It stands alone and follows the page it is on from light to dark.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from unicodedata import east_asian_width

from bridge.flow import Flow
from bridge.model import Pipeline
from bridge.show.layout import HEADER, PAD, Frame, Place, Plan, Point, Size, plan
from bridge.show.outline import Box, Outline, outline, plain

__all__ = ["STYLE", "draw", "render"]

_LIGHT = {
    "python": "#2f6fd0",
    "notebook": "#d9741a",
    "shell": "#22895a",
    "stub": "#7d8590",
    "foreign": "#8a5a2b",
    "parallel": "#7a5ad6",
    "map": "#0d8a9e",
    "conditional": "#b0830b",
    "loop": "#c2478f",
    "failure": "#d1383d",
}
_DARK = {
    "python": "#6ea8fe",
    "notebook": "#f0a05a",
    "shell": "#56c48d",
    "stub": "#8b949e",
    "foreign": "#c99a6b",
    "parallel": "#a78bfa",
    "map": "#4cc3d6",
    "conditional": "#dcb042",
    "loop": "#ea7fbd",
    "failure": "#f27a7e",
}


def _colours(colours: dict[str, str]) -> str:
    return "".join(f".bridge-flow .{kind}{{color:{found}}}" for kind, found in colours.items())


STYLE = f"""\
.bridge-flow{{font:13px ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}}
.bridge-flow text{{fill:#59636e}}
.bridge-flow .card{{fill:#fff;stroke:#d0d7de}}
.bridge-flow .stub>.card{{stroke-dasharray:4 3}}
.bridge-flow .bar{{fill:currentColor}}
.bridge-flow .frame{{fill:currentColor;fill-opacity:.07;stroke:currentColor;stroke-opacity:.5}}
.bridge-flow .inner{{fill:none;stroke:currentColor;stroke-opacity:.35;stroke-dasharray:2 3}}
.bridge-flow .name{{fill:#1f2328;font-weight:600}}
.bridge-flow .kind,.bridge-flow .title{{fill:currentColor;font-size:11px}}
.bridge-flow .title{{font-size:13px;font-weight:600}}
.bridge-flow .title .kind{{font-weight:400}}
.bridge-flow .word{{fill:#818b98;font-size:10px}}
.bridge-flow .code{{font:11px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}}
.bridge-flow .arrow{{fill:none;stroke:#8c959f;stroke-width:1.4}}
.bridge-flow .tip{{fill:#8c959f}}
{_colours(_LIGHT)}
@media(prefers-color-scheme:dark){{
.bridge-flow text{{fill:#9198a1}}
.bridge-flow .card{{fill:#161b22;stroke:#3d444d}}
.bridge-flow .name{{fill:#e6edf3}}
{_colours(_DARK)}
}}"""

_NAME, _CODE = 7.6, 6.7  # the width of a letter
_NARROW, _WIDE = 170.0, 284.0  # of a box
_INSET = 14.0  # of text in a box
_WORDS = 44.0  # the column of the words reads, returns, gets, puts
_MARGIN = 12.0


def render(what: Pipeline | Flow) -> str:
    """The drawing as an SVG file."""
    return draw(outline(what)) + "\n"


def draw(found: Outline) -> str:
    """The drawing as an ``svg`` element."""
    sizes = _Sizes(found.boxes())
    laid = plan(found.group, sizes.of)
    width, height = laid.width + 2 * _MARGIN, laid.height + 2 * _MARGIN
    about = "; ".join([f"pipeline {plain(found.pipeline.name)}", *found.problems])
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" class="bridge-flow" role="img" '
            f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}">',
            f"<title>{_text(about)}</title>",
            f"<style>{STYLE}</style>",
            '<defs><marker id="bridge-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
            'markerHeight="7" orient="auto"><path class="tip" d="M0 0 8 4 0 8 2 4z"/></marker>'
            "</defs>",
            *_plan(laid, _MARGIN, _MARGIN),
            "</svg>",
        ]
    )


class _Sizes:
    """The sizes of boxes; all tasks of a drawing are equally wide."""

    def __init__(self, boxes: Iterable[Box]) -> None:
        needed = max(map(_needed, boxes))
        self._width = min(max(needed, _NARROW), _WIDE)

    def of(self, box: Box) -> Size:
        """Width and height of a box, of a composite only its title's."""
        if box.groups:
            title = _length(f"{box.name}  ", _NAME) + _length(_about(box), _CODE) + 2 * PAD
            return min(title, 2 * _WIDE), float(HEADER)
        return self._width, 34.0 + (17 if box.what else 0) + 16 * len(box.facts())


def _needed(box: Box) -> float:
    if box.groups:
        return 0.0
    facts = [_WORDS + _length(", ".join(texts), _CODE) for texts in box.facts().values()]
    name = _length(f"{box.name}  {box.kind}", _NAME)
    return 2 * _INSET + max(name, _length(plain(box.what), _CODE), *facts, 0)


def _plan(laid: Plan, x: float, y: float) -> Iterator[str]:
    for _, _, points in laid.arrows:
        yield _arrow([(x + a, y + b) for a, b in points])
    for place in laid.places:
        yield from _place(place, x + place.x, y + place.y)


def _place(place: Place, x: float, y: float) -> Iterator[str]:
    box = place.box
    yield f'<g class="{box.kind}"><title>{_text(_tooltip(box))}</title>'
    if box.groups:
        yield _rectangle("frame", x, y, place.width, place.height, 12)
        yield _heading(box, x + PAD, y + 20, place.width - 2 * PAD)
    else:
        yield from _card(place, x, y)
    yield "</g>"
    for frame in place.frames:
        yield from _frame(frame, box.kind, "inner", x, y)
    if place.failure:
        yield from _frame(place.failure, "failure", "frame", x, y)
        right = x + place.width
        start, end = (right, y + HEADER / 2), (x + place.failure.x, y + HEADER / 2)
        yield _arrow([start, end], ' stroke-dasharray="3 3"')


def _card(place: Place, x: float, y: float) -> Iterator[str]:
    box, room = place.box, place.width - 2 * _INSET
    yield _rectangle("card", x, y, place.width, place.height, 8)
    yield (
        f'<path class="bar" d="M{x + 5:.1f} {y:.1f}h-1a4 4 0 0 0-4 4v{place.height - 8:.1f}'
        'a4 4 0 0 0 4 4h1z"/>'
    )
    kind = _length(box.kind, _CODE)
    yield _line("name", x + _INSET, y + 22, _fit(plain(box.name), room - kind - 8, _NAME))
    yield _line("kind", x + place.width - 10, y + 22, box.kind, ' text-anchor="end"')
    y += 22
    if box.what:
        y += 17
        yield _line("code", x + _INSET, y, _fit(plain(box.what), room, _CODE))
    for word, texts in box.facts().items():
        y += 16
        yield _line("word", x + _INSET, y, word)
        listed = _fit(", ".join(texts), room - _WORDS, _CODE)
        yield _line("code", x + _INSET + _WORDS, y, listed)


def _frame(frame: Frame, kind: str, shape: str, x: float, y: float) -> Iterator[str]:
    x, y = x + frame.x, y + frame.y
    if not frame.label:
        yield from _plan(frame.plan, x, y)
        return
    label = _fit(plain(frame.label), frame.width - PAD, _NAME)
    yield f'<g class="{kind}"><title>{_text(plain(frame.label))}</title>'
    yield _rectangle(shape, x, y, frame.width, frame.height, 8)
    yield _line("kind", x + PAD, y + 19, label) + "</g>"
    yield from _plan(frame.plan, x + PAD, y + HEADER)


def _heading(box: Box, x: float, y: float, room: float) -> str:
    """The name of a composite in bold, what it is behind it."""
    name = _fit(plain(box.name), room, _NAME)
    about = _fit(_about(box), room - _length(f"{name} ", _NAME), _CODE)
    found = _line("title", x, y, name).removesuffix("</text>")
    return f'{found}<tspan class="kind" dx="8">{_text(about)}</tspan></text>'


def _about(box: Box) -> str:
    return plain(box.what if box.kind == "failure" else f"{box.kind} {box.what}".strip())


def _tooltip(box: Box) -> str:
    lines = [plain(f"{box.path}: {box.kind} {box.what}".strip())]
    lines += [f"{word}: {', '.join(texts)}" for word, texts in box.details().items()]
    return "\n".join(lines)


def _arrow(points: list[Point], more: str = "") -> str:
    """A line that is straight beside boxes and bends between layers."""
    (x, y), *rest = points
    path = f"M{x:.1f} {y:.1f}"
    for i, (a, b) in enumerate(rest):
        half = (y + b) / 2
        bends = i % 2 == 1 and abs(a - x) > 0.5
        path += f"C{x:.1f} {half:.1f} {a:.1f} {half:.1f} " if bends else "L"
        path += f"{a:.1f} {b:.1f}"
        x, y = a, b
    return f'<path class="arrow" d="{path}" marker-end="url(#bridge-tip)"{more}/>'


def _rectangle(kind: str, x: float, y: float, width: float, height: float, round: int) -> str:
    return (
        f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" '
        f'height="{height:.1f}" rx="{round}"/>'
    )


def _line(kind: str, x: float, y: float, text: str, more: str = "") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}"{more}>{_text(text)}</text>'


def _text(text: str) -> str:
    return escape(text, quote=True)


def _length(text: str, letter: float) -> float:
    """About how wide a text is; an East Asian letter or a picture takes two."""
    return sum(letter * (1 + (east_asian_width(c) in "WF")) for c in text)


def _fit(text: str, width: float, letter: float) -> str:
    """As much of a text as fits."""
    if _length(text, letter) <= width:
        return text
    while text and _length(text, letter) > width - letter:
        text = text[:-1]
    return f"{text.rstrip()}…"
