"""A DataFrame of a given size, from one task to another.

The run is what lies between the end of the task that makes it and the sum over all its values.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy
import pandas
from case import begin, end, expect

COLUMNS = 8


def make_frame(megabytes: int) -> pandas.DataFrame:
    height = megabytes * 1_000_000 // (8 * COLUMNS)
    columns = {f"c{i}": numpy.full(height, float(i)) for i in range(COLUMNS)}
    frame = pandas.DataFrame(columns)
    begin()
    return frame


def sum_frame(frame: pandas.DataFrame) -> float:
    found = float(sum(frame[name].to_numpy().sum() for name in frame))
    end()
    expect(found, float(len(frame) * sum(range(COLUMNS))))
    return found


# For engines that give one process several tasks in turn


def make_frame_here(megabytes: int) -> tuple[pandas.DataFrame, int]:
    return make_frame(megabytes), os.getpid()


def hold(maker: int, ended: str) -> None:
    """Keep the process of the task that made the frame busy until the other has its sum."""
    if os.getpid() != maker:
        raise RuntimeError("this task was meant for the process that has made the frame")
    while not Path(ended).exists():
        time.sleep(0.05)


def sum_frame_elsewhere(frame: pandas.DataFrame, maker: int, ended: str) -> float:
    if os.getpid() == maker:
        raise RuntimeError("the frame has not left the process that made it")
    found = sum_frame(frame)
    Path(ended).touch()
    return found
