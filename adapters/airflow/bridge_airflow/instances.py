"""How the tasks of a run ended, by the names that their steps have in the model."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from bridge.model import Conditional, Map
from bridge.record import Status, StepRun
from bridge.unit import Unit
from bridge_airflow.composites import CHOOSE, GATHERED, ITEMS, JOINED
from bridge_airflow.ids import Ids
from bridge_airflow.places import Places, Spot, is_composite
from bridge_airflow.reading import keys
from bridge_airflow.watch import Watch

__all__ = ["Instances"]

_STATUS: dict[str, Status] = {"success": "succeeded", "failed": "failed"}
_OWN = {Map: (ITEMS, GATHERED), Conditional: (CHOOSE, JOINED)}


class Instances:
    """The tasks of a DAG, and what became of them once they have ``ended``."""

    def __init__(self, places: Places, ids: Ids) -> None:
        self.places = places
        self._ids = ids
        self._spots: dict[str, Spot] = {}
        for spot in places.spots.values():
            for task_id in self._tasks(spot):
                self._spots[task_id] = spot
        self._states: dict[str, dict[int, Any]] = {}
        self._results: dict[tuple[str, int], Any] = {}

    def _tasks(self, spot: Spot) -> list[str]:
        """The ids of the tasks that a step is itself."""
        if not is_composite(spot.node):
            return [self._ids[spot.path]]
        return [self._ids.own(spot.path, name) for name in _OWN.get(type(spot.node.task), ())]

    def name(self, task_id: str, number: int) -> str:
        """The name in the record of the step that a task is, with the number of the item."""
        spot = self._spots.get(task_id)
        return _name(spot, number) if spot else task_id

    def ended(self, dag_run: Any, watch: Watch) -> None:
        """Take over how all tasks ended."""
        self._watch = watch
        for found in dag_run.get_task_instances():
            self._states.setdefault(found.task_id, {})[found.map_index] = found
        self._results = dict(_results(dag_run))

    # Steps of the outermost pipeline

    def step(self, path: str) -> StepRun | None:
        """How the step at a path ended; nothing for one that did not run."""
        spot = self.places.spots[path]
        if is_composite(spot.node):
            failed = any(found.state == "failed" for _, _, found in self._inside(spot))
            status = "failed" if failed else self._status(self._tasks(spot)[-1])
            return StepRun(path, status) if status else None
        return next((self._step(spot, i) for i in self._states.get(self._ids[path], ())), None)

    def error(self, path: str) -> dict[str, Any] | None:
        """The error by which the step at a path has failed, as it stands in a record."""
        spot = self.places.spots[path]
        for inner, number, found in self._inside(spot):
            if found.state == "failed":
                told = self._error(inner, number)
                return {"step": path, "attempt": found.try_number, **told}
        return None

    def result(self, path: str) -> Any:
        """What the step at a path has returned, as another task would be given it."""
        return self._results.get((self._tasks(self.places.spots[path])[-1], -1))

    def manifest(self, path: str) -> Mapping[str, str] | None:
        """The files that the step at a path has put."""
        return self._manifest(self.places.spots[path], -1)

    # All that is inside them

    def note(self, file: Path) -> None:
        """Note how the tasks of composites ended, each as a line of JSON, as those of units do."""
        lines = [
            json.dumps(note)
            for path in self.places.outermost.flow.nodes
            for note in self._notes(path)
        ]
        with file.open("a", encoding="utf-8") as notes:
            notes.writelines(f"{line}\n" for line in lines)

    def _notes(self, path: str) -> Iterator[dict[str, Any]]:
        spot = self.places.spots[path]
        if not is_composite(spot.node):
            return
        for inner, number, found in sorted(self._inside(spot), key=lambda ended: ended[1]):
            composite = is_composite(inner.node)
            if isinstance(inner.node.task, Unit) or (composite and found.state != "failed"):
                continue
            if step := self._step(inner, number):
                failed = step.status == "failed"
                yield {
                    "name": step.name,
                    "status": step.status,
                    "attempts": step.attempts,
                    "seconds": step.seconds,
                    "error": self._error(inner, number) if failed else None,
                    "files": dict(self._manifest(inner, number) or {}) if inner.node.puts else {},
                }

    def _inside(self, spot: Spot) -> Iterator[tuple[Spot, int, Any]]:
        """All that ran of a step and of those in it, with the number of the item."""
        for inner in self.places.parts[spot.path]:
            for task_id in self._tasks(inner):
                for number, found in sorted(self._states.get(task_id, {}).items()):
                    yield inner, number, found

    def _status(self, task_id: str) -> Status | None:
        found = self._states.get(task_id, {}).get(-1)
        return _STATUS.get(found.state) if found else None

    def _step(self, spot: Spot, number: int) -> StepRun | None:
        for task_id in self._tasks(spot):
            found = self._states.get(task_id, {}).get(number)
            if found is not None and (status := _STATUS.get(found.state)):
                name = _name(spot, number)
                seconds = self._watch.seconds.get(name, 0.0)
                if not is_composite(spot.node) or status == "failed":
                    return StepRun(name, status, found.try_number, seconds)
        return None

    def _error(self, spot: Spot, number: int) -> dict[str, str]:
        """The error of a step; that of a time limit as every engine tells of it."""
        found = self._watch.errors.get(_name(spot, number), {"type": "", "text": ""})
        if found["type"] != "AirflowTaskTimeout":
            return found
        text = f"timed out after {spot.node.task.timeout:g} seconds"
        return {"type": "TimeoutError", "text": text}

    def _manifest(self, spot: Spot, number: int) -> Mapping[str, str] | None:
        held = self._results.get((self._tasks(spot)[-1], number))
        if held:
            return held[keys(spot.node)[""]]  # type: ignore[no-any-return]
        return self._watch.manifests.get(_name(spot, number))


def _name(spot: Spot, number: int) -> str:
    mapped = spot.place.mapped
    if not mapped or number < 0:
        return spot.path
    return f"{mapped}.{number}{spot.path.removeprefix(mapped)}"


def _results(dag_run: Any) -> Iterator[tuple[tuple[str, int], Any]]:
    """What the tasks returned, by their ids and numbers, as another task would be given it."""
    from airflow.models.xcom import XComModel
    from airflow.sdk.execution_time.xcom import XCom
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        query = select(XComModel).where(
            XComModel.dag_id == dag_run.dag_id,
            XComModel.run_id == dag_run.run_id,
            XComModel.key == XCom.XCOM_RETURN_KEY,
        )
        rows: Iterable[Any] = session.scalars(query)
        for row in rows:
            yield (row.task_id, row.map_index), XCom.deserialize_value(row)
