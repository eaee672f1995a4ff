"""``runnable_chain.py N``: a chain of N tasks on runnable's local executor, as it comes."""

from __future__ import annotations

import sys

import work
from runnable import Pipeline, PythonTask


def main() -> None:
    length = int(sys.argv[1])
    steps = [PythonTask(function=work.first, name="task0", returns=["x"])]
    for i in range(1, length):
        steps.append(PythonTask(function=work.following, name=f"task{i}", returns=["x"]))
    Pipeline(steps=steps).execute()


if __name__ == "__main__":
    main()
