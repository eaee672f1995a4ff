"""Reading, writing and checking by adapters: the only callers of them besides the runs.

Files are written here and nowhere else: texts are finished (formatted, parsed again), the user's
own modules, notebooks and included files are laid beside them, and the whole appears at once or
not at all.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from bridge.adapter import Adapter, Export, Import, Options, load
from bridge.code import code_files
from bridge.emit.python import finish_all
from bridge.errors import BridgeError, ModelError, UsageError
from bridge.findings import (
    Attribute,
    Finding,
    Level,
    Report,
    account,
    attributes,
    ends,
    refuse,
)
from bridge.lower import Lowered, lower
from bridge.lower.groups import grouping
from bridge.lower.without import can_be_left_out, todos, without
from bridge.model import Pipeline
from bridge.native import FORMS

__all__ = ["check", "lowered", "paths", "render", "save", "write"]


def check(pipeline: Pipeline, to: str, group: str = "") -> Report:
    """What a translation to ``to`` would carry and not; nothing is written.

    Raises ModelError when the pipeline contradicts itself, UsageError when its steps cannot be
    grouped that way.
    """
    adapter = _target(to)
    found = _lowered(pipeline, adapter, group)
    report = Report(found.tell(account(pipeline, adapter.support, adapter.name).findings))
    return report if report.refused() else _written(adapter, found, report).report


def _target(name: str) -> Adapter:
    return FORMS.get(name) or load(name)


def lowered(pipeline: Pipeline, to: str, group: str = "", unsupported: str = "raise") -> Lowered:
    """The pipeline as the adapter ``to`` is given it, without what the target lacks."""
    adapter = _target(to)
    return _lowered(_kept(pipeline, adapter, unsupported)[0], adapter, group)


def _lowered(pipeline: Pipeline, adapter: Adapter, group: str) -> Lowered:
    if adapter in FORMS.values():
        return Lowered(pipeline)
    units = getattr(adapter, "units", None)
    grouped = grouping(pipeline, group, adapter.name) if group else {}
    return lower(pipeline, adapter.support, (units(pipeline) if units else {}), grouped)


def render(
    pipeline: Pipeline,
    to: str,
    unsupported: str = "raise",
    group: str = "",
    read: Import | None = None,
) -> Export:
    """The native project as finished texts, none of it on disk.

    With ``unsupported`` ``warn`` or ``ignore`` a policy that the target cannot carry is left out,
    with a TODO at its place, and a task of another framework becomes one that does nothing; a
    construct cannot be left out. With ``group`` steps share a place of the target. Where the
    pipeline was ``read`` by an adapter, what was lost then counts like what is lost now. Raises
    TranslationError otherwise, ModelError when the pipeline contradicts itself.
    """
    adapter = _target(to)
    strict = unsupported == "raise"
    lost = read.report.refused() if read else []
    refusal = f"'{to}' cannot carry this pipeline"
    kept, gone = _kept(pipeline, adapter, unsupported)
    try:
        found = _lowered(kept, adapter, group)
    except ModelError:  # may come of what was lost, which is the better thing to tell
        refuse(Report(lost if strict else []), refusal)
        raise
    report = Report(found.tell(account(kept, adapter.support, adapter.name).findings))
    refuse(Report([*lost, *report.findings] if strict else report.findings), refusal)
    told = todos([*lost, *gone], found.pipeline) if lost or gone else {}
    export = _written(adapter, found, report, told)
    if strict:
        refuse(export.report, refusal)
    if gone:
        export.report = _whole(pipeline, [*export.report.findings, *gone])
    python = {path: text for path, text in export.files.items() if path.endswith(".py")}
    export.files = dict(sorted({**export.files, **finish_all(python)}.items()))
    if read:
        own = code_files(pipeline)
        more = {path: text for path, text in read.files.items() if path not in own}
        export.files |= {_beside(export, path): text for path, text in more.items()}
    return export


def _kept(pipeline: Pipeline, adapter: Adapter, unsupported: str) -> tuple[Pipeline, list[Finding]]:
    """The pipeline without what is to be left out, and what that is."""
    if unsupported == "raise":
        return pipeline, []
    gone = [
        attribute.ended(Level.DROPPED, why)
        for attribute, level, why in ends(pipeline, adapter.support, adapter.name)
        if level is Level.UNSUPPORTED and can_be_left_out(attribute.feature)
    ]
    return (without(pipeline, gone) if gone else pipeline), gone


def _whole(pipeline: Pipeline, findings: Iterable[Finding]) -> Report:
    """The findings in reading order, and those of what went with something that is left out."""
    found = {(f.feature, f.step, f.attribute): f for f in findings}
    tasks = {f.step for f in found.values() if f.code == "foreign.dropped"}

    def gone(attribute: Attribute) -> Finding:
        what = "task" if attribute.step in tasks else "handler"
        return attribute.ended(Level.DROPPED, f"with the {what} that it belongs to")

    return Report([found.get(a[:3]) or gone(a) for a in attributes(pipeline)])


def _written(
    adapter: Adapter,
    found: Lowered,
    report: Report,
    todos: Mapping[str, Sequence[str]] | None = None,
) -> Export:
    """What the writer makes of a pipeline that can be carried, with the report."""
    export = adapter.write(found.pipeline, Options(todos or {}))
    findings = [
        replace(finding, level=told[0], message=told[1]) if told else finding
        for finding in report.findings
        for told in [export.told.get((finding.step, finding.attribute))]
    ]
    export.report = Report(findings)
    return export


def write(
    pipeline: Pipeline,
    to: str,
    folder: Path,
    unsupported: str = "raise",
    force: bool = False,
    group: str = "",
    read: Import | None = None,
) -> Export:
    """Write the native project for ``pipeline`` into ``folder`` and give what was written.

    Raises UsageError when the folder holds something already and ``force`` is not set.
    """
    if not force:
        _refuse_to_overwrite(folder)
    export = render(pipeline, to, unsupported, group, read)
    save(export, pipeline, folder)
    return export


def _refuse_to_overwrite(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"'{folder}' is there already and not empty; give --force to overwrite it")


def paths(export: Export, pipeline: Pipeline) -> list[str]:
    """The files of an export, generated and the user's own, by their paths in it."""
    return sorted({*export.files, *_own(export, pipeline)})


def _own(export: Export, pipeline: Pipeline) -> dict[str, Path]:
    return {_beside(export, path): at for path, at in code_files(pipeline).items()}


def _beside(export: Export, path: str) -> str:
    """The path in an export of a file that has this one beside the pipeline."""
    return f"{export.code}/{path}".lstrip("/")


def save(export: Export, pipeline: Pipeline, folder: Path) -> None:
    """Put an export and the user's own files into ``folder``, all of it or nothing.

    Everything is written beside the folder first; files that are there under other names stay.
    Raises UsageError when a file of the user has the place of a generated one.
    """
    folder = folder.resolve()
    own = _own(export, pipeline)
    for path in own.keys() & export.files.keys():
        raise UsageError(f"'{own[path]}' would take the place of the generated '{path}'; rename it")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as draft:
            _draft(Path(draft), export.files, own)
            _publish(Path(draft), folder)
    except OSError as error:
        raise UsageError(f"the export cannot be written to '{folder}': {error}") from error


def _draft(draft: Path, texts: Mapping[str, str], copies: Mapping[str, Path]) -> None:
    for path in [*texts, *copies]:
        parts = PurePosixPath(path).parts
        if ".." in parts or PurePosixPath(path).is_absolute():
            raise BridgeError(f"a writer named '{path}', which leaves the export")
        draft.joinpath(path).parent.mkdir(parents=True, exist_ok=True)
    for path, text in texts.items():
        draft.joinpath(path).write_text(text, encoding="utf-8")
    for path, source in copies.items():
        shutil.copyfile(source, draft / path)


def _publish(draft: Path, folder: Path) -> None:
    if not folder.exists() or not any(folder.iterdir()):
        fresh = draft.parent / f"{draft.name}.done"
        draft.rename(fresh)
        draft.mkdir()
        fresh.chmod(0o755)
        if folder.exists():
            folder.rmdir()
        fresh.rename(folder)
        return
    for file in sorted(path for path in draft.rglob("*") if path.is_file()):
        target = folder / file.relative_to(draft)
        target.parent.mkdir(parents=True, exist_ok=True)
        file.replace(target)
