"""What decorators say of steps and of the flow, as policies; each argument ends as one finding."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.emit.python import literal
from bridge.findings import Feature, Level
from bridge.policies import Resources, Retry
from bridge_metaflow.reading.graph import FlowStep
from bridge_metaflow.reading.source import FlowSource
from bridge_metaflow.reading.static import UnknownError, value_of
from bridge_metaflow.reading.text import Module
from bridge_metaflow.reading.told import Told

__all__ = ["OfFlow", "Policy", "of_flow", "of_step"]

End = tuple[Feature, Level, str]


@dataclass
class Policy:
    """What is said of a step; ``caught`` is the attribute that tells of a failure, if that is
    caught, and ``kept`` are decorators that only Metaflow has."""

    retry: Retry | None = None
    timeout: float | None = None
    resources: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    dependencies: list[str] = field(default_factory=list)
    image: str | None = None
    kept: list[str] = field(default_factory=list)
    caught: str | None = None

    def arguments(self) -> dict[str, Any]:
        """The same as arguments of a task."""
        found: dict[str, Any] = {
            "retry": self.retry,
            "timeout": self.timeout,
            "resources": Resources(**self.resources) if self.resources else None,
            "environment": self.environment,
            "secrets": self.secrets,
            "dependencies": self.dependencies,
            "image": self.image,
        }
        return {name: value for name, value in found.items() if value}


@dataclass
class OfFlow:
    """What is said of the flow: its schedule, what all steps need, and decorators kept as text."""

    schedule: str | None = None
    dependencies: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Said:
    """A decorator: its name in Metaflow (empty: it is none of Metaflow's) and its arguments."""

    name: str
    shown: str
    node: ast.expr
    module: Module
    nodes: Mapping[str, ast.expr]
    values: Mapping[str, Any]

    @property
    def known(self) -> bool:
        """Whether all arguments are known."""
        return len(self.values) == len(self.nodes)

    @property
    def call(self) -> str:
        """The decorator as it is kept."""
        given = ", ".join(f"{key}={literal(value)}" for key, value in self.values.items())
        return f"{self.name}({given})" if given else self.name


def _said(node: ast.expr, module: Module, known: Mapping[str, Any]) -> _Said:
    function = node.func if isinstance(node, ast.Call) else node
    shown = ast.unparse(function)
    name = module.metaflow.get(shown, "")
    if shown.startswith("metaflow."):
        name = shown.removeprefix("metaflow.")
    nodes: dict[str, ast.expr] = {}
    if isinstance(node, ast.Call):
        nodes |= {f"[{i}]": argument for i, argument in enumerate(node.args)}
        nodes |= {str(k.arg): k.value for k in node.keywords}
    values = {}
    for key, value in nodes.items():
        try:
            values[key] = value_of(value, module, known)
        except UnknownError:
            continue
    return _Said(name, shown, node, module, nodes, values)


def of_step(step: FlowStep, known: Mapping[str, Any], told: Told) -> Policy:
    """The policy of a step; what a decorator says twice, the upper one says."""
    policy = Policy()
    decorators = [_said(node, step.module, known) for node in reversed(step.decorators)]
    for said in sorted(decorators, key=lambda said: said.name != "catch"):
        handler = _STEP.get(said.name, _foreign)
        _tell(step.name, said, handler(said, policy), told)
    return policy


def of_flow(source: FlowSource, known: Mapping[str, Any], told: Told) -> OfFlow:
    """What the decorators of the flow and of the classes it builds on say."""
    found = OfFlow()
    for module, node in source.classes:
        for decorator in node.decorator_list:
            said = _said(decorator, module, known)
            _tell("", said, _FLOW.get(said.name, _foreign_of_flow)(said, found), told)
    return found


def _tell(step: str, said: _Said, ends: Mapping[str, End], told: Told) -> None:
    """A finding for the decorator, and one for each of its arguments."""
    for key in ("", *said.nodes):
        node = said.nodes.get(key, said.node)
        feature, level, how = ends.get(key) or ends[""]
        if key and key not in said.values and level is not Level.APPROXIMATED:
            feature, level = ends[""][0], Level.UNSUPPORTED
            how = f"'{ast.unparse(node)}' is worked out by code when the flow is loaded"
        attribute = f"@{said.shown}({key})" if key else f"@{said.shown}"
        told.add(feature, step, attribute, level, how, said.module.where(node))


def _carried(feature: Feature, how: str) -> dict[str, End]:
    return {"": (feature, Level.CARRIED, how)}


# Of steps


def _retry(said: _Said, policy: Policy) -> dict[str, End]:
    times = said.values.get("times", 3)
    minutes = said.values.get("minutes_between_retries", 2)
    policy.retry = Retry(int(times), float(minutes) * 60)
    ends = _carried(Feature.RETRY, f"tried again {times} times, after {minutes} minutes")
    for key in said.nodes.keys() - {"times", "minutes_between_retries"}:
        ends[key] = (Feature.RETRY, Level.DROPPED, "there is no such thing")
    return ends


def _timeout(said: _Said, policy: Policy) -> dict[str, End]:
    units = {"seconds": 1, "minutes": 60, "hours": 3600}
    policy.timeout = float(sum(said.values.get(name, 0) * unit for name, unit in units.items()))
    if policy.caught is not None:
        how = "a step that takes too long fails, which @catch does not see here"
        return {"": (Feature.TIMEOUT, Level.APPROXIMATED, how)}
    return _carried(Feature.TIMEOUT, f"at most {policy.timeout:g} seconds")


def _catch(said: _Said, policy: Policy) -> dict[str, End]:
    policy.caught = said.values.get("var") or ""
    how = "the function gives back what went wrong, by its type and text, instead of failing"
    ends: dict[str, End] = {"": (Feature.ON_FAILURE, Level.EMULATED, how)}
    if said.values.get("print_exception", True):
        how = "what went wrong is printed only where no attribute holds it"
        ends["print_exception"] = (Feature.FOREIGN, Level.APPROXIMATED, how)
    return ends


def _resources(said: _Said, policy: Policy) -> dict[str, End]:
    policy.resources |= _asked(said)
    ends = _carried(Feature.RESOURCES, "asked of the machine")
    more = said.nodes.keys() - {"cpu", "memory", "gpu"}
    if more and said.known:
        policy.kept.append(said.call)
    for key in more:
        ends[key] = (Feature.FOREIGN, Level.CARRIED, "kept for Metaflow")
    return ends


def _asked(said: _Said) -> dict[str, Any]:
    kinds: dict[str, Callable[[Any], Any]] = {"cpu": float, "memory": int, "gpu": int}
    asked = {key: said.values.get(key) for key in kinds}
    found = {key: kinds[key](value) for key, value in asked.items() if value is not None}
    return {key: int(v) if key == "cpu" and v == int(v) else v for key, v in found.items()}


def _environment(said: _Said, policy: Policy) -> dict[str, End]:
    given = said.values.get("vars") or {}
    policy.environment |= {str(key): str(value) for key, value in given.items()}
    return _carried(Feature.ENVIRONMENT, "variables of the task")


def _secrets(said: _Said, policy: Policy) -> dict[str, End]:
    inline, others = _inline(said.values.get("sources") or [])
    policy.secrets += inline
    if not others:
        how = "the variables must be in the environment; values are kept nowhere"
        return {"": (Feature.SECRETS, Level.APPROXIMATED, how)}
    if said.known and not inline:
        policy.kept.append(said.call)
        how = "kept for Metaflow, which fetches them; elsewhere set the variables yourself"
        return {"": (Feature.FOREIGN, Level.APPROXIMATED, how)}
    how = "which variables the source sets is known to Metaflow alone; name them in secrets=[...]"
    return {"": (Feature.SECRETS, Level.UNSUPPORTED, how)}


def _inline(sources: Any) -> tuple[list[str], bool]:
    """The variables that are given in the source itself, and whether there are others."""
    names: list[str] = []
    others = False
    for one in sources if isinstance(sources, list | tuple) else [sources]:
        if isinstance(one, dict) and one.get("type") == "inline":
            names += [str(name) for name in one.get("options", {}).get("env_vars", {})]
        else:
            others = True
    return names, others


def _packages(said: _Said, policy: Policy) -> dict[str, End]:
    policy.dependencies += _requirements(said)
    return _ends_of_packages(said)


def _requirements(said: _Said) -> list[str]:
    found: dict[str, Any] = {}
    for key in ("packages", "libraries"):
        found |= said.values.get(key) or {}
    return [_requirement(str(name), str(version)) for name, version in found.items()]


def _requirement(name: str, version: str) -> str:
    name = name.rpartition("::")[2]
    return f"{name}{version}" if not version or version[0] in "<>=!~" else f"{name}=={version}"


def _ends_of_packages(said: _Said) -> dict[str, End]:
    ends = _carried(Feature.DEPENDENCIES, "packages that have to be installed")
    how = "the version of Python is that of the environment in which it runs"
    ends["python"] = (Feature.FOREIGN, Level.APPROXIMATED, how)
    how = "packages are installed or not, as the environment says"
    ends["disabled"] = (Feature.FOREIGN, Level.APPROXIMATED, how)
    return ends


def _machine(said: _Said, policy: Policy) -> dict[str, End]:
    ends: dict[str, End] = {"": (Feature.FOREIGN, Level.CARRIED, "kept for Metaflow")}
    for key, value in _asked(said).items():
        policy.resources.setdefault(key, value)
        ends[key] = (Feature.RESOURCES, Level.CARRIED, "asked of the machine")
    if image := said.values.get("image"):
        policy.image = str(image)
        ends["image"] = (Feature.IMAGE, Level.CARRIED, "the image of the task")
    return _kept(said, policy.kept, ends)


def _card(said: _Said, policy: Policy) -> dict[str, End]:
    return _kept(said, policy.kept, _carried(Feature.FOREIGN, "kept for Metaflow"))


def _kept(said: _Said, kept: list[str], ends: dict[str, End]) -> dict[str, End]:
    """A decorator that is written back as it is, if it is literals by name."""
    if said.known and not any(key.startswith("[") for key in said.nodes):
        try:
            kept.append(said.call)
            return ends
        except TypeError:
            pass
    how = "only literals, given by name, can be kept for Metaflow"
    return {"": (Feature.FOREIGN, Level.UNSUPPORTED, how)}


def _foreign(said: _Said, policy: Policy) -> dict[str, End]:
    whose = "of Metaflow that is not known here" if said.name else "of your own"
    how = f"a decorator {whose} may change what the step does; do the same in the step itself"
    return {"": (Feature.FOREIGN, Level.UNSUPPORTED, how)}


_STEP: dict[str, Callable[[_Said, Policy], dict[str, End]]] = {
    "retry": _retry,
    "timeout": _timeout,
    "catch": _catch,
    "resources": _resources,
    "environment": _environment,
    "secrets": _secrets,
    "pypi": _packages,
    "conda": _packages,
    "batch": _machine,
    "kubernetes": _machine,
    "card": _card,
}


# Of the flow


def _schedule(said: _Said, flow: OfFlow) -> dict[str, End]:
    found = [f"@{key}" for key in ("hourly", "daily", "weekly") if said.values.get(key)]
    flow.schedule = str(said.values.get("cron") or (found or ["@daily"])[0])
    ends = _carried(Feature.SCHEDULE, f"the schedule '{flow.schedule}'")
    ends["timezone"] = (Feature.SCHEDULE, Level.APPROXIMATED, "the zone is that of the target")
    return ends


def _packages_of_all(said: _Said, flow: OfFlow) -> dict[str, End]:
    flow.dependencies += _requirements(said)
    return _ends_of_packages(said)


def _of_metaflow(said: _Said, flow: OfFlow) -> dict[str, End]:
    return _kept(said, flow.kept, _carried(Feature.FOREIGN, "kept for Metaflow"))


def _foreign_of_flow(said: _Said, flow: OfFlow) -> dict[str, End]:
    whose = "of Metaflow that is not known here" if said.name else "of your own"
    how = f"a decorator {whose} may change what the flow does; do the same in the steps"
    return {"": (Feature.FOREIGN, Level.UNSUPPORTED, how)}


def _hook(said: _Said, flow: OfFlow) -> dict[str, End]:
    how = (
        "what is done at the end of a run is no step; add a last step, or on_failure=Pipeline(...)"
    )
    return {"": (Feature.ON_FAILURE, Level.UNSUPPORTED, how)}


_FLOW: dict[str, Callable[[_Said, OfFlow], dict[str, End]]] = {
    "schedule": _schedule,
    "pypi_base": _packages_of_all,
    "conda_base": _packages_of_all,
    "project": _of_metaflow,
    "trigger": _of_metaflow,
    "trigger_on_finish": _of_metaflow,
    "exit_hook": _hook,
}
