"""Random pipelines for hypothesis: all that a model can say, with every text that it may hold.

They can be built, compared, written and drawn; their functions and notebooks do not exist, so
they can be neither analysed nor run.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from bridge.model import (
    Catalog,
    Conditional,
    Dataset,
    Loop,
    Map,
    NotebookTask,
    Parallel,
    Pipeline,
    PythonTask,
    Resources,
    Retry,
    ShellTask,
    Step,
    Stub,
)
from bridge.values import FACTS, At, Constant, Fact, Kind, Return

__all__ = ["json_values", "names", "pipelines", "references", "steps", "texts"]

# What readers of YAML, of JSON or of HTML have been known to take for something else.
_TREACHEROUS = (
    *("no", "On", "NULL", "~", "y", "1e3", "1_000", "010", "0o7", "0x1F", ".5", "-.inf", ".nan"),
    *("2024-01-01", "12:30:45", "<<", "=", "- a", "? a", "a: b", "a #b", "#", "---", "...", "%"),
    *("", " ", " a", "a ", "a\n", "\na", "a\n\n", "  a\n b", "a\n \nb", "a\tb", "\ta\n", "a\r\nb"),
    *("'", '"', "\\", "`", "{{a}}", "${a}", "*", "&", "!", "|", ">", "@", ",", "[a]", "{a}"),
    *("</script>", "<!--", "]]>", "&lt;", "end", "style:a#;", "\x00", "\x1b[31m", "\x7f", "\x85"),
    *("\ufeff", "\u2028", "\u200b", "\u202e", "\xa0", "é", "中", "🙂", "\U0010ffff"),
)


def texts(min_size: int = 0) -> SearchStrategy[str]:
    """Any text that UTF-8 can hold, often one that is easily misread."""
    treacherous = st.sampled_from([text for text in _TREACHEROUS if len(text) >= min_size])
    return treacherous | st.text(st.characters(codec="utf-8"), min_size=min_size, max_size=20)


def names() -> SearchStrategy[str]:
    """Names of steps and pipelines: printable text."""
    return texts(min_size=1).filter(str.isprintable)


def references() -> SearchStrategy[str]:
    """Names of functions, ``module:qualname``."""
    part = st.sampled_from(["functions", "train", "Model", "été", "no", "_x1"])
    dotted = st.lists(part, min_size=1, max_size=3).map(".".join)
    return st.builds("{}:{}".format, dotted, dotted)


def _numbers() -> SearchStrategy[Any]:
    return st.integers() | st.floats(allow_nan=False, allow_infinity=False)


def json_values() -> SearchStrategy[Any]:
    """Any JSON value."""
    return st.recursive(
        st.none() | st.booleans() | _numbers() | texts(),
        lambda inner: st.lists(inner, max_size=3) | _mappings(inner),
        max_leaves=6,
    )


def pipelines(depth: int = 2) -> SearchStrategy[Pipeline]:
    """Pipelines in which composites are nested up to ``depth`` times."""
    return st.builds(
        Pipeline,
        st.lists(steps(depth), min_size=1, max_size=3, unique_by=lambda step: step.name),
        name=st.just("pipeline") | names(),
        description=texts(),
        parameters=_mappings(json_values()),
        datasets=_mappings(_datasets()),
        order=st.sampled_from(["list", "data"]),
        schedule=st.none() | texts(),
        on_failure=_pipelines_inside(depth),
        include=_several(texts()),
    )


@lru_cache
def steps(depth: int = 2) -> SearchStrategy[Step]:
    """Tasks, and composites of pipelines when ``depth`` is not 0."""
    tasks = st.one_of(
        st.builds(PythonTask, function=references(), **_policy(depth)),
        st.builds(NotebookTask, name=names(), notebook=texts(), **_policy(depth)),
        st.builds(ShellTask, name=names(), command=texts(), **_policy(depth)),
        st.builds(Stub, name=names(), extra=_mappings(json_values()), **_policy(depth)),
    )
    return tasks if depth == 0 else st.one_of(tasks, *_composites(depth))


def _composites(depth: int) -> list[SearchStrategy[Step]]:
    branch = st.deferred(lambda: pipelines(depth - 1))
    common = {"name": names(), **_common(depth)}
    cases = st.dictionaries(st.booleans() | _numbers() | texts(), branch, min_size=1, max_size=2)
    branches = st.dictionaries(texts(), branch, min_size=1, max_size=2)
    reducer = st.none() | references()
    return [
        st.builds(Parallel, branches=branches, **common),
        st.builds(
            Map, branch=branch, iterate_on=texts(), iterate_as=texts(), reducer=reducer, **common
        ),
        st.builds(
            Conditional, parameter=texts(), branches=cases, default=st.none() | branch, **common
        ),
        st.builds(
            Loop,
            branch=branch,
            max_iterations=st.integers(),
            break_on=texts(),
            index_as=texts(),
            **common,
        ),
    ]


def _common(depth: int) -> dict[str, SearchStrategy[Any]]:
    return {
        "after": _several(texts()),
        "on_failure": _pipelines_inside(depth),
        "overrides": _mappings(_mappings(json_values())),
    }


def _policy(depth: int) -> dict[str, SearchStrategy[Any]]:
    """What any task may say."""
    returns = st.builds(Return, texts(min_size=1), st.sampled_from(Kind))
    return _common(depth) | {
        "inputs": _mappings(_inputs()),
        "returns": _several(returns),
        "catalog": st.none()
        | st.builds(Catalog, _several(texts()), _several(texts()), st.booleans()),
        "retry": st.none() | st.builds(Retry, st.integers(), _numbers(), _numbers()),
        "timeout": st.none() | _numbers(),
        "resources": st.none() | _resources(),
        "environment": _mappings(texts()),
        "secrets": _several(texts()),
        "dependencies": _several(texts()),
        "image": st.none() | texts(),
        "terminate_with_success": st.booleans(),
        "terminate_with_failure": st.booleans(),
    }


def _inputs() -> SearchStrategy[At | Constant | Fact]:
    path = st.lists(texts() | st.integers(), max_size=2).map(tuple)
    return st.one_of(
        st.builds(At, texts(), path),
        st.builds(Constant, json_values()),
        st.builds(Fact, st.sampled_from(FACTS)),
    )


def _resources() -> SearchStrategy[Resources]:
    count = st.none() | st.integers()
    return st.builds(Resources, st.none() | _numbers(), count, count)


def _datasets() -> SearchStrategy[Dataset]:
    path = st.none() | texts()
    return st.builds(Dataset, texts(), path, _mappings(json_values()), st.none() | texts())


def _pipelines_inside(depth: int) -> SearchStrategy[Pipeline | None]:
    return st.none() if depth == 0 else st.none() | st.deferred(lambda: pipelines(depth - 1))


def _several(item: SearchStrategy[Any]) -> SearchStrategy[list[Any]]:
    return st.just([]) | st.lists(item, max_size=2)


def _mappings(value: SearchStrategy[Any]) -> SearchStrategy[dict[str, Any]]:
    return st.just({}) | st.dictionaries(texts(), value, max_size=2)
