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
    functions = [work.first] + [work.following] * (length - 1)
    return Pipeline(
        [PythonTask(function=f, name=f"task{i}", returns=["x"]) for i, f in enumerate(functions)]
    )


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
