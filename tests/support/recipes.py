"""A recipe, as a project that the fake adapter reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

KITCHEN = '''\
"""What is done by hand."""

import tools


class Dough:
    """Something that is no JSON."""

    def __init__(self, weight):
        self.weight = weight

    def __eq__(self, other):
        return self.weight == other.weight


def weigh(grams: int) -> int:
    """How much there is."""
    return tools.rounded(grams)


def knead(weight, salt):
    return Dough(weight + salt)  # by hand


def bake(dough) -> str:
    with open("oven.txt") as oven:
        return f"{dough.weight} g at {oven.read().strip()}"
'''
TOOLS = "def rounded(grams):\n    return grams // 10 * 10\n"
BREAD: dict[str, Any] = {
    "values": {"flour": 512},
    "steps": [
        {"call": "kitchen:weigh", "with": {"grams": "flour"}, "gives": "weight"},
        {"name": "twice", "do": "double = weight * 2", "gives": "double"},
        {
            "call": "kitchen:knead",
            "with": {"weight": "double", "salt": {"value": 20}},
            "gives": "dough",
            "object": True,
        },
        {"call": "kitchen:bake", "gives": "bread", "tries": 2},
    ],
}


def project(folder: Path, recipe: dict[str, Any] | None = None, **files: str) -> Path:
    """The recipe, and what it needs, in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"name": "bread", **(recipe or BREAD)}, indent=1)
    (folder / "recipe.json").write_text(text)
    own = {"kitchen": KITCHEN, "tools": TOOLS, **files}
    for name, code in own.items():
        (folder / f"{name}.py").write_text(code)
    (folder / "oven.txt").write_text("200 degrees\n")
    return folder
