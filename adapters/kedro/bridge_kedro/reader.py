"""Reading a Kedro project: a task for each node, a dataset for each entry of the catalog.

The project is imported in a process of its own, and its functions are used as they are; where a
task cannot say how a node calls one, a small function in ``functions.py`` does.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from bridge.adapter import Import, Source
from bridge.errors import SourceError, Where
from bridge.findings import Feature, Level, Report, attributes
from bridge.inquiry import ask
from bridge.lower.rebuild import rebuilt
from bridge.model import NotebookTask, Pipeline, Step
from bridge.policies import Dataset
from bridge.serial import from_data
from bridge_kedro.project import facts_told
from bridge_kedro.reading.seen import Place, Project
from bridge_kedro.reading.steps import Steps
from bridge_kedro.reading.stores import to_dataset
from bridge_kedro.reading.telling import Tell
from bridge_kedro.reading.wrappers import Wrappers
from bridge_kedro.reading.written import is_likely, notebooks
from bridge_kedro.tables import ENVIRONMENT

__all__ = ["read", "root_of", "steps_of"]

_ENVIRONMENT = {**ENVIRONMENT, "PYTHONDONTWRITEBYTECODE": "1"}
"""With which a project is looked at: nothing is left behind in it."""


def read(source: Source) -> Import:
    """The pipeline that ``source`` names. Raises SourceError."""
    root = root_of(source.path)
    question = {"path": str(root), "name": source.name, "env": source.env}
    answer = ask("bridge_kedro.reading.looking", question, source.path, _ENVIRONMENT)
    project = Project.from_json(answer)
    if not source.env and is_likely(project, root):
        question = {"root": str(root.resolve()), "project": answer}
        written = ask("bridge_kedro.reading.written", question, source.path, _ENVIRONMENT)
        if written is not None:
            return _as_written(from_data(written, notebooks(project, root)), project, root)
    return translated(project, root)


def _as_written(pipeline: Pipeline, project: Project, root: Path) -> Import:
    """The pipeline of which bridge itself has made the project."""
    tell = Tell(root)
    places = {node.name: tell.where(node.place) for node in project.nodes}
    top = Where(str(root / "pyproject.toml"))
    pipeline = replace(
        _placed(pipeline, "", top, places), where=pipeline.where if pipeline.include else top
    )
    report = Report([a.ended(Level.CARRIED) for a in attributes(pipeline)])
    return Import(pipeline, root, {}, [root / project.src], report)


def _placed(
    pipeline: Pipeline, prefix: str, where: Where, places: Mapping[str, Where | None]
) -> Pipeline:
    """The pipeline with each step where its node is; notebooks are beside what is imported."""

    def placed(step: Step) -> Step:
        path = prefix + step.name
        at = places.get(path) or where
        found = rebuilt(step, lambda inner, key: _placed(inner, f"{path}{key}.", at, places))
        return found if isinstance(step, NotebookTask) else replace(found, where=at)

    handler = pipeline.on_failure and _placed(pipeline.on_failure, "on_failure.", where, places)
    return replace(pipeline, steps=[*map(placed, pipeline.steps)], on_failure=handler)


def root_of(path: Path) -> Path:
    """The folder of a project that is given as such, or by its ``pyproject.toml``."""
    root = path if path.is_dir() else path.parent
    if not (root / "pyproject.toml").is_file():
        raise SourceError(f"'{path}' is no Kedro project: it has no pyproject.toml")
    return root


def translated(project: Project, root: Path) -> Import:
    """The pipeline of a project that has been looked at."""
    tell = Tell(root)
    steps = steps_of(project, root, tell)
    tasks = steps.tasks()
    datasets = _datasets(project, steps, tell)
    _tell_of_parameters(project, tell)
    _tell_of_the_rest(project, steps.facts, tell)
    pipeline = Pipeline(
        tasks,
        name=project.name if project.pipeline == "__default__" else project.pipeline,
        description=_about(project),
        parameters=project.parameters,
        datasets=datasets,
        order="data",
        where=Where(str(root / "pyproject.toml")),
    )
    text = steps.wrappers.text
    files = {f"{steps.wrappers.module}.py": text} if text else {}
    return Import(pipeline, root, files, [root / project.src], Report(tell.findings))


def steps_of(project: Project, root: Path, tell: Tell) -> Steps:
    """The tasks of a project, with the names that its datasets have here."""
    about = f"How nodes of '{project.name}' call the functions of the project."
    wrappers = Wrappers(_module(root / project.src), about)
    entries = {entry.name: entry for entry in project.entries}
    return Steps(project, entries, tell, wrappers, frozenset(_facts(project, root)))


def _facts(project: Project, root: Path) -> list[str]:
    """The facts of a run that a hook tells nodes, as in every project that bridge writes."""
    file = root / project.src / project.package / "hooks.py"
    told = [hook.name for hook in project.hooks] == [f"{project.package}.hooks.RunFacts"]
    return facts_told(file.read_text("utf-8")) if told and file.is_file() else []


def _module(src: Path) -> str:
    """A name for the module of generated functions that the project has not."""
    name = "functions"
    while (src / f"{name}.py").exists() or (src / name).exists():
        name = f"node_{name}"
    return name


def _about(project: Project) -> str:
    """What is told of the pipeline, but for what Kedro's template says of every one."""
    return "" if project.about.startswith("This is a boilerplate pipeline") else project.about


def _datasets(project: Project, steps: Steps, tell: Tell) -> dict[str, Dataset]:
    found: dict[str, Dataset] = {}
    for entry in project.entries:
        if entry.name not in steps.names:
            text = f"'{entry.name}' is read and written by no node of '{project.pipeline}'"
            tell(Level.CARRIED, Feature.DATASET, f"catalog[{entry.name!r}]", text, entry.place)
            continue
        dataset = to_dataset(entry, tell)
        if dataset:
            found[steps.names[entry.name]] = dataset
    for name, place in project.patterns.items():
        used = [entry.name for entry in project.entries if entry.pattern == name]
        text = f"the factory '{name}' makes {', '.join(used) or 'nothing here'}"
        tell(Level.CARRIED, Feature.DATASET, f"catalog[{name!r}]", text, place)
    return found


def _tell_of_parameters(project: Project, tell: Tell) -> None:
    for name in project.parameters:
        place = project.lines.get(name)
        attribute = f"parameters[{name!r}]"
        if name in project.odd:
            text = f"the parameter '{name}' holds what is no JSON; write it as text"
            tell(Level.UNSUPPORTED, Feature.PARAMETERS, attribute, text, place)
        else:
            text = f"'{name}' is a parameter of the run"
            tell(Level.CARRIED, Feature.PARAMETERS, attribute, text, place)


_RESOLVED: Mapping[str, tuple[Level, str]] = {
    "globals": (Level.CARRIED, "its value is written where it stands"),
    "runtime_params": (
        Level.APPROXIMATED,
        "its default is written where it stands; a parameter of the run changes it no more",
    ),
}


def _tell_of_the_rest(project: Project, facts: Collection[str], tell: Tell) -> None:
    """Hooks, plugins, settings, and values that are worked out when configuration is loaded."""
    for hook in project.hooks:
        for method, place in hook.methods.items():
            if facts:
                text = f"{hook.name} tells {' and '.join(facts)}, which tasks are given"
                tell(Level.CARRIED, Feature.INPUTS_FACT, f"hooks.{method}", text, place)
                continue
            text = f"{hook.name} does something {method.replace('_', ' ')}, which is left out"
            tell(Level.DROPPED, Feature.FOREIGN, f"hooks.{method}", text, place)
    where = Place("pyproject.toml")
    for plugin in project.plugins:
        text = f"the hooks of the installed plugin {plugin} watch runs of Kedro alone"
        tell(Level.APPROXIMATED, Feature.FOREIGN, f"plugin {plugin}", text, where)
    for said in project.settings:
        carried = said.what.startswith("CONFIG_LOADER")
        text = "what it finds is what is read" if carried else "it counts for runs of Kedro alone"
        level = Level.CARRIED if carried else Level.DROPPED
        tell(level, Feature.FOREIGN, said.what, f"{said.what}: {text}", said.place)
    for said in project.resolvers:
        usual = (Level.APPROXIMATED, "what it comes to today is written where it stands")
        level, text = _RESOLVED.get(said.what.strip("${ ").partition(":")[0].strip(), usual)
        tell(level, Feature.FOREIGN, said.what, f"{said.what}: {text}", said.place)
