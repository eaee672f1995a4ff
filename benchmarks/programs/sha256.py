"""``sha256.py``: the least that hashing the files below BENCH_FILES costs, one after another."""

from __future__ import annotations

import hashlib
import os

from case import begin, end


def main() -> None:
    buffer = bytearray(1 << 20)
    view = memoryview(buffer)
    begin()
    for folder, _, names in os.walk(os.environ["BENCH_FILES"]):
        for name in names:
            found = hashlib.sha256()
            with open(f"{folder}/{name}", "rb", buffering=0) as file:  # noqa: PTH123 - the least
                while count := file.readinto(buffer):
                    found.update(view[:count])
            found.hexdigest()
    end()


if __name__ == "__main__":
    main()
