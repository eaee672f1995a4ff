"""``bridge_chain.py N``: a chain of N tasks on bridge's local engine.

As a source of ``bridge run`` the length comes from BENCH_LENGTH. With ``--inside`` the runs alone
are timed, several in this process, and told as JSON.
"""

from __future__ import annotations

import os
import sys

import work

from bridge import Pipeline, PythonTask


def chain(length: int) -> Pipeline:
    steps = [PythonTask(function=work.first, name="task_0", returns=["x"])]
    for i in range(1, length):
        steps.append(PythonTask(function=work.following, name=f"task_{i}", returns=["x"]))
    return Pipeline(steps)


def main() -> None:
    length = int(sys.argv[1])
    pipeline = chain(length)
    if "--inside" in sys.argv:
        from inside import tell

        tell(pipeline.execute)
    else:
        assert pipeline.execute()["x"] == length - 1


if __name__ == "__main__":
    main()
else:
    pipeline = chain(int(os.environ.get("BENCH_LENGTH", "1")))
