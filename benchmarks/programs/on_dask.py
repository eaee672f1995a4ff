"""The cases on Dask: ``delayed`` in threads; with ``--cluster`` two workers of a LocalCluster.

A cluster is started before the run begins.
"""

from __future__ import annotations

from contextlib import contextmanager

import dask
import work
from case import begin, end, expect, has, main


@contextmanager
def _engine(cluster: bool):
    if not cluster:
        with dask.config.set(scheduler="threads"):
            yield None
        return
    from distributed import Client, LocalCluster

    options = {"threads_per_worker": 1, "dashboard_address": None, "memory_limit": 0}
    with LocalCluster(n_workers=2, **options) as workers, Client(workers) as client:
        client.wait_for_workers(2)
        yield client


def _computed(built):
    with _engine(has("--cluster")):
        begin()
        found = built.compute()
        end()
    return found


def warm() -> None:
    if not has("--cluster"):  # whose client imports as much when it connects
        dask.delayed(work.first)().compute(scheduler="threads")


def chain(length: int) -> None:
    x = dask.delayed(work.first)()
    for _ in range(1, length):
        x = dask.delayed(work.following)(x)
    expect(_computed(x), length - 1)


def fan(width: int) -> None:
    ys = [dask.delayed(work.following)(i) for i in range(width)]
    expect(_computed(dask.delayed(work.total)(ys)), sum(range(width)) + width)


def graph(size: int) -> None:
    from dask.base import collections_to_expr
    from dask.order import order

    begin()
    wide = min(size, 100)
    made = [dask.delayed(work.first)() for _ in range(wide)]
    for i in range(wide, size):
        start, column = i - i % wide - wide, i % wide
        made.append(
            dask.delayed(work.join)(made[start + column], made[start + (column + 1) % wide])
        )
    tasks = dict(collections_to_expr(made).__dask_graph__())
    found = order(tasks)
    end()
    expect(len(found), size)


def frame(megabytes: int) -> None:
    import frames

    with _engine(cluster=True) as client:
        here, there = client.scheduler_info()["workers"]
        made = client.submit(frames.make_frame, megabytes, workers=[here])
        client.submit(frames.sum_frame, made, workers=[there]).result()


if __name__ == "__main__":
    main(chain, fan, graph, frame, warm=warm)
