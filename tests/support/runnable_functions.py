"""Functions of pipelines as users of the ``runnable`` SDK write them."""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any


def total(*values: int) -> int:
    return sum(values)


def count(values: list[int]) -> int:
    return len(values)


def tenfold(chunk: int) -> int:
    return 10 * chunk


def same(chunk: Any) -> Any:
    return chunk


def boxed(chunk: int) -> set[int]:
    return {chunk}


def unboxed(box: list[set[int]]) -> list[int]:
    return [item for one in box for item in one]


def chunks() -> list[int]:
    return [1, 2]


def copy(p: str) -> str:
    """Its name ends in a letter that used to be cut off."""
    return p


def fail() -> None:
    raise RuntimeError("as it was meant to")


def succeed_when_told(x: int) -> int:
    if "BROKEN" in os.environ:
        raise RuntimeError("broken")
    return x + 1


def note_call() -> int:
    with Path("calls.txt").open("a") as file:
        file.write("x")
    return 1


def attributes(first: int, others: argparse.Namespace) -> dict[str, Any]:
    return vars(others)


def attributes_beside_others(given: argparse.Namespace, **others: int) -> list[Any]:
    return [given, others]


async def fetched(x: int = 1) -> int:
    await asyncio.sleep(0)
    return x + 1


async def events(x: int) -> AsyncIterator[dict[str, Any]]:
    yield {"type": "status", "status": "thinking"}
    yield {"type": "done", "low": x, "high": x + 1}
    yield {"type": "status", "status": "over"}


async def complete(x: int) -> AsyncIterator[dict[str, Any]]:
    yield {"type": "chunk", "text": "a"}
    yield {"type": "complete", "text": f"all {x}"}


async def numbers() -> AsyncIterator[int]:
    for number in range(3):
        yield number


async def stumble() -> AsyncIterator[dict[str, Any]]:
    yield {"type": "status"}
    raise RuntimeError("stumbled")
