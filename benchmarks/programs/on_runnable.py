"""The cases on runnable's local executor, as it comes.

runnable calls ``main`` a second time, for the pipeline that it returns. What a run gives is
checked by its last task.
"""

from __future__ import annotations

import sys

import work
from case import begin, end
from runnable import Map, Pipeline, PythonTask, pickled

SIZE = int(sys.argv[2])


def items():
    return list(range(SIZE))


def check_last(x):
    assert x == SIZE - 1


def check_sum(ys):
    assert sum(ys) == sum(range(SIZE)) + SIZE


def make_frame():
    import frames

    return frames.make_frame(SIZE)


def sum_frame(frame):
    import frames

    frames.sum_frame(frame)


def chain() -> list:
    functions = [work.first] + [work.following] * (SIZE - 1)
    return [PythonTask(function=f, name=f"task{i}", returns=["x"]) for i, f in enumerate(functions)]


def fan() -> list:
    task = PythonTask(function=work.following_item, name="each", returns=["ys"])
    each = Map(name="items", branch=Pipeline(steps=[task]), iterate_on="all", iterate_as="item")
    return [
        PythonTask(function=items, name="all", returns=["all"]),
        each,
        PythonTask(function=check_sum, name="check"),
    ]


def frame() -> list:
    return [
        PythonTask(function=make_frame, name="make", returns=[pickled("frame")]),
        PythonTask(function=sum_frame, name="sum"),
    ]


def main() -> Pipeline:
    case = sys.argv[1]
    built = Pipeline(steps={"chain": chain, "fan": fan, "frame": frame}[case]())
    if case != "frame":
        begin()
    built.execute()
    if case != "frame":
        end()
    return built


def graph() -> None:
    begin()
    Pipeline(steps=chain()).return_dag()
    end()


if __name__ == "__main__":
    graph() if sys.argv[1] == "graph" else main()
