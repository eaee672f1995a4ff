"""From a flow to a pipeline, with ``functions.py`` and a finding for each thing that was said."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from bridge.adapter import Import, Source
from bridge.emit.names import Names
from bridge.emit.python import docstring, finish
from bridge.errors import SourceError
from bridge.model import Pipeline, Step
from bridge_metaflow.reading.bodies import Bodies
from bridge_metaflow.reading.compose import Composer
from bridge_metaflow.reading.decorators import OfFlow, Policy, of_flow, of_step
from bridge_metaflow.reading.functions import Signatures
from bridge_metaflow.reading.graph import FlowStep, steps
from bridge_metaflow.reading.idioms import find
from bridge_metaflow.reading.included import reading_task
from bridge_metaflow.reading.methods import Methods
from bridge_metaflow.reading.module import Needed, bound_at_top, module_text
from bridge_metaflow.reading.names import FlowNames
from bridge_metaflow.reading.own.check import is_right
from bridge_metaflow.reading.own.flow import Guess, guess, is_likely
from bridge_metaflow.reading.parameters import Given, givens
from bridge_metaflow.reading.remarks import Remarks
from bridge_metaflow.reading.rewrite import BUILTINS, bound
from bridge_metaflow.reading.source import FlowSource, load
from bridge_metaflow.reading.structure import Series, structure
from bridge_metaflow.reading.told import Told
from bridge_metaflow.reading.uses import Uses
from bridge_metaflow.reading.versions import Versions
from bridge_metaflow.reading.writing import Written
from bridge_metaflow.remarks import pipeline_name

__all__ = ["Apart", "Read", "read", "read_flow", "take_apart"]


@dataclass
class Apart:
    """How a flow was taken apart into functions, in the text of a ``module``."""

    steps: dict[str, FlowStep]
    series: Series
    uses: Uses
    written: dict[str, Written]
    module: str
    text: str
    classes: list[str]


@dataclass
class Read:
    """A flow understood, and the pipeline that it becomes.

    One that was written for a pipeline did not have to be taken ``apart``; there is the ``guess``.
    """

    source: FlowSource
    given: dict[str, Given]
    pipeline: Pipeline
    told: Told
    apart: Apart | None = None
    guess: Guess | None = None


def read(source: Source) -> Import:
    """The pipeline of a flow's file. Raises SourceError."""
    found = read_flow(source)
    apart = found.apart
    return Import(
        pipeline=found.pipeline,
        root=found.source.folder,
        files={f"{apart.module}.py": apart.text} if apart and apart.text else {},
        search=[found.source.folder],
        report=found.told.report(),
    )


def read_flow(source: Source) -> Read:
    """All that is known of a flow. Raises SourceError."""
    if source.path.is_dir():
        raise SourceError(f"'{source.path}' is a folder; name the file of the flow in it")
    flow = load(source.path, source.name)
    if is_likely(flow) and (known := guess(flow)) and is_right(flow):
        given = givens(flow, Told())
        return Read(flow, given, known.pipeline, known.told, guess=known)
    return take_apart(flow)


def take_apart(flow: FlowSource) -> Read:
    """A flow that somebody wrote by hand, or has changed since bridge wrote it."""
    told = Told()
    found = steps(flow)
    given = givens(flow, told)
    known = {name: g.value for name, g in given.items() if g.kind == "Config"}
    of_all = of_flow(flow, known, told)
    policies = {name: of_step(step, known, told) for name, step in found.items()}
    for policy in policies.values():
        policy.dependencies[:0] = of_all.dependencies
    idioms = find(found)
    series = structure(found)
    caught = {name: p.caught for name, p in policies.items() if p.caught is not None}
    uses = Uses(flow, found, series, given, caught, idioms)
    versions = Versions(uses, series)
    return _Reading(flow, found, series, given, uses, versions, policies, of_all, told).read()


@dataclass
class _Reading:
    flow: FlowSource
    found: dict[str, FlowStep]
    series: Series
    given: dict[str, Given]
    uses: Uses
    versions: Versions
    policies: dict[str, Policy]
    of_flow: OfFlow
    told: Told

    def read(self) -> Read:
        functions, constants = self._names()
        conditions = {s.next.condition for s in self.found.values() if s.next.condition}
        taken = {*self.uses.names, *functions.values(), *constants.values()}
        taken |= {
            self.versions.name(v)
            for e in self.versions.after.values()
            for r in e.values()
            for v in r.values
        }
        all = Signatures(self.uses, self.versions, FlowNames(taken), conditions)
        for split, item in self.uses.idioms.items.items():
            if item.isidentifier():
                all.names.settle_item(split, item)
        caught = {
            name: (policy.caught, policy.retry.times if policy.retry else 0)
            for name, policy in self.policies.items()
            if policy.caught is not None
        }
        bodies = Bodies(all, functions, constants, caught)
        module = self._free_module()
        composer = Composer(bodies, self.policies, module)
        made = composer.steps(self.series, "nothing")
        readers = {
            n: reading_task(g, module) for n, g in self.given.items() if g.kind == "IncludeFile"
        }
        pipeline = self._pipeline([*(task for task, _ in readers.values()), *made])
        written = {w.step.name: w for w in composer.written}
        needed, text = self._text(bodies, composer.written, [t for _, t in readers.values()])
        of = (self.told, self.flow, self.series, self.uses, self.versions, written, needed)
        Remarks(*of).add()
        text_of = (module, text, needed.classes)
        apart = Apart(self.found, self.series, self.uses, written, *text_of)
        return Read(self.flow, self.given, pipeline, self.told, apart=apart)

    def _names(self) -> tuple[dict[str, str], dict[str, str]]:
        """The names of functions by step and method, and those of constants."""
        inner: set[str] = set(BUILTINS)
        for member in self.flow.members.values():
            if isinstance(member.node, ast.FunctionDef):
                inner |= bound(member.node) - {"self"}
        tops = {n for module, _ in self.flow.classes for n in bound_at_top(module)}
        names = Names({*inner, *tops, "SimpleNamespace", "Inputs", "agreed", "caught", "partial"})
        constants = {
            name: name if name not in inner | tops else names(f"constant {name}", f"{name}_value")
            for name in self.uses.constants
        }
        names.reserve(*constants.values())
        functions = {
            name: names(f"method {name}", name)
            for name, member in self.flow.members.items()
            if isinstance(member.node, ast.FunctionDef) and name not in self.found
        }
        names = Names({*BUILTINS, *tops, *functions.values(), *constants.values()})
        functions |= {name: names(f"step {name}", name) for name in self.found}
        return functions, constants

    def _free_module(self) -> str:
        return next(n for n in ("functions", "steps", "flow_functions") if not self.flow.find(n))

    def _pipeline(self, made: list[Step]) -> Pipeline:
        kept = {"metaflow": {"decorators": self.of_flow.kept}} if self.of_flow.kept else {}
        where = self.flow.module.where(self.flow.node)
        name, description = _described(self.flow.node)
        files = [str(g.value) for g in self.given.values() if g.kind == "IncludeFile" and g.value]
        return Pipeline(
            made,
            name=name,
            description=description,
            parameters={name: given.value for name, given in self.given.items()},
            schedule=self.of_flow.schedule,
            include=[f for f in files if self.flow.folder.joinpath(f).is_file() and _inside(f)],
            overrides=kept,
            where=where,
        )

    def _text(
        self, bodies: Bodies, written: list[Written], readers: list[str]
    ) -> tuple[Needed, str]:
        needed = Needed(self.flow, bodies.constants)
        needed.own(bodies.functions.values())
        needed.own([f"_{name}" for name in bodies.functions.values()])
        helpers = self._helpers(written)
        write = Methods(bodies.all, bodies.functions, bodies.constants).write
        methods = {name: write(name) for name in helpers}
        for name, text in methods.items():
            needed.add(text, self.flow.members[name].module)
        for one in written:
            needed.add(one.text, one.step.module)
            if not one.text and not one.reference:
                needed.name(one.name, one.step.module)
        for text in readers:
            needed.add(text, self.flow.module)
        if not readers and all(one.reference for one in written):
            return needed, ""
        needed.take_effects({m.path: m for m, _ in self.flow.classes}.values())
        texts = [*readers, *(w.text for w in written if w.text)]
        doc = docstring(f"The steps of {self.flow.name} as plain functions.")
        text = module_text(needed, doc, list(methods.values()), texts)
        return needed, finish(text, "functions.py")

    def _helpers(self, written: list[Written]) -> list[str]:
        """The methods that are called, those that others call first, in the order of the class."""
        wanted = {helper for one in written for helper in one.helpers}
        for name in [*wanted]:
            use = self.uses.helper(name)
            wanted |= {*use.helpers} if use else set()
        return [n for n in self.flow.members if n in wanted and n not in self.found]


def _inside(path: str) -> bool:
    return not path.startswith("/") and ".." not in path


def _described(node: ast.ClassDef) -> tuple[str, str]:
    """The name of the pipeline, and what is said of it."""
    text = (ast.get_docstring(node) or "").strip()
    match = re.fullmatch(r"The pipeline '(.*)'\.", text)
    return (match[1], "") if match else (pipeline_name(node.name), text)
