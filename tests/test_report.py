"""The page of a comparison: it tells the verdict, and no text in it can do anything."""

from __future__ import annotations

from bridge.compare import Comparison, Difference
from bridge.model import Pipeline, Stub
from bridge.record import Run, StepRun
from bridge.report.page import render

HOSTILE = '</pre><script>"a"</script>'


def shown(found: Comparison) -> str:
    pipeline = Pipeline([Stub("step")], name=HOSTILE)
    return render(found, pipeline)


def test_engines_that_agree():
    runs = [Run("1", on, "succeeded", 2.0, {"x": 1}) for on in ("local", "other")]
    text = shown(Comparison(runs, []))
    assert '<div class="verdict agree">local, other agree: 1 values' in text
    assert "Where they part" not in text


def test_what_differs_and_what_failed_is_told():
    local = Run("1", "local", "succeeded", 2.0, steps=[StepRun("a", "succeeded", 1, 0.5)])
    error = {"step": "a", "attempt": 1, "type": "ValueError", "text": HOSTILE}
    other = Run("2", "other", "failed", 3.0, steps=[StepRun("a", "failed")], error=error)
    difference = Difference("parameters", HOSTILE, {"local": HOSTILE})
    found = Comparison([local, other], [difference], {"other": 1}, {"other": {"a.py": HOSTILE}})
    text = shown(found)
    assert '<div class="verdict part">other did not succeed' in text
    for told in ("failed, 0.00", "0.50", "not there", "ValueError: ", "a.py", "1 lines"):
        assert told in text
    assert "<script" not in text
    assert text.count("&lt;script&gt;") >= 5
