"""``kedro_chain.py N``: a chain of N nodes on Kedro's SequentialRunner, values in memory.

With ``--silent`` Kedro's log, which it prints as it comes, is switched off.
"""

from __future__ import annotations

import logging
import sys

import work
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline, node
from kedro.runner import SequentialRunner


def main() -> None:
    length = int(sys.argv[1])
    if "--silent" in sys.argv:
        logging.getLogger("kedro").setLevel(logging.ERROR)
    following = [
        node(work.following, f"x{i - 1}", f"x{i}", name=f"task{i}") for i in range(1, length)
    ]
    pipeline = Pipeline([node(work.first, None, "x0", name="task0"), *following])
    if "--inside" in sys.argv:
        from inside import tell

        tell(lambda: SequentialRunner().run(pipeline, DataCatalog()))
    else:
        found = SequentialRunner().run(pipeline, DataCatalog())
        assert found[f"x{length - 1}"].load() == length - 1


if __name__ == "__main__":
    main()
