"""The conformance suite: what an engine must show of every feature that its adapter claims.

An adapter's whole conformance test::

    from bridge.testing.conformance import Conformance

    class TestFancy(Conformance):
        engine = "fancy"

A case whose features the adapter all declares native or emulated must run on the real engine and
give the expected record; a case with one that it declares unsupported must be refused, with its
finding. An adapter that claims more than it does fails.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, TypeVar

import pytest

from bridge.adapter import load
from bridge.compare import LOCAL, run_on
from bridge.errors import TranslationError
from bridge.findings import Feature, Level, Support
from bridge.fingerprint import fingerprint
from bridge.model import Pipeline
from bridge.record import Run
from bridge.runner import SUPPORT
from bridge.testing.cases import CARRIED, FAILING, PASSING, Case, Ends, together
from bridge.translate import render

__all__ = ["Conformance"]

T = TypeVar("T")

_RUNS = (Level.NATIVE, Level.EMULATED)
_REFUSED = (Level.UNSUPPORTED, Level.DROPPED)


class Conformance:
    """Subclass it and name the ``engine``; the tests come with it."""

    engine: ClassVar[str]
    brief: ClassVar[bool] = False
    """Leave out failing cases whose failure arises in the carried modules, which are the same
    everywhere, unless BRIDGE_CONFORMANCE is ``full``: for engines that take long to start."""

    @pytest.fixture(scope="class")
    @classmethod
    def folder(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """Where the cases that succeed are exported and run."""
        return tmp_path_factory.mktemp("conformance")

    @pytest.fixture(scope="class")
    @classmethod
    def record(cls, folder: Path) -> Run:
        """The record of all cases that succeed, side by side in one run."""
        cases = cls.carried()
        given = {name: value for case in cases for name, value in case.given.items()}
        with surrounded(cases):
            return cls.run(together(cases), given, folder)

    @classmethod
    def run(cls, pipeline: Pipeline, given: Mapping[str, object], folder: Path) -> Run:
        """The record that the engine gives."""
        return run_on(pipeline, cls.engine, given, folder)

    @classmethod
    def support(cls) -> Mapping[Feature, Support]:
        """What the engine claims."""
        return SUPPORT if cls.engine == LOCAL else load(cls.engine).support

    @classmethod
    def lacking(cls, case: Case) -> list[Feature]:
        """The features of a case that the engine does not claim to show."""
        return [f for f in sorted(case.features) if cls.support()[f].level not in _RUNS]

    @classmethod
    def carried(cls) -> list[Case]:
        """The cases that succeed and of which the engine claims every feature."""
        return [case for case in PASSING if not cls.lacking(case)]

    @classmethod
    def finishes(cls, case: Case) -> bool:
        """Whether the engine lets branches and items finish beside one that failed.

        What is carried out inside one task ends with the first failure, and gives nothing.
        """
        support = cls.support()
        alone = support[Feature.FAILURE_INDEPENDENT].level in _RUNS
        return alone and not any(support[f].level is Level.EMULATED for f in case.features & _WHOLE)

    @pytest.mark.parametrize("case", PASSING, ids=lambda case: case.name)
    def test_case(self, case: Case, record: Run) -> None:
        """The case's part of the record is as expected, or the case is refused."""
        if self.lacking(case):
            self.is_refused(case)
            return
        assert not record.error
        assert record.status == "succeeded"
        assert _steps(record, case.prefix) == self.ends(case, record, case.prefix)
        assert _exact(_part(record.parameters, case.values)) == _exact(case.values)
        assert _exact(_part(record.metrics, case.metrics)) == _exact(case.metrics)
        assert _part(record.objects, case.objects) == _fingerprints(case)
        assert _part(record.files, case.files) == _hashes(case)

    def test_nothing_else_is_in_the_record(self, record: Run) -> None:
        """All names of the record are those that the cases tell of."""
        cases = self.carried()
        assert record.on == self.engine
        assert set(record.parameters) == {name for case in cases for name in case.values}
        assert set(record.metrics) == {name for case in cases for name in case.metrics}
        assert set(record.objects) == {name for case in cases for name in case.objects}
        assert set(record.files) == {name for case in cases for name in case.files}
        steps = [case.prefix + path for case in cases for path in case.ended]
        assert {step.name for step in record.steps} <= {*steps}
        assert len({step.name for step in record.steps}) == len(record.steps)

    def test_the_executed_notebooks_are_kept(self, record: Run) -> None:
        """Each notebook as it ran is among the artifacts, with what it was given."""
        wanted = [text for case in self.carried() for text in case.notebooks]
        kept = [path for name, path in record.artifacts.items() if name.endswith(".ipynb")]
        texts = [Path(path).read_text(encoding="utf-8") for path in kept]
        assert len(texts) == len(wanted)
        assert [sum(f'"{text}' in kept for kept in texts) for text in wanted] == [1] * len(wanted)

    def test_no_secret_is_written_down(self, record: Run, folder: Path) -> None:
        """Neither an export nor a log nor anything else that is left holds a secret."""
        assert _spilt(folder, self.carried()) == []

    @pytest.mark.parametrize("case", FAILING, ids=lambda case: case.name)
    def test_failing_case(self, case: Case, tmp_path: Path) -> None:
        """The run fails at the step, with the exception, that the case tells of."""
        if self.lacking(case):
            self.is_refused(case)
            return
        if self.brief and case.name in CARRIED and os.environ.get("BRIDGE_CONFORMANCE") != "full":
            pytest.skip("the carried modules fail alike on every engine; BRIDGE_CONFORMANCE=full")
        with surrounded([case]):
            record = self.run(case.pipeline, case.given, tmp_path)
        assert record.status == "failed"
        self.tells_of_failure(case, record)
        assert _steps(record) == self.ends(case, record)
        possible = {**case.values, **case.independent}
        sure = {} if self.handles_in_one(case) else case.values
        found = {**_part(record.parameters, possible), **sure}
        expected = possible if self.finishes(case) else found
        assert _exact(record.parameters) == _exact(expected)
        assert record.metrics == case.metrics
        assert record.objects == _fingerprints(case)
        assert record.files == _hashes(case)
        assert _spilt(tmp_path, [case]) == []

    def handles_in_one(self, case: Case) -> bool:
        """Whether a failure is handled inside a task of the engine, which then gives no values."""
        if self.engine == LOCAL:
            return False
        findings = render(case.pipeline, self.engine).report.findings
        return any(f.feature is Feature.ON_FAILURE and f.level is Level.EMULATED for f in findings)

    def tells_of_failure(self, case: Case, record: Run) -> None:
        """The error in the record is the one that the case tells of."""
        assert case.failed is not None
        step, kind, text = case.failed
        assert record.error is not None
        assert record.error["step"] == step
        assert record.error["attempt"] == case.ended[step][1]
        assert record.error["type"] == kind or not kind
        assert text in record.error["text"]

    def ends(self, case: Case, record: Run, prefix: str = "") -> Ends:
        """How the steps of a case are to end.

        Where the engine does not let others finish beside a failure, they may be skipped, and the
        later items of a map need not have begun.
        """
        if self.finishes(case) or all(status != "failed" for status, _ in case.ended.values()):
            return case.ended
        found, skipped = _steps(record, prefix), ("skipped", 0)
        return {
            path: skipped if end[0] == "succeeded" and found.get(path) == skipped else end
            for path, end in case.ended.items()
            if path in found or end[0] == "failed" or not _is_item(path)
        }

    def is_refused(self, case: Case) -> None:
        """The translation is refused, and says by which features; or it tells what differs."""
        lacking = self.lacking(case)
        refused = {f for f in lacking if self.support()[f].level in _REFUSED}
        if not refused:
            report = render(case.pipeline, self.engine).report
            assert set(lacking) <= {f.feature for f in report.findings if f.level not in _RUNS}
            return
        with pytest.raises(TranslationError) as caught:
            render(case.pipeline, self.engine)
        assert {finding.feature for finding in caught.value.report.refused()} == refused


_WHOLE = {Feature.MAP, Feature.ON_FAILURE, Feature.CONDITIONAL, Feature.LOOP}


@contextmanager
def surrounded(cases: list[Case]) -> Iterator[None]:
    """With the variables of the cases in the environment."""
    with pytest.MonkeyPatch.context() as patch:
        for case in cases:
            for name, value in case.environ.items():
                patch.setenv(name, value)
        yield


def _steps(record: Run, prefix: str = "") -> Ends:
    """How the steps ended whose paths start with a prefix, by the rest of the path."""
    steps = [step for step in record.steps if step.name.startswith(prefix)]
    return {step.name.removeprefix(prefix): (step.status, step.attempts) for step in steps}


def _is_item(path: str) -> bool:
    """Whether a step is inside a map or a loop."""
    return any(part.isdecimal() for part in path.split("."))


def _spilt(folder: Path, cases: list[Case]) -> list[str]:
    """The files in which the first word of a secret can be read."""
    secrets = [secret.split()[0].encode() for case in cases for secret in case.secrets]
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [str(path) for path in files if any(map(path.read_bytes().__contains__, secrets))]


def _exact(values: Mapping[str, object]) -> str:
    """Values as JSON text, by which 1 is neither 1.0 nor true."""
    return json.dumps(values, sort_keys=True, indent=1)


def _fingerprints(case: Case) -> dict[str, str]:
    return {name: fingerprint(value) for name, value in case.objects.items()}


def _hashes(case: Case) -> dict[str, str]:
    return {name: _hash(text) for name, text in case.files.items()}


def _part(record: Mapping[str, T], of: Mapping[str, object]) -> dict[str, T]:
    return {name: record[name] for name in of if name in record}


def _hash(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
