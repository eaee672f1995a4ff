"""``kedro_chain.py N``: a chain of N nodes on Kedro's SequentialRunner, values in memory."""

from __future__ import annotations

import sys

import work
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline, node
from kedro.runner import SequentialRunner


def main() -> None:
    length = int(sys.argv[1])
    nodes = [node(work.first, None, "x0", name="task_0")]
    for i in range(1, length):
        nodes.append(node(work.following, f"x{i - 1}", f"x{i}", name=f"task_{i}"))
    pipeline = Pipeline(nodes)
    if "--inside" in sys.argv:
        from inside import tell

        tell(lambda: SequentialRunner().run(pipeline, DataCatalog()))
    else:
        found = SequentialRunner().run(pipeline, DataCatalog())
        assert found[f"x{length - 1}"].load() == length - 1


if __name__ == "__main__":
    main()
