"""``runnable_chain.py N``: a chain of N tasks on runnable's local executor, as it comes.

runnable calls ``main`` a second time, for the pipeline that it returns.
"""

from __future__ import annotations

import sys

import work
from runnable import Pipeline, PythonTask


def main() -> Pipeline:
    length = int(sys.argv[1])
    functions = [work.first] + [work.following] * (length - 1)
    steps = [
        PythonTask(function=f, name=f"task{i}", returns=["x"]) for i, f in enumerate(functions)
    ]
    pipeline = Pipeline(steps=steps)
    pipeline.execute()
    return pipeline


if __name__ == "__main__":
    main()
