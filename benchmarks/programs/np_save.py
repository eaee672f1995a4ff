"""``np_save.py frame MEGABYTES``: the least that a frame costs on its way to another process.

One process saves the values of it, the other, which waits for that, maps and sums them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import frames
import numpy
from case import end, expect


def read(ready: int) -> None:
    os.read(ready, 1)
    found = numpy.load("array.npy", mmap_mode="r")
    total = float(found.sum())
    end()
    expect(total, float(len(found) * sum(range(frames.COLUMNS))))


def main() -> None:
    ready, saved = os.pipe()
    child = os.fork()
    if not child:
        read(ready)
        return
    numpy.save("array.npy", frames.make_frame(int(sys.argv[2])).to_numpy())
    os.write(saved, b".")
    _, status = os.waitpid(child, 0)
    Path("array.npy").unlink()
    sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
