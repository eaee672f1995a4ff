"""Counts what a project says, by Kedro alone: ``python kedro_count.py PROJECT PIPELINE``."""

from __future__ import annotations

import sys
from pathlib import Path

from kedro.framework import startup
from kedro.framework.project import pipelines, settings

root = Path(sys.argv[1])
startup.kedro_version = "0" if "0.19" in (root / "pyproject.toml").read_text() else "1"
startup.bootstrap_project(root)
loader = settings.CONFIG_LOADER_CLASS(str(root / "conf"), **settings.CONFIG_LOADER_ARGS)
pipeline = pipelines[sys.argv[2]]

used = {name for node in pipeline.nodes for name in (*node.inputs, *node.outputs)}
total = sum(
    1  # its function
    + len(getattr(node.func, "keywords", {}))
    + len(node._inputs if isinstance(node._inputs, list | dict) else node.inputs)
    + len(node.outputs)
    + bool(node._name)
    + bool(node.namespace)
    + len(node.tags)
    + len(node.confirms)
    for node in pipeline.nodes
)
catalog = loader["catalog"]
total += sum("{" in name for name in catalog)
for name in {*used, *catalog}:
    entry = dict(catalog.get(name) or {})
    if not entry:  # made by a factory, or in memory
        parts = name.split(".") if "." in name else name.split("_")
        made = [e for n, e in catalog.items() if n == "{namespace}." + parts[-1] and "." in name]
        made += [e for n, e in catalog.items() if n == parts[0] + "_{name}" and "." not in name]
        entry = dict(made[0]) if made and not name.startswith("params:") else {}
    if "{" in name:
        continue
    if name not in used:
        total += 1
    elif entry.get("type") == "CachedDataset":
        total += len(entry.pop("dataset")) + len(entry) - 1
    else:
        total += len(entry)
total += len(loader["parameters"])
total += sum(len(vars(type(h)).keys() & {"before_pipeline_run", "after_node_run"})
             for h in settings.HOOKS)  # fmt: skip
total += sum(file.read_text().count("${") for file in (root / "conf" / "base").glob("*.yml"))
print("things:", total)
