"""The task graph: what people write, what readers return, what writers and the runner consume.

Everything here is frozen data without I/O. A task holds its function by reference, a pipeline is
a sequence of steps, and a step is a task or a composite of pipelines. What the parts mean when
they run is told in ``docs/semantics.md``; who reads and writes which name is worked out in
``bridge.flow``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import field
from importlib import import_module
from typing import Any, Literal

from bridge.errors import ModelError, Where
from bridge.expressions import Expression, to_reducer
from bridge.frozen import Frozen
from bridge.policies import Catalog, Dataset, Resources, Retry, texts, written_at
from bridge.references import Reference, refer
from bridge.values import At, Input, Return, to_input, to_return

__all__ = [
    "AsyncPipeline",
    "Catalog",
    "Composite",
    "Conditional",
    "Dataset",
    "ForeignTask",
    "Loop",
    "Map",
    "NotebookTask",
    "Parallel",
    "Pipeline",
    "PythonTask",
    "Resources",
    "Retry",
    "ShellTask",
    "Step",
    "Stub",
    "Task",
]


def _named(by: Callable[[Any], Any], function: object) -> Any:
    try:
        return by(function)
    except ModelError as error:
        raise ModelError(str(error), written_at()) from None


class Step(Frozen, kw_only=True):
    """What a pipeline is made of; ``name`` is unique in its pipeline.

    ``after`` names steps of the same pipeline that must have ended before this one starts.
    ``on_failure`` alone may be set later, once: ``step.on_failure = pipeline``.
    """

    name: str = ""
    after: Sequence[str] = ()
    on_failure: Pipeline | None = None
    terminate_with_success: bool = False
    terminate_with_failure: bool = False
    overrides: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    where: Where | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        held = self.__dict__
        if self.where is None:
            held["where"] = written_at()
        held["after"] = texts(self.after, "a name in after")
        said = self.overrides.items()
        held["overrides"] = {k: {"name": v} if isinstance(v, str) else v for k, v in said}
        if not isinstance(self.name, str) or not self.name or not self.name.isprintable():
            raise ModelError(f"a step's name must be printable text, not {self.name!r}", self.where)

    def __setattr__(self, name: str, value: object) -> None:
        if name == "on_failure" and self.on_failure is None:
            self.__dict__[name] = value
        else:
            super().__setattr__(name, value)


class Task(Step, kw_only=True):
    """A step that does work: what it reads, what it returns, its files and its policy.

    ``inputs`` says what an argument receives when that is not the name the argument has;
    ``returns`` names what the task gives back. ``timeout`` is in seconds. With ``cache`` the task
    does not run again while its code, what it is given and the files it gets are the same.
    """

    inputs: Mapping[str, Input | str] | Sequence[str] = field(default_factory=dict)
    returns: Sequence[Return | str] | Return | str = ()
    catalog: Catalog | None = None
    retry: Retry | None = None
    timeout: float | None = None
    resources: Resources | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Sequence[str] = ()
    dependencies: Sequence[str] = ()
    image: str | None = None
    cache: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        held = self.__dict__
        given: Any = self.inputs
        pairs = given.items() if isinstance(given, Mapping) else [(n, n) for n in given]
        held["inputs"] = {name: to_input(value, self.where) for name, value in pairs}
        returns = (self.returns,) if isinstance(self.returns, str | Return) else self.returns
        held["returns"] = tuple([to_return(r, self.where) for r in returns])
        for name in ("secrets", "dependencies"):
            held[name] = texts(held[name], name)

    @property
    def bindings(self) -> Mapping[str, Input]:
        """What each argument named in ``inputs`` receives."""
        return self.inputs  # type: ignore[return-value]

    @property
    def outputs(self) -> tuple[Return, ...]:
        """What ``returns`` declares."""
        return self.returns  # type: ignore[return-value]

    def as_pipeline(self) -> Pipeline:
        """A pipeline of this task alone, named like it."""
        return Pipeline([self], name=self.name)

    def as_async_pipeline(self) -> AsyncPipeline:
        """The same as a pipeline whose execution is awaited."""
        return AsyncPipeline([self], name=self.name)


class PythonTask(Task, kw_only=True):
    """A call of a Python function; named like the function unless told otherwise."""

    function: Reference | Callable[..., Any] | str

    def __post_init__(self) -> None:
        reference: Reference = _named(refer, self.function)
        held = self.__dict__
        held["function"] = reference
        if not self.name:
            held["name"] = reference.name
        super().__post_init__()

    @property
    def reference(self) -> Reference:
        """The function by name."""
        assert isinstance(self.function, Reference)
        return self.function


class NotebookTask(Task, kw_only=True):
    """A notebook, executed once by papermill; the path is relative to the pipeline's file."""

    notebook: str
    optional_ploomber_args: Mapping[str, Any] | None = field(
        default=None, compare=False, repr=False
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in self.optional_ploomber_args or ():
            raise ModelError(
                f"optional_ploomber_args of '{self.name}' sets '{name}', but notebooks are run by "
                "papermill, which has no such option; leave it out",
                self.where,
            )


class ShellTask(Task, kw_only=True):
    """A command for the shell; its values arrive as environment variables."""

    command: str


class ForeignTask(Task, kw_only=True):
    """A task in the terms of one framework, which only that framework can carry out.

    ``framework`` is the name of its adapter, which alone understands the ``definition``.
    """

    framework: str
    definition: Mapping[str, Any]


class Stub(Task):
    """A task that does nothing yet; whatever else is written on it is kept in ``extra``."""

    extra: Mapping[str, Any] = field(default_factory=dict)

    def __init__(self, name: str = "", **given: Any) -> None:
        extra = dict(given.pop("extra", {}))
        known = self.__dataclass_fields__
        extra |= {key: given.pop(key) for key in [*given] if key not in known}
        super().__init__(name=name, **given)
        self.__dict__["extra"] = extra


class Composite(Step):
    """A step made of pipelines."""

    def pipelines(self) -> dict[str, Pipeline]:
        """The pipelines inside, by the name they have in a step's path."""
        raise NotImplementedError


class Parallel(Composite, kw_only=True):
    """Branches that each start from a copy of the scope and may run at the same time."""

    branches: Mapping[str, Pipeline]

    def __post_init__(self) -> None:
        super().__post_init__()
        self.__dict__["branches"] = dict(self.branches)
        if not self.branches:
            raise ModelError(f"parallel '{self.name}' has no branches", self.where)

    def pipelines(self) -> dict[str, Pipeline]:
        """The branches."""
        return dict(self.branches)


class Map(Composite, kw_only=True):
    """One run of ``branch`` for each item of the list ``iterate_on``, named ``iterate_as``."""

    branch: Pipeline
    iterate_on: str | At
    iterate_as: str
    reducer: Expression | Reference | Callable[..., Any] | str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.reducer is not None:
            self.__dict__["reducer"] = _named(to_reducer, self.reducer)

    @property
    def on(self) -> At:
        """Where the list is."""
        return self.iterate_on if isinstance(self.iterate_on, At) else At(self.iterate_on)

    def pipelines(self) -> dict[str, Pipeline]:
        """The branch; it has no name of its own."""
        return {"": self.branch}


class Conditional(Composite, kw_only=True):
    """The branch whose key equals the value of ``parameter``, else ``default``."""

    parameter: str | At
    branches: Mapping[Any, Pipeline]
    default: Pipeline | None = None

    @property
    def on(self) -> At:
        """Where the value is that decides."""
        return self.parameter if isinstance(self.parameter, At) else At(self.parameter)

    def pipelines(self) -> dict[str, Pipeline]:
        """The branches by their keys as text, and the default."""
        given = {str(key): branch for key, branch in self.branches.items()}
        return given | ({"default": self.default} if self.default else {})


class Loop(Composite, kw_only=True):
    """``branch`` again and again, until ``break_on`` is true or ``max_iterations`` are done."""

    branch: Pipeline
    max_iterations: int
    break_on: str = ""
    index_as: str = ""

    def pipelines(self) -> dict[str, Pipeline]:
        """The branch; it has no name of its own."""
        return {"": self.branch}


class Pipeline(Frozen):
    """Steps that run in a scope of named values, which starts from ``parameters``.

    With ``order="list"`` the steps run in the order written; with ``order="data"`` a step waits
    for those that produce what it reads and for those named in its ``after``. ``include`` are
    globs of files beside the pipeline's source that belong to its code: an export carries them.
    ``overrides`` are further things to say to one target, by its name, as a step has them.
    """

    steps: Sequence[Step]
    name: str = "pipeline"
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict, kw_only=True)
    datasets: Mapping[str, Dataset] = field(default_factory=dict, kw_only=True)
    order: Literal["list", "data"] = field(default="list", kw_only=True)
    schedule: str | None = field(default=None, kw_only=True)
    on_failure: Pipeline | None = field(default=None, kw_only=True)
    include: Sequence[str] = field(default=(), kw_only=True)
    overrides: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, kw_only=True)
    where: Where | None = field(default=None, compare=False, repr=False, kw_only=True)

    def __post_init__(self) -> None:
        held = self.__dict__
        if self.where is None:
            held["where"] = written_at()
        held["steps"] = tuple(self.steps)
        held["include"] = texts(self.include, "a glob in include")
        self._refuse()

    def _refuse(self) -> None:
        if not isinstance(self.name, str) or not self.name or not self.name.isprintable():
            raise ModelError(
                f"a pipeline's name must be printable text, not {self.name!r}", self.where
            )
        if not self.steps:
            raise ModelError(f"pipeline '{self.name}' has no steps", self.where)
        for step in self.steps:
            if not isinstance(step, Step):
                raise ModelError(
                    f"{step!r} in pipeline '{self.name}' is not a step; "
                    "wrap a function with PythonTask(function=...)",
                    self.where,
                )
        if self.order not in ("list", "data"):
            raise ModelError(f"order must be 'list' or 'data', not {self.order!r}", self.where)

    def execute(self, **options: Any) -> Any:
        """Run the pipeline here and return the ``Run``; while a source is being loaded, inert.

        Options: ``parameters`` (values), ``parameters_file``, ``run_id``, ``jobs`` (how many tasks
        at once), ``workers`` ("processes", "threads", "inline"), ``patch`` (what stands in for
        tasks, by their names) and those that ``bridge.launch`` tells of. Raises ModelError before
        anything runs, StepError when a step fails.
        """
        # By name, since the model knows nobody who consumes it; this is the one door upwards.
        return import_module("bridge.launch").execute(self, **options)

    def _repr_svg_(self) -> str:
        drawn: str = import_module("bridge.show").render(self, "svg")
        return drawn

    def __eq__(self, other: object) -> bool:
        # However it is executed, it is what its fields say.
        return isinstance(other, Pipeline) and bool(self._compared(self) == self._compared(other))

    __hash__ = Frozen.__hash__


class AsyncPipeline(Pipeline):
    """A pipeline whose execution is awaited, beside whatever else the event loop does."""

    async def execute(self, **options: Any) -> Any:
        """Run the pipeline as ``Pipeline.execute`` does, without holding up the event loop."""
        return await import_module("bridge.launch").execute_async(self, **options)

    def execute_streaming(self, **options: Any) -> AsyncIterator[Any]:
        """Run the pipeline and give what its asynchronous generators yield, as they yield it."""
        found: AsyncIterator[Any] = import_module("bridge.launch").stream(self, **options)
        return found
