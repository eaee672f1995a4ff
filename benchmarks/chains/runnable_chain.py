"""``runnable_chain.py N``: a chain of N tasks on runnable's local executor, as it comes."""

from __future__ import annotations

import sys

import work
from runnable import Pipeline, PythonTask


def main() -> None:
    length = int(sys.argv[1])
    functions = [work.first] + [work.following] * (length - 1)
    steps = [
        PythonTask(function=f, name=f"task{i}", returns=["x"]) for i, f in enumerate(functions)
    ]
    Pipeline(steps=steps).execute()


if __name__ == "__main__":
    main()
