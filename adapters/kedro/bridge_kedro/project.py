"""The files around the pipeline: settings, parameters, README."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import yaml

from bridge.emit.python import docstring, finish
from bridge.flow import walk
from bridge.model import Pipeline, Task
from bridge_kedro.tables import VERSION

__all__ = ["facts_told", "project_files", "requirements", "to_yaml"]

_WIDTH = 100
_WORDS = re.compile(r"[A-Za-z][\w./-]*( [\w./-]+)*")


def project_files(
    pipeline: Pipeline,
    package: str,
    stores: bool,
    facts: Collection[str],
    credentials: Collection[str],
) -> dict[str, str]:
    """The files around the pipeline, by path.

    ``stores`` says whether its tasks put files, ``facts`` are those of the run that they read,
    ``credentials`` the names of those that datasets ask for.
    """
    source, title = f"src/{package}", pipeline.name
    return {
        "pyproject.toml": _PYPROJECT.format(
            package=package, title=json.dumps(title, ensure_ascii=False), version=VERSION
        ),
        "README.md": _readme(pipeline, credentials),
        ".gitignore": _GITIGNORE,
        "conf/local/.gitkeep": "",
        f"{source}/__init__.py": docstring(title) + '\n\n__version__ = "0.1"\n',
        f"{source}/pipeline_registry.py": _REGISTRY,
        f"{source}/settings.py": _settings(package, stores, bool(facts), bool(credentials)),
        f"{source}/pipelines/__init__.py": "",
        **({f"{source}/hooks.py": _hooks(facts)} if facts else {}),
        **({"conf/base/credentials.yml": _credentials(credentials)} if credentials else {}),
    }


def _credentials(names: Iterable[str]) -> str:
    lines = [f"{json.dumps(name)}: ${{json:{variable(name)}}}" for name in names]
    return "\n".join(["# From the environment, which holds them as JSON.", *lines, ""])


def variable(credentials: str) -> str:
    """The variable of the environment that holds credentials of this name."""
    return f"PIPELINE_CREDENTIALS_{credentials.upper()}"


def _readme(pipeline: Pipeline, credentials: Collection[str]) -> str:
    parts = [_README.format(title=" ".join(pipeline.name.split()))]
    tasks = [step for _, step in walk(pipeline) if isinstance(step, Task)]
    if any(task.timeout or task.environment or task.secrets for task in tasks):
        parts.append(_NO_THREADS)
    if any(task.resources or task.image for task in tasks):
        parts.append(_MACHINES)
    if credentials:
        names = ", ".join(f"`{variable(name)}`" for name in credentials)
        parts.append(_CREDENTIALS.format(names=names))
    if pipeline.schedule:
        parts.append(_SCHEDULE.format(schedule=" ".join(pipeline.schedule.split())))
    return "\n".join(parts)


def _settings(package: str, stores: bool, hooks: bool, credentials: bool) -> str:
    needed = ["import json"] if credentials else []
    needed += ["import os"] if credentials or stores else []
    needed += ["from pathlib import Path"] if stores else []
    parts = [_SETTINGS, *(["\n".join(needed) + "\n"] if needed else [])]
    parts += [f"from {package}.hooks import RunFacts\n"] if hooks else []
    parts += [_STORE] if stores else []
    parts += [_HOOK] if hooks else []
    return "\n".join([*parts, *([_RESOLVERS] if credentials else [])])


def _hooks(facts: Collection[str]) -> str:
    imports = "from datetime import UTC, datetime\n\n" if "logical_date" in facts else ""
    lines = [f'        catalog["{fact}"] = {_FACTS[fact]}\n' for fact in facts]
    return _HOOKS.format(imports=imports) + "".join(lines)


def facts_told(text: str) -> list[str]:
    """The facts of a run that a module of hooks tells of; none if it is not as written here."""
    facts = [fact for fact, value in _FACTS.items() if value in text]
    is_ours = bool(facts) and text == finish(_hooks(facts), "hooks.py")
    return facts if is_ours else []


def requirements(carries: Iterable[str], datasets: bool, asked: Iterable[str]) -> str:
    """``requirements.txt``: Kedro, what the modules that come along import, what tasks ask for."""
    lines = ["kedro>=1.0,<2", *(["kedro-datasets>=9"] if datasets else [])]
    lines += ["ipykernel", "nbclient", "nbformat", "papermill"] if "notebook" in carries else []
    lines += [line for line in asked if line not in lines]
    return "\n".join(lines) + "\n"


def to_yaml(values: Mapping[str, Any]) -> str:
    """A mapping as YAML that Kedro's loader reads back unchanged, whatever its texts look like."""
    found = _escaped(dict(values))
    text = _dumped(found, _Fast)
    return text if _is_plain(text) else _dumped(found, _Dumper)


def _dumped(values: Any, dumper: Any) -> str:
    text: str = yaml.dump(values, Dumper=dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)
    return text


def _is_plain(text: str) -> bool:
    """Whether libyaml and PyYAML write it alike: nothing is escaped, folded, or an empty key."""
    is_short = max(map(len, text.split("\n"))) <= _WIDTH
    return is_short and text.isascii() and "\\" not in text and '""' not in text


class _Unaliased:
    def ignore_aliases(self, data: Any) -> bool:
        return True


class _Dumper(_Unaliased, yaml.SafeDumper):
    """Quotes every text that is not plain words: YAML and OmegaConf differ on what is a number."""


class _Fast(_Unaliased, getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """The same by libyaml, in a tenth of the time, which counts with thousands of datasets."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = None if _WORDS.fullmatch(text) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
_Fast.add_representer(str, _text)


def _escaped(value: Any) -> Any:
    """The value with ``${`` in its texts escaped, for Kedro replaces ``${name}`` by a value."""
    if isinstance(value, dict):
        return {key: _escaped(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_escaped(inner) for inner in value]
    if isinstance(value, str) and "${" in value:
        return re.sub(r"(\\*)\$\{", lambda found: f"{found[1] * 2}\\${{", value)
    return value


_PYPROJECT = """\
[project]
name = "{package}"
version = "0.1"
requires-python = ">=3.10"

[tool.kedro]
package_name = "{package}"
project_name = {title}
kedro_init_version = "{version}"
source_dir = "src"
"""

_README = """\
# {title}

A [Kedro](https://docs.kedro.org) project.

```
pip install -r requirements.txt
kedro run                                # the whole pipeline
kedro run --params name=value            # other parameters than those of conf/base/parameters.yml
kedro run --runner ParallelRunner        # at the same time what does not wait for one another
```

The pipeline is in `src/`, its datasets in `conf/base/catalog.yml`; what a run makes is in `data/`.
All nodes read and write files in the folder where `kedro run` was started.
"""

_NO_THREADS = """\
`ThreadRunner` does not fit: a time limit needs the main thread, and variables of the environment
are those of all threads.
"""

_MACHINES = """\
Kedro runs all nodes where it was started. What a task asks for is in `pipeline.py`, for those who
deploy it: tags such as `cpu-2` and `memory-512MB`, and the image in a comment.
"""

_CREDENTIALS = """\
The environment is to hold credentials as JSON: {names}. Whoever keeps them in
`conf/local/credentials.yml` instead takes `conf/base/credentials.yml` out.
"""

_SCHEDULE = """\
Kedro has no scheduler. As a line of a crontab, this runs the pipeline when it is due:

```
{schedule} cd path/to/this/folder && kedro run
```
"""

_GITIGNORE = """\
__pycache__/
conf/local/**
!conf/local/.gitkeep
data/
"""

_REGISTRY = '''\
"""Project pipelines."""

from __future__ import annotations

from kedro.framework.project import find_pipelines
from kedro.pipeline import Pipeline


def register_pipelines() -> dict[str, Pipeline]:
    """The project's pipelines, by name."""
    pipelines = find_pipelines(raise_errors=True)
    pipelines["__default__"] = sum(pipelines.values())
    return pipelines
'''

_SETTINGS = '''\
"""Project settings; what is not set here is as Kedro has it by default.

See https://docs.kedro.org/en/stable/configure/configuration_basics/#configuration
"""
'''

_RESOLVERS = """\
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    # ${json:NAME} in conf is what the environment holds as JSON under that name.
    "custom_resolvers": {"json": lambda name: json.loads(os.environ[name])},
}
"""

_STORE = """\
# Where the files that tasks hand on are kept, unless the environment says otherwise.
os.environ.setdefault("PIPELINE_STORE", str(Path(__file__).parents[2] / "data" / "store"))
"""

_HOOK = """\
HOOKS = (RunFacts(),)
"""

_HOOKS = '''\
"""What nodes may know of the run they are part of."""

{imports}from kedro.framework.hooks import hook_impl


class RunFacts:
    """Adds facts of the run to the catalog."""

    @hook_impl
    def after_catalog_created(self, catalog, save_version):
        """``save_version`` is the id of the session."""
'''

_FACTS = {
    "logical_date": "datetime.now(UTC).isoformat()",
    "run_id": "save_version",
}
