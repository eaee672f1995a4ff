"""``np_save.py frame MEGABYTES``: the least that a frame costs on its way to another process.

One process saves as many numbers in an array; the other, which waits for that, maps and sums them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy
from case import begin, end, expect


def read(ready: int, count: int) -> None:
    os.read(ready, 1)
    total = float(numpy.load("array.npy", mmap_mode="r").sum())
    end()
    expect(total, float(count))


def main() -> None:
    count = int(sys.argv[2]) * 1_000_000 // 8
    ready, saved = os.pipe()
    child = os.fork()
    if not child:
        read(ready, count)
        return
    array = numpy.ones(count)
    begin()
    numpy.save("array.npy", array)
    os.write(saved, b".")
    _, status = os.waitpid(child, 0)
    Path("array.npy").unlink()
    sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
