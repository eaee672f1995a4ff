"""Writing a Kedro project: a pure function from a pipeline to texts."""

from __future__ import annotations

import sys
import sysconfig
from importlib.machinery import PathFinder

from bridge.adapter import Export, Options
from bridge.emit.carried import PACKAGE, carried
from bridge.emit.names import Names, identifier
from bridge.findings import Level
from bridge.flow import Flow, analyse
from bridge.model import Pipeline
from bridge_kedro.asked import dependencies, refuse_overrides
from bridge_kedro.datasets import catalog, catalog_text, classes_text
from bridge_kedro.nodes import Nodes, references
from bridge_kedro.pipeline import pipeline_text
from bridge_kedro.plan import Plan
from bridge_kedro.project import project_files, requirements, to_yaml

__all__ = ["CODE", "write"]

CODE = "src"
"""The folder that Kedro puts on Python's path."""


def write(pipeline: Pipeline, options: Options) -> Export:
    """The project for ``pipeline``. Raises ModelError when the pipeline contradicts itself."""
    refuse_overrides(pipeline)
    flow = analyse(pipeline)
    plan = Plan(flow)
    nodes = Nodes(plan)
    package = _package(flow)
    folder = f"{CODE}/{package}/pipelines/{package}"
    about = pipeline.description or f"The pipeline '{pipeline.name}'."
    stores = any(node.puts or node.gets for node in flow.nodes.values())
    held = [pipeline.datasets[name] for name in plan.stored]
    secrets = list(dict.fromkeys(found.credentials for found in held if found.credentials))

    files = project_files(pipeline, package, stores, plan.facts, secrets)
    files[f"{folder}/pipeline.py"] = pipeline_text(plan, nodes, options, about)
    files[f"{folder}/__init__.py"] = _PIPELINE_INIT
    if own := nodes.text(f"The nodes of the pipeline '{pipeline.name}'."):
        files[f"{folder}/nodes.py"] = own

    entries = catalog(plan, package)
    files["conf/base/catalog.yml"] = catalog_text(entries)
    files["conf/base/parameters.yml"] = (
        to_yaml(pipeline.parameters) if pipeline.parameters else "# There are none.\n"
    )
    if classes := classes_text(entries, package):
        files[f"{CODE}/{package}/datasets.py"] = classes
    files["requirements.txt"] = requirements(nodes.carries, bool(entries), dependencies(pipeline))
    files |= {f"{CODE}/{path}": text for path, text in carried(nodes.carries).items()}
    return Export(files, CODE, told=_told(pipeline, plan))


def _told(pipeline: Pipeline, plan: Plan) -> dict[tuple[str, str], tuple[Level, str]]:
    """What became of the datasets: not every one is an entry of the catalog."""
    others = [name for name in pipeline.datasets if name not in plan.stored]
    text = "is loaded and saved by its own class, in the node's function"
    return {("", f"datasets[{name!r}]"): (Level.EMULATED, f"'{name}' {text}") for name in others}


def _package(flow: Flow) -> str:
    """A package's name like the pipeline's that hides no module that its code may import."""
    own = {found.module.partition(".")[0] for found in references(flow.pipeline)}
    own |= {found.type.partition(".")[0] for found in flow.pipeline.datasets.values()}
    wanted = identifier(flow.pipeline.name, ascii_only=True, lower=True).strip("_") or "project"
    names = Names({*sys.stdlib_module_names, *own, PACKAGE, *filter(_is_installed, [wanted])})
    return names(wanted)


def _is_installed(module: str) -> bool:
    places = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    return PathFinder.find_spec(module, places) is not None


_PIPELINE_INIT = """\
from .pipeline import create_pipeline

__all__ = ["create_pipeline"]
"""
