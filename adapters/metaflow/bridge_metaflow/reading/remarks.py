"""What is to be said of a flow beside its parameters and decorators: its steps and their bodies."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from bridge.findings import Feature, Level
from bridge_metaflow.reading.current import FACTS, asked, is_current
from bridge_metaflow.reading.graph import FlowStep
from bridge_metaflow.reading.module import Needed
from bridge_metaflow.reading.source import FlowSource
from bridge_metaflow.reading.structure import Do, Each, Fork, Series, walk
from bridge_metaflow.reading.told import Told
from bridge_metaflow.reading.uses import Uses
from bridge_metaflow.reading.versions import Versions
from bridge_metaflow.reading.writing import Written

__all__ = ["Remarks"]

_LOOP = "a Loop with a limit of a million times"
_ALL = "in Metaflow their order is not certain; here it is that of the branches"
_WHOLE = (
    "{why}, so the body stays as it is, on a namespace that holds what it reads by name; "
    "write self.x in the step to have plain arguments"
)
_UNSEEN = (
    "what is {done} by a name that is worked out cannot be seen; the attributes that the flow "
    "{done_by_name} somewhere by name are handed on"
)


@dataclass
class Remarks:
    """Adds the findings; ``written`` are the functions by step."""

    told: Told
    source: FlowSource
    series: Series
    uses: Uses
    versions: Versions
    written: Mapping[str, Written]
    needed: Needed

    def add(self) -> None:
        """All of them, step by step."""
        for do in walk(self.series):
            self._step(do.step)
            self._next(do.step)
            self._body(do)
            self._unknown(do.step)
        for part, why in self.uses.idioms.absorbed:
            self.told.add(Feature.MAP, part.name, "@step", Level.CARRIED, why, part.where)
            self._next(part)
        self._members()
        self._module()
        for step, name in self.versions.stuck:
            self.told.add(
                *(Feature.INPUTS, step, f"self.{name}", Level.UNSUPPORTED),
                "several steps set it, and which one is read cannot be said in a pipeline; "
                "give what they set different names",
                self.uses.steps[step].where,
            )

    # Steps and transitions

    def _step(self, step: FlowStep) -> None:
        written = self.written.get(step.name)
        how = "a plain function" if written else "it does nothing, so it has no task"
        feature = Feature.PYTHON if written else Feature.STUB
        self.told.add(feature, step.name, "@step", Level.CARRIED, how, step.where)

    def _next(self, step: FlowStep) -> None:
        call, following = step.next.call, step.next
        if call is None:
            return
        where = step.module.where(call)
        feature, level, how = self._transition(step)
        self.told.add(feature, step.name, "self.next", level, how, where)
        for keyword in call.keywords:
            at = step.module.where(keyword.value)
            ends = {
                "foreach": self._foreach(step),
                "condition": (level, f"the value of '{following.condition}' decides"),
                "num_parallel": (level, how),
            }
            self.told.add(
                feature, step.name, f"self.next({keyword.arg})", *ends[str(keyword.arg)], at
            )

    def _transition(self, step: FlowStep) -> tuple[Feature, Level, str]:
        following = step.next
        if following.parallel:
            how = "tasks of a gang that know of each other are nothing that a pipeline has"
            return Feature.FOREIGN, Level.UNSUPPORTED, how
        if following.condition and step.name in following.targets:
            return Feature.LOOP, Level.EMULATED, _LOOP
        if following.condition:
            return Feature.CONDITIONAL, Level.CARRIED, "a Conditional"
        if following.over:
            return Feature.MAP, Level.CARRIED, "a Map"
        if len(following.targets) > 1:
            return Feature.PARALLEL, Level.CARRIED, "a Parallel"
        return Feature.ORDER_AFTER, Level.CARRIED, "the order of the steps"

    def _foreach(self, step: FlowStep) -> tuple[Level, str]:
        each = next((e for e in self.uses.splits if e.split is step), None)
        if each and self.uses.by_number(each):
            return Level.EMULATED, "the Map goes over the numbers of the items"
        return Level.CARRIED, "the Map goes over its items"

    # Bodies

    def _body(self, do: Do) -> None:
        step, use = do.step, self.uses.of[do.step.name]
        written = self.written.get(step.name)
        if written and written.whole and step.name not in self.uses.caught:
            node = next((node for node, why in use.whole if why == written.whole), step.function)
            how = _WHOLE.format(why=written.whole)
            self._tell(step, "self", Feature.PYTHON, Level.EMULATED, how, node)
        if written and written.unclear:
            how = "what belongs to the flow stands inside of text; give it a name before"
            self._tell(step, "text", Feature.PYTHON, Level.UNSUPPORTED, how, written.unclear)
        for reasons, done in ((use.any_read, "read"), (use.any_set, "set")):
            for node, _ in reasons[:1]:
                how = _UNSEEN.format(done=done, done_by_name="reads")
                self._tell(step, f"self ({done})", Feature.FOREIGN, Level.APPROXIMATED, how, node)
        for name, change in use.changes.items():
            if not change.sure and name in self.versions.outputs[step.name]:
                how = "it may be changed by what it is given to, so it is handed on too"
                self._tell(step, f"self.{name}", Feature.PICKLED, Level.EMULATED, how, change.node)
        for name in sorted(use.perhaps):
            how = "None stands for an attribute that is not there"
            self._tell(step, f"self.{name}", Feature.INPUTS, Level.EMULATED, how, step.function)
        self._join(do)
        self._current(step)

    def _join(self, do: Do) -> None:
        join = self.uses.joins.get(do.step.name)
        if not join:
            return
        if join.rest and isinstance(do.joins, Fork) and do.step.name not in self.uses.caught:
            self._tell(do.step, "inputs", Feature.FOREIGN, Level.APPROXIMATED, _ALL, join.rest)
        made = self.versions.agreed.get(do.step.name, {})
        for merge in join.merges:
            how = "the values stay in the scope"
            if made:
                how = f"the function sees to it that all branches agree on {', '.join(made)}"
            level = Level.EMULATED if made else Level.CARRIED
            feature = Feature.MAP if isinstance(do.joins, Each) else Feature.PARALLEL
            self._tell(do.step, "self.merge_artifacts", feature, level, how, merge.statement)

    def _current(self, step: FlowStep) -> None:
        for found in asked(self.uses, step.name):
            level, how = Level.UNSUPPORTED, "a run has no such fact here"
            if found.name in FACTS:
                level, how = Level.CARRIED, f"the fact '{FACTS[found.name][0]}' of the run"
            elif found.name in ("step_name", "flow_name"):
                level, how = Level.CARRIED, "the name itself"
            elif found.name == "card":
                level = Level.APPROXIMATED
                how = "a card is made only where Metaflow runs the step; metaflow is imported"
            where = found.module.where(found.node)
            attribute = f"current.{found.name}"
            self.told.add(Feature.INPUTS_FACT, step.name, attribute, level, how, where)

    def _unknown(self, step: FlowStep) -> None:
        for name in sorted(self.versions.unknown.get(step.name, ())):
            node = self.uses.of[step.name].loads.get(name, step.function)
            how = "nothing in the flow sets it by name before; set it in a step that comes before"
            if name in self.source.members:
                how = "a member of the class of which the value cannot be told"
            self._tell(step, f"self.{name}", Feature.INPUTS, Level.UNSUPPORTED, how, node)

    def _tell(
        self,
        step: FlowStep,
        attribute: str,
        feature: Feature,
        level: Level,
        how: str,
        node: ast.AST,
    ) -> None:
        where = step.module.where(node)
        self.told.add(feature, step.name, attribute, level, how, where)

    # What is beside the steps

    def _members(self) -> None:
        for step, name, node in self.uses.constants_changed:
            how = "a step changes it in place, which others would see here; let it change a copy"
            self._tell(step, f"self.{name}", Feature.PYTHON, Level.UNSUPPORTED, how, node)
        for name, member in self.source.members.items():
            where = member.module.where(member.node)
            if name in self.uses.constants:
                how = (
                    "a constant of the module" if name in self.needed.class_constants else "unused"
                )
                self.told.add(Feature.PYTHON, "", name, Level.CARRIED, how, where)
            elif isinstance(member.node, ast.FunctionDef) and name not in self.uses.steps:
                used = any(name in w.helpers for w in self.written.values())
                how = "a function of the module" if used else "unused"
                self.told.add(Feature.PYTHON, "", f"def {name}", Level.CARRIED, how, where)
            elif isinstance(member.node, ast.ClassDef | ast.AsyncFunctionDef):
                how = "only methods, properties and values of a flow are read; move it out of it"
                self.told.add(Feature.PYTHON, "", name, Level.UNSUPPORTED, how, where)

    def _module(self) -> None:
        for module, node in self.needed.flow_used:
            how = "a step uses the class of the flow itself; move what it needs out of it"
            self.told.add(
                *(Feature.PYTHON, "", self.source.name, Level.UNSUPPORTED, how, module.where(node))
            )
        for module, statement in self.needed.effects:
            how = "done when the module is loaded, once for all steps instead of once for each"
            text = ast.unparse(statement).partition("\n")[0]
            self.told.add(
                *(Feature.PYTHON, "", text, Level.APPROXIMATED, how, module.where(statement))
            )
        for name, module in self.needed.twice.items():
            how = "two modules of the flow have something of this name; rename one"
            self.told.add(
                *(Feature.PYTHON, "", name, Level.UNSUPPORTED, how, module.where(module.tree))
            )
        self._client()

    def _client(self) -> None:
        """Metaflow itself used in a body."""
        for name, written in self.written.items():
            step = written.step
            used = step.module.metaflow
            for node in (n for part in step.function.body for n in ast.walk(part)):
                known = isinstance(node, ast.Name) and used.get(node.id)
                if known and known not in ("current", "step") and not is_current(node, step.module):
                    how = "Metaflow is used in the body, so it has to be there wherever this runs"
                    where = step.module.where(node)
                    self.told.add(Feature.FOREIGN, name, known, Level.APPROXIMATED, how, where)
