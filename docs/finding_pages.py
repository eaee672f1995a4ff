"""The pages about findings: for each code what was said, what becomes of it where, what to do.

The causes come from the tables of support and from what is told of the pipelines of the
conformance suite.
"""

from __future__ import annotations

from functools import cache

from tables import table

from bridge.adapter import load
from bridge.findings import Feature, Finding, Level, Support
from bridge.hints import HINTS
from bridge.lower.without import can_be_left_out
from bridge.model import Pipeline, Stub
from bridge.runner import SUPPORT
from bridge.testing.cases import FAILING, PASSING
from bridge.translate import check

__all__ = ["EXAMPLES", "codes", "index", "page"]

EXAMPLES = {
    Feature.PYTHON: "PythonTask(function=train)",
    Feature.NOTEBOOK: 'NotebookTask(name="report", notebook="report.ipynb")',
    Feature.SHELL: 'ShellTask(name="pack", command="tar czf models.tgz models")',
    Feature.STUB: 'Stub(name="later")',
    Feature.FOREIGN: 'ForeignTask(name="wait", framework="airflow", '
    'definition={"class": "FileSensor"})',
    Feature.PARAMETERS: 'Pipeline(steps, parameters={"epochs": 8})',
    Feature.INPUTS: 'PythonTask(function=train, inputs={"data": "table"})',
    Feature.INPUTS_PATH: 'PythonTask(function=train, inputs={"size": at("sizes", "small")})',
    Feature.INPUTS_CONSTANT: 'PythonTask(function=train, inputs={"size": constant(32)})',
    Feature.INPUTS_FACT: 'PythonTask(function=train, inputs={"run": fact("run_id")})',
    Feature.JSON: 'PythonTask(function=train, returns=["size"])',
    Feature.METRIC: 'PythonTask(function=train, returns=[metric("accuracy")])',
    Feature.PICKLED: 'PythonTask(function=train, returns=[pickled("model")])',
    Feature.CATALOG_GET: 'PythonTask(function=train, catalog=Catalog(get=["*.csv"]))',
    Feature.CATALOG_PUT: 'PythonTask(function=train, catalog=Catalog(put=["model.bin"]))',
    Feature.CATALOG_HASH: "PythonTask(function=train, "
    'catalog=Catalog(put=["big.bin"], store_copy=False))',
    Feature.INCLUDE: 'Pipeline(steps, include=["templates/*.html"])',
    Feature.ORDER_DATA: 'Pipeline(steps, order="data")',
    Feature.ORDER_AFTER: 'PythonTask(function=train, after=["clean"])',
    Feature.DESCRIPTION: 'Pipeline(steps, description="Trains every night.")',
    Feature.PARALLEL: 'Parallel(name="both", branches={"left": left, "right": right})',
    Feature.MAP: 'Map(name="each", branch=branch, iterate_on="files", iterate_as="file")',
    Feature.MAP_NESTED: 'inner = Map(name="inner", branch=branch, iterate_on="file", '
    'iterate_as="line")\n'
    'Map(name="each", branch=Pipeline([inner]), iterate_on="files", iterate_as="file")',
    Feature.MAP_REDUCER: 'Map(name="each", branch=branch, iterate_on="files", iterate_as="file", '
    "reducer=max)",
    Feature.CONDITIONAL: 'Conditional(name="if_large", parameter="large", '
    "branches={True: left, False: right})",
    Feature.LOOP: 'Loop(name="refine", branch=branch, max_iterations=5, break_on="good")',
    Feature.ON_FAILURE: "PythonTask(function=train, on_failure=tidy_up)",
    Feature.TERMINATE: "PythonTask(function=train, terminate_with_success=True)",
    Feature.RETRY: "PythonTask(function=train, retry=Retry(times=2, delay=60))",
    Feature.TIMEOUT: "PythonTask(function=train, timeout=600)",
    Feature.SCHEDULE: 'Pipeline(steps, schedule="0 6 * * *")',
    Feature.RESOURCES: "PythonTask(function=train, resources=Resources(cpu=2, memory=4096))",
    Feature.ENVIRONMENT: 'PythonTask(function=train, environment={"TZ": "UTC"})',
    Feature.SECRETS: 'PythonTask(function=train, secrets=["API_TOKEN"])',
    Feature.DEPENDENCIES: 'PythonTask(function=train, dependencies=["polars>=1"])',
    Feature.IMAGE: 'PythonTask(function=train, image="python:3.11-slim")',
    Feature.CACHE: "PythonTask(function=train, cache=True)",
    Feature.DATASET: 'Pipeline(steps, datasets={"cars": Dataset("pandas.CSVDataset", "cars.csv")})',
    Feature.OVERRIDES: 'PythonTask(function=train, overrides={"airflow": {"pool": "gpu"}})',
}
"""How each feature is said in a pipeline."""

_MEANS = {
    Level.CARRIED: "The target has the same.",
    Level.EMULATED: "The result is the same, by other means.",
    Level.APPROXIMATED: "The target has something else that comes near.",
    Level.DROPPED: "The target has nothing like it. With `--unsupported warn` or `ignore` it is "
    "left out; a TODO stands in its place.",
    Level.UNSUPPORTED: "The target has nothing like it, and nothing is written.",
}
_READING = (
    "No target ends so with it. Where a source of a framework is read, something in it may: the "
    "message says what it was there, and why, and where it stands."
)
_FURTHER = [Pipeline([Stub(name="s", overrides={"other": {"pool": "gpu"}})])]
"""Pipelines of which something is told that is told of no case of the conformance suite."""


def codes(adapters: list[str]) -> list[str]:
    """The codes of all findings that there can be: whoever reads a source may give each of them."""
    return [f"{feature}.{level}" for feature in EXAMPLES for level in _MEANS]


def index(adapters: list[str]) -> str:
    """Every feature that can be set, with the pages about what may become of it."""
    pages: dict[str, list[str]] = {}
    for code in codes(adapters):
        feature, _, level = code.rpartition(".")
        pages.setdefault(f"`{feature}`", []).append(f"[{level}]({code}.md)")
    return table(
        ["what is set", "what may become of it"], [[f, ", ".join(p)] for f, p in pages.items()]
    )


def page(code: str, adapters: list[str]) -> str:
    """What stands on the page of one code."""
    name, _, ending = code.rpartition(".")
    feature, level = Feature(name), Level(ending)
    hint = HINTS[feature].at(level)
    parts = [
        f"```python\n{EXAMPLES[feature]}\n```",
        _MEANS[level],
        *_where(feature, level, adapters),
        f"**What to do:** {hint}." if hint else "There is nothing to do.",
    ]
    return "\n\n".join(parts)


def _where(feature: Feature, level: Level, adapters: list[str]) -> list[str]:
    causes = _causes(tuple(adapters))
    cause = Level.UNSUPPORTED if level is Level.DROPPED else level
    rows = [
        [
            f"[{name}](../../adapters/{name}/README.md)" if name != "local" else name,
            "; ".join(found),
        ]
        for name, found in causes.get((feature, cause), {}).items()
    ]
    if rows or (level is Level.DROPPED and can_be_left_out(feature)):
        return [table(["target", "how"], rows)] if rows else []
    return [_READING]


Causes = dict[tuple[Feature, Level], dict[str, dict[str, None]]]


@cache
def _causes(adapters: tuple[str, ...]) -> Causes:
    """By what each target does so, for each feature and level that it may end at."""
    found: Causes = {}
    for name, support in {"local": SUPPORT, **{n: load(n).support for n in adapters}}.items():
        for feature in EXAMPLES:
            level, how = _of_table(support[feature])
            found.setdefault((feature, level), {}).setdefault(name, {})[how] = None
        for finding in _told(name) if name != "local" else ():
            if _of_table(support[finding.feature]) != (finding.level, how := _how(finding)):
                key = finding.feature, finding.level
                found.setdefault(key, {}).setdefault(name, {})[how] = None
    return found


def _of_table(support: Support) -> tuple[Level, str]:
    return (Level.CARRIED if support.level is Level.NATIVE else support.level), support.how


def _told(adapter: str) -> list[Finding]:
    pipelines = [*(case.pipeline for case in [*PASSING, *FAILING]), *_FURTHER]
    return [finding for pipeline in pipelines for finding in check(pipeline, adapter).findings]


def _how(finding: Finding) -> str:
    return finding.message.partition(": ")[2]
