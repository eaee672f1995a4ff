"""The cases on bridge's local engine. As a source of ``bridge run`` it is a chain of one task."""

from __future__ import annotations

import os
from pathlib import Path

import work
from case import begin, end, expect, has, main

from bridge import Map, Parallel, Pipeline, PythonTask, json, pickled

OPTIONS = {"workers": "inline"} if has("--inline") else {}


def one_after_another(length: int) -> Pipeline:
    functions = [work.first] + [work.following] * (length - 1)
    return Pipeline(
        [PythonTask(function=f, name=f"task{i}", returns=["x"]) for i, f in enumerate(functions)]
    )


def chain(length: int) -> None:
    built = one_after_another(length)
    begin()
    run = built.execute(**OPTIONS)
    end()
    expect(run["x"], length - 1)


def warm() -> None:
    one_after_another(1).execute(**OPTIONS)


def _fan(width: int, last: PythonTask) -> Pipeline:
    each = PythonTask(function=work.following, name="each", inputs={"x": "item"}, returns=["ys"])
    items = Map(name="items", branch=Pipeline([each]), iterate_on="all", iterate_as="item")
    return Pipeline([items, last], parameters={"all": list(range(width))})


def fan(width: int) -> None:
    built = _fan(width, PythonTask(function=work.total, returns=["sum"]))
    begin()
    run = built.execute(**OPTIONS)
    end()
    expect(run["sum"], sum(range(width)) + width)


def graph(size: int) -> None:
    from bridge.flow import analyse

    begin()
    wide = min(size, 100)
    steps = [PythonTask(function=work.first, name=f"t{i}", returns=[f"x{i}"]) for i in range(wide)]
    for i in range(wide, size):
        start, column = i - i % wide - wide, i % wide
        inputs = {"a": f"x{start + column}", "b": f"x{start + (column + 1) % wide}"}
        steps.append(PythonTask(function=work.join, name=f"t{i}", inputs=inputs, returns=[f"x{i}"]))
    flow = analyse(Pipeline(steps, order="data"), {})
    end()
    expect(len(flow.nodes), size)


def frame(megabytes: int) -> None:
    import frames

    make = PythonTask(function=frames.make_frame_here, returns=[pickled("frame"), json("maker")])
    left = Pipeline([PythonTask(function=frames.hold)])
    right = Pipeline([PythonTask(function=frames.sum_frame_elsewhere, returns=["sum"])])
    both = Parallel(name="both", branches={"left": left, "right": right})
    ended = Path("ended").absolute()
    ended.unlink(missing_ok=True)
    given = {"megabytes": megabytes, "ended": str(ended)}
    Pipeline([make, both], parameters=given).execute(jobs=2)


def put(count: int) -> None:
    """All files of the folder into the store, by the catalog of a task."""
    _files(count, put=["**/*"])


def get(count: int) -> None:
    """All files of the store into an empty folder, as the task before has put them."""
    import json as text

    manifest = text.loads(Path("manifest.json").read_text())
    _files(count, get=["**/*"], upstream=[manifest])


def _files(count: int, **what: list) -> None:
    import json as text

    import bridge.catalog.folder  # noqa: F401 - what it imports does not count
    from bridge.catalog import catalog

    kept = Path("manifest.json").absolute()
    os.chdir(os.environ["BENCH_FILES"])
    begin()
    with catalog(**what) as files:
        pass
    end()
    if "put" in what:
        expect(len(files.manifest), count)
        kept.write_text(text.dumps(files.manifest))
    expect(sum(len(names) for _, _, names in os.walk(".")), count)


def resume(width: int) -> None:
    """A map whose items have all finished, resumed after the task behind it has failed."""
    from bridge.runner import run_local

    built = _fan(width, PythonTask(function=work.stop_or_count, returns=["count"]))
    begin()
    run = run_local(built, resume="failed")
    end()
    expect(run["count"], width)


def fail(width: int) -> None:
    """The run that ``resume`` goes on with."""
    from bridge.errors import StepError

    built = _fan(width, PythonTask(function=work.stop_or_count, returns=["count"]))
    os.environ["BENCH_FAIL"] = "1"
    try:
        built.execute(run_id="failed")
    except StepError:
        return
    expect("a run that succeeded", "one that failed")


if __name__ == "__main__":
    main(chain, fan, graph, frame, put, get, resume, fail, warm=warm)
else:
    pipeline = one_after_another(1)
