"""The report of a run: tables for the terminal and for the README, and what was met."""

from __future__ import annotations

import os
import platform
import re
import sys
import time
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from figures import Figures
from peers import PEERS

__all__ = ["machine", "markdown", "summary", "text", "write"]

_BEGIN, _END = "<!-- measured -->", "<!-- /measured -->"


def machine() -> dict[str, Any]:
    """When and where, and what was measured."""
    return {
        "date": time.strftime("%-d %B %Y, %H:%M"),
        "cores": os.cpu_count(),
        "processor": _processor(),
        "load": [round(load, 1) for load in os.getloadavg()],
        "python": platform.python_version(),
        "bridge": version("bridge-core"),
        **{name: pins.partition("==")[2].split()[0] for name, pins in PEERS.items()},
    }


def _processor() -> str:
    listed = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.*)", listed.read_text()) if listed.exists() else None
    return found[1] if found else platform.machine()


def text(figures: Figures) -> str:
    """A table in columns, and below it those that gave no figure."""
    cells = [list(figures.HEADS), *figures.cells()]
    widths = [max(len(line[i]) for line in cells) for i in range(len(figures.HEADS))]
    lines = [figures.title]
    for line in cells:
        first, *numbers, target, met = line
        columns = [f"{first:{widths[0]}}"]
        columns += [f"{n:>{w}}" for n, w in zip(numbers, widths[1:-2], strict=True)]
        lines.append("  ".join([*columns, f"{target:{widths[-2]}}", met]).rstrip())
    return "\n".join([*lines, *(f"  without a figure: {why}" for why in figures.failures()), ""])


def markdown(figures: Figures) -> str:
    """The same for a page."""
    rule = ["---", *["---:"] * 8, "---", "---"]
    lines = [list(figures.HEADS), rule, *figures.cells()]
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    failures = "".join(f"\n- without a figure: {_plain(why)}" for why in figures.failures())
    return f"### {figures.title}\n\n{table}\n" + (f"{failures}\n" if failures else "")


def _plain(why: str) -> str:
    return "`" + why.replace("`", "'")[:200] + "`"


def summary(found: Iterable[Figures]) -> list[str]:
    """How many targets are met, and each that is not."""
    judged = [verdict for figures in found for verdict in figures.judged()]
    missed = [told for told, is_met in judged if not is_met]
    return [f"{len(judged) - len(missed)} of {len(judged)} targets met", *missed]


def write(page: Path, found: Sequence[Figures], where: dict[str, Any], command: str) -> None:
    """Put the tables between the two marks of a page, in place of those that stand there."""
    before, _, rest = page.read_text(encoding="utf-8").partition(_BEGIN)
    _, mark, after = rest.partition(_END)
    if not mark:
        sys.exit(f"{page} has no place for the figures: {_BEGIN} and {_END}")
    met, *missed = summary(found)
    told = ", ".join(f"{name} {where[name]}" for name in ("python", "bridge", *PEERS))
    loads = " ".join(map(str, where["load"]))
    lines = [
        f"`{command}`, {where['date']}: {where['cores']} cores of {where['processor']}; "
        f"load at the beginning {loads}. {told}.",
        f"**{met}.**" + (" Not met:" if missed else ""),
        "\n".join(f"- {line}" for line in missed),
        *map(markdown, found),
    ]
    body = "\n\n".join(line.strip("\n") for line in lines if line)
    page.write_text(f"{before}{_BEGIN}\n{body}\n{_END}{after}", encoding="utf-8")
