"""The cases on Kedro: SequentialRunner, values in memory; ``--silent`` without Kedro's log."""

from __future__ import annotations

import logging

import work
from case import begin, end, expect, has, main
from kedro.io import DataCatalog, MemoryDataset, SharedMemoryDataCatalog
from kedro.pipeline import Pipeline, node
from kedro.runner import ParallelRunner, SequentialRunner


def _run(pipeline: Pipeline, **values: object):
    if has("--silent"):
        logging.getLogger("kedro").setLevel(logging.ERROR)
    datasets = {name: MemoryDataset(value) for name, value in values.items()}
    if has("--parallel"):
        return ParallelRunner(max_workers=2).run(pipeline, SharedMemoryDataCatalog(datasets))
    return SequentialRunner().run(pipeline, DataCatalog(datasets))


def _timed(pipeline: Pipeline, **values: object):
    begin()
    found = _run(pipeline, **values)
    end()
    return found


def warm() -> None:
    _run(Pipeline([node(work.first, None, "x")]))


def chain(length: int) -> None:
    following = [
        node(work.following, f"x{i - 1}", f"x{i}", name=f"task{i}") for i in range(1, length)
    ]
    found = _timed(Pipeline([node(work.first, None, "x0", name="task0"), *following]))
    expect(found[f"x{length - 1}"].load(), length - 1)


def fan(width: int) -> None:
    """Kedro has no map: a node for each item, written out."""
    items = [node(work.following, f"x{i}", f"y{i}", name=f"item{i}") for i in range(width)]
    last = node(work.total_of, [f"y{i}" for i in range(width)], "sum", name="total")
    # A node, since what ParallelRunner gives back can no longer be loaded.
    check = node(expect, ["sum", "wanted"], None, name="check")
    values = {f"x{i}": i for i in range(width)}
    _timed(Pipeline([*items, last, check]), **values, wanted=sum(values.values()) + width)


def graph(size: int) -> None:
    begin()
    wide = min(size, 100)
    nodes = [node(work.first, None, f"x{i}", name=f"t{i}") for i in range(wide)]
    for i in range(wide, size):
        start, column = i - i % wide - wide, i % wide
        inputs = [f"x{start + column}", f"x{start + (column + 1) % wide}"]
        nodes.append(node(work.join, inputs, f"x{i}", name=f"t{i}"))
    found = Pipeline(nodes).nodes
    end()
    expect(len(found), size)


def frame(megabytes: int) -> None:
    import frames

    make = node(frames.make_frame, "megabytes", "frame")
    _run(Pipeline([make, node(frames.sum_frame, "frame", "sum")]), megabytes=megabytes)


if __name__ == "__main__":
    main(chain, fan, graph, frame, warm=warm)
