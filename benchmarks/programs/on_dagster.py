"""The cases on Dagster: a job of ops in one process; the frame in a process for each op."""

from __future__ import annotations

import sys

import work
from case import begin, end, expect, main
from dagster import (
    DagsterInstance,
    DynamicOut,
    DynamicOutput,
    execute_job,
    in_process_executor,
    job,
    multiprocess_executor,
    op,
    reconstructable,
)


def _timed(built):
    begin()
    found = built.execute_in_process()
    end()
    return found


@op
def first() -> int:
    return work.first()


@op
def following(x: int) -> int:
    return work.following(x)


@op
def join(a: int, b: int) -> int:
    return work.join(a, b)


@job(executor_def=in_process_executor)
def one():
    first()


def chain(length: int) -> None:
    @job(executor_def=in_process_executor)
    def chained():
        x = first.alias("task0")()
        for i in range(1, length):
            x = following.alias(f"task{i}")(x)

    found = _timed(chained)
    expect(found.output_for_node(f"task{length - 1}"), length - 1)


def fan(width: int) -> None:
    @op(out=DynamicOut(int))
    def items():
        for i in range(width):
            yield DynamicOutput(i, mapping_key=str(i))

    @op
    def total(ys: list[int]) -> int:
        return sum(ys)

    @job(executor_def=in_process_executor)
    def fanned():
        total(items().map(following).collect())

    expect(_timed(fanned).output_for_node("total"), sum(range(width)) + width)


def graph(size: int) -> None:
    from dagster._core.execution.api import create_execution_plan

    begin()
    wide = min(size, 100)

    @job(executor_def=in_process_executor)
    def layers():
        made = [first.alias(f"t{i}")() for i in range(wide)]
        for i in range(wide, size):
            start, column = i - i % wide - wide, i % wide
            made.append(
                join.alias(f"t{i}")(made[start + column], made[start + (column + 1) % wide])
            )

    plan = create_execution_plan(layers)
    end()
    expect(len(plan.step_dict), size)


@op
def make_frame():
    import frames

    return frames.make_frame(int(sys.argv[2]))


@op
def sum_frame(frame):
    import frames

    frames.sum_frame(frame)


@job(executor_def=multiprocess_executor)
def framed():
    sum_frame(make_frame())


def frame(megabytes: int) -> None:
    with DagsterInstance.get() as instance:
        expect(execute_job(reconstructable(framed), instance).success, True)


if __name__ == "__main__":
    main(chain, fan, graph, frame, warm=one.execute_in_process)
