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
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from bridge.adapter import load
from bridge.compare import LOCAL, run_on
from bridge.errors import TranslationError
from bridge.findings import Feature, Level, Support
from bridge.fingerprint import fingerprint
from bridge.model import Pipeline
from bridge.record import Run
from bridge.runner import SUPPORT
from bridge.testing.cases import FAILING, PASSING, Case, together
from bridge.translate import render

__all__ = ["Conformance"]

_RUNS = (Level.NATIVE, Level.EMULATED)


class Conformance:
    """Subclass it and name the ``engine``; the tests come with it."""

    engine: ClassVar[str]

    @pytest.fixture(scope="class")
    @classmethod
    def record(cls, tmp_path_factory: pytest.TempPathFactory) -> Run:
        """The record of all cases that succeed, side by side in one run."""
        cases = [case for case in PASSING if not cls.lacking(case)]
        given = {name: value for case in cases for name, value in case.given.items()}
        return cls.run(together(cases), given, tmp_path_factory.mktemp("conformance"))

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

    @pytest.mark.parametrize("case", PASSING, ids=lambda case: case.name)
    def test_case(self, case: Case, record: Run) -> None:
        """The case's part of the record is as expected, or the case is refused."""
        if self.lacking(case):
            self.is_refused(case)
            return
        assert not record.error
        assert _part(record.parameters, case.values) == case.values
        assert _part(record.metrics, case.metrics) == case.metrics
        expected = {name: fingerprint(value) for name, value in case.objects.items()}
        assert _part(record.objects, expected) == expected
        hashes = {name: _hash(text) for name, text in case.files.items()}
        assert _part(record.files, hashes) == hashes

    def test_nothing_else_is_in_the_record(self, record: Run) -> None:
        """All names of the record are those that the cases tell of."""
        cases = [case for case in PASSING if not self.lacking(case)]
        assert set(record.parameters) == {name for case in cases for name in case.values}
        assert set(record.metrics) == {name for case in cases for name in case.metrics}
        assert set(record.objects) == {name for case in cases for name in case.objects}
        assert set(record.files) == {name for case in cases for name in case.files}

    def test_every_step_is_in_the_record(self, record: Run) -> None:
        """Every task is there by its path, and succeeded at the first attempt."""
        from bridge.flow import analyse

        cases = [case for case in PASSING if not self.lacking(case)]
        steps = {step.name: (step.status, step.attempts) for step in record.steps}
        assert steps == dict.fromkeys(analyse(together(cases)).nodes, ("succeeded", 1))

    def test_the_executed_notebook_is_kept(self, record: Run) -> None:
        """The notebook as it ran is among the artifacts, with what it was given and its code."""
        kept = [path for name, path in record.artifacts.items() if name.endswith(".ipynb")]
        assert len(kept) == 1
        text = Path(kept[0]).read_text(encoding="utf-8")
        assert "note_in = 21" in text
        assert "note_object = {note_in" in text

    @pytest.mark.parametrize("case", FAILING, ids=lambda case: case.name)
    def test_failing_case(self, case: Case, tmp_path: Path) -> None:
        """The run fails at the step, with the exception, that the case tells of."""
        if self.lacking(case):
            self.is_refused(case)
            return
        assert case.failed is not None
        step, kind, text = case.failed
        record = self.run(case.pipeline, case.given, tmp_path)
        assert record.status == "failed"
        assert record.error is not None
        assert record.error["step"] == step
        assert record.error["type"] == kind or not kind
        assert text in record.error["text"]
        statuses = {found.name: found.status for found in record.steps}
        assert statuses[step] == "failed"
        assert _part(record.parameters, case.values) == case.values
        if self.support()[Feature.FAILURE_INDEPENDENT].level in _RUNS:
            assert _part(record.parameters, case.independent) == case.independent

    def is_refused(self, case: Case) -> None:
        """The translation is refused, and says by which features."""
        with pytest.raises(TranslationError) as caught:
            render(case.pipeline, self.engine)
        refused = {finding.feature for finding in caught.value.report.refused()}
        assert refused == set(self.lacking(case))


def _part(record: Mapping[str, object], of: Mapping[str, object]) -> dict[str, object]:
    return {name: record[name] for name in of if name in record}


def _hash(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
