"""The cases on Prefect, in its temporary server; a fan is ``task.map`` in its thread pool."""

from __future__ import annotations

import work
from case import begin, end, expect, main
from prefect import flow, task
from prefect.cache_policies import NO_CACHE

quiet = {"cache_policy": NO_CACHE}


def _timed(run):
    begin()
    found = run()
    end()
    return found


def warm() -> None:
    flow(task(work.first, **quiet))()


def chain(length: int) -> None:
    first, following = task(work.first, **quiet), task(work.following, **quiet)

    @flow
    def chained():
        x = first()
        for _ in range(1, length):
            x = following(x)
        return x

    expect(_timed(chained), length - 1)


def fan(width: int) -> None:
    following = task(work.following, **quiet)

    @flow
    def fanned():
        return sum(following.map(range(width)).result())

    expect(_timed(fanned), sum(range(width)) + width)


def frame(megabytes: int) -> None:
    import frames

    make = task(frames.make_frame, persist_result=True)  # with NO_CACHE nothing is kept
    add = task(frames.sum_frame, **quiet)

    @flow
    def framed():
        add(make(megabytes))

    framed()


if __name__ == "__main__":
    main(chain, fan, frame, warm=warm)
