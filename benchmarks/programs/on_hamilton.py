"""The cases on Hamilton: functions of a module are the nodes, all in one process, unrecorded."""

from __future__ import annotations

from types import ModuleType

import work
from case import begin, end, expect, main
from hamilton import ad_hoc_utils, driver
from hamilton.execution.executors import SynchronousLocalTaskExecutor
from hamilton.htypes import Collect, Parallelizable


def _module(functions: dict[str, str]) -> ModuleType:
    """A module of functions, each given as its arguments and what it returns."""
    place = {"work": work, "Parallelizable": Parallelizable, "Collect": Collect, "__name__": "made"}
    for name, signature in functions.items():
        exec(f"def {name}{signature}", place)
    return ad_hoc_utils.create_temporary_module(*(place[name] for name in functions))


def _run(built, last: str):
    begin()
    found = built.execute([last])[last]
    end()
    return found


def chain(length: int) -> None:
    functions = {"x0": "() -> int: return work.first()"}
    for i in range(1, length):
        functions[f"x{i}"] = f"(x{i - 1}: int) -> int: return work.following(x{i - 1})"
    built = driver.Builder().with_modules(_module(functions)).build()
    expect(_run(built, f"x{length - 1}"), length - 1)


def fan(width: int) -> None:
    functions = {
        "item": f"() -> Parallelizable[int]: yield from range({width})",
        "y": "(item: int) -> int: return work.following(item)",
        "total": "(y: Collect[int]) -> int: return sum(y)",
    }
    builder = driver.Builder().with_modules(_module(functions))
    builder = builder.enable_dynamic_execution(allow_experimental_mode=True)
    builder = builder.with_remote_executor(SynchronousLocalTaskExecutor())
    expect(_run(builder.build(), "total"), sum(range(width)) + width)


def graph(size: int) -> None:
    wide = min(size, 100)
    functions = {f"x{i}": "() -> int: return 0" for i in range(wide)}
    for i in range(wide, size):
        start, column = i - i % wide - wide, i % wide
        a, b = f"x{start + column}", f"x{start + (column + 1) % wide}"
        functions[f"x{i}"] = f"({a}: int, {b}: int) -> int: return {a} + {b}"
    module = _module(functions)
    begin()
    built = driver.Builder().with_modules(module).build()
    found = [v for v in built.list_available_variables() if not v.is_external_input]
    end()
    expect(len(found), size)


if __name__ == "__main__":
    main(chain, fan, graph)
