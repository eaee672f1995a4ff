"""What the documentation takes from the code: ``python docs/generate.py [--check]``.

A generated block stands between ``<!-- KIND WHAT -->`` and ``<!-- /KIND -->``; the rest of a page
is written by hand. With ``--check`` nothing is written, and pages that are out of date are named.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from textwrap import dedent

import click
import finding_pages
from tables import table

import bridge.testing.conformance  # noqa: F401 - lets the functions of the cases be imported
from bridge.adapter import load
from bridge.cli import COMMANDS
from bridge.cli import bridge as cli
from bridge.findings import Feature, Level, Support
from bridge.runner import SUPPORT
from bridge.source import load_source
from bridge.testing.cases import FAILING, PASSING
from bridge.translate import render

ROOT = Path(__file__).resolve().parent.parent
FINDINGS = ROOT / "docs" / "findings"
EXAMPLE = ROOT / "examples" / "weather" / "pipeline.py"
ADAPTERS = sorted(path.parent.name for path in ROOT.glob("adapters/*/pyproject.toml"))

BLOCK = re.compile(r"^<!-- ([a-z]+)(?: (.+?))? -->\n.*?^<!-- /\1 -->$", re.DOTALL | re.MULTILINE)
MARKER = re.compile(r"^<!-- ([a-z]+)(?: .+?)? -->$", re.MULTILINE)
LANGUAGES = {".py": "python", ".toml": "toml", ".yml": "yaml"}


def sources() -> dict[Path, str]:
    """The pages that may have generated blocks; those about findings as they begin."""
    found = [ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("adapters/*/*.md")]
    written = [page for page in found if page.parent != FINDINGS or page.name == "README.md"]
    return {page: page.read_text(encoding="utf-8") for page in sorted(written)} | {
        FINDINGS / f"{code}.md": f"# `{code}`\n\n<!-- finding {code} -->\n<!-- /finding -->\n"
        for code in finding_pages.codes(ADAPTERS)
    }


def updated(page: Path, text: str) -> str:
    """The text of a page with its generated blocks made anew.

    Raises SystemExit for a marker that opens no known block.
    """

    def block(found: re.Match[str]) -> str:
        kind, what = found[1], found[2] or ""
        head = f"<!-- {kind} {what}".rstrip()
        return f"{head} -->\n{BLOCKS[kind](page, *what.split())}\n<!-- /{kind} -->"

    opened, closed = MARKER.findall(text), [found[1] for found in BLOCK.finditer(text)]
    if opened != closed or not BLOCKS.keys() >= set(opened):
        sys.exit(f"{page}: of the blocks {opened}, {closed} are closed; there are {[*BLOCKS]}")
    return BLOCK.sub(block, text)


# Tables


def matrix(page: Path) -> str:
    """Every feature, and what each engine does with it."""
    engines = {"local": SUPPORT} | {name: load(name).support for name in ADAPTERS}
    rows = (
        [f"`{feature}`", *(_word(support[feature]) for support in engines.values())]
        for feature in Feature
    )
    heads = [f"[{name}](adapters/{name}/README.md)" for name in ADAPTERS]
    return table(["feature", "local", *heads], rows)


def _word(support: Support) -> str:
    return "–" if support.level is Level.UNSUPPORTED else str(support.level)


def features(page: Path) -> str:
    """What one adapter does with each feature and by what means, then what it refuses."""
    support = load(page.parent.name).support
    carried = {f: s for f, s in support.items() if s.level is not Level.UNSUPPORTED}
    rows = ([f"`{f}`", str(carried[f].level), carried[f].how] for f in Feature if f in carried)
    refused: dict[str, list[str]] = {}
    for feature in Feature:
        if feature not in carried:
            refused.setdefault(support[feature].how, []).append(f"`{feature}`")
    lines = [f"- {how}: {', '.join(names)}" for how, names in refused.items()]
    rest = ["", "Not there, and refused by name:", "", *lines] if lines else []
    return "\n".join([table(["feature", "level", "how"], rows), *rest])


def cases(page: Path) -> str:
    """The conformance cases, each with a place that links can lead to."""
    passing = (_case(case.name, case.says) for case in PASSING)
    failing = (_case(case.name, case.says) for case in FAILING)
    heads = ["case", "what it shows"]
    return (
        f"Runs that succeed:\n\n{table(heads, passing)}\n\n"
        f"Runs that fail as they should:\n\n{table(heads, failing)}"
    )


def _case(name: str, says: str) -> list[str]:
    return [f'<a id="case-{name}"></a>`{name}`', says]


def findings(page: Path) -> str:
    """The codes of all findings, with their pages."""
    return finding_pages.index(ADAPTERS)


def finding(page: Path, code: str) -> str:
    """One code of a finding."""
    return finding_pages.page(code, ADAPTERS)


# The command line


def commands(page: Path) -> str:
    """Each command in a line."""
    return table(
        ["command", "what it does"],
        ([f"[`bridge {name}`](docs/cli.md#bridge-{name})", COMMANDS[name]] for name in COMMANDS),
    )


def reference(page: Path) -> str:
    """Each command with its usage and options, as ``--help`` has them."""
    context = click.Context(cli, info_name="bridge", **cli.context_settings)
    return "\n\n".join([_options(cli, context), *(_command(name, context) for name in COMMANDS)])


def _command(name: str, parent: click.Context) -> str:
    command = cli.get_command(parent, name)
    assert command is not None
    context = click.Context(command, info_name=name, parent=parent)
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    parts = [f"## bridge {name}", inspect.cleandoc(command.help or ""), f"    {usage}"]
    inner = command.commands if isinstance(command, click.Group) else {}
    rest = (_subcommand(one, context) for one in inner.values())
    return "\n\n".join([*parts, _options(command, context), *rest])


def _subcommand(command: click.Command, parent: click.Context) -> str:
    context = click.Context(command, info_name=command.name, parent=parent)
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    parts = [f"### {context.command_path}", inspect.cleandoc(command.help or ""), f"    {usage}"]
    return "\n\n".join([*parts, _options(command, context)])


def _options(command: click.Command, context: click.Context) -> str:
    found = [option for option in command.get_params(context) if isinstance(option, click.Option)]
    inner = [option for option in found if context.parent is None or "--help" not in option.opts]
    records = (option.get_help_record(context) or ("", "") for option in inner)
    return table(["option", "meaning"], ([f"`{form}`", text] for form, text in records))


# Code


def file(page: Path, path: str) -> str:
    """A file of this repository."""
    return _fenced(path, (ROOT / path).read_text(encoding="utf-8"))


def export(page: Path, to: str, path: str, *names: str) -> str:
    """A file of the example's export: whole, or only the functions that are named; as it is."""
    text = _export(to)[path]
    shown = "\n\n\n".join(_defined(text, name) for name in names) if names else text
    return f"<!-- fmt: off -->\n{_fenced(path, shown)}\n<!-- fmt: on -->"


@cache
def _export(to: str) -> dict[str, str]:
    return render(load_source(str(EXAMPLE)), to).files


def _defined(source: str, name: str) -> str:
    """The source of a function or method, with its decorators, not indented."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            start = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            return dedent("\n".join(source.splitlines()[start - 1 : node.end_lineno]))
    raise SystemExit(f"the export defines no {name}")


def _fenced(path: str, text: str) -> str:
    return f"```{LANGUAGES[Path(path).suffix]}\n# {path}\n{text.rstrip()}\n```"


BLOCKS: dict[str, Callable[..., str]] = {
    function.__name__: function
    for function in (
        *(matrix, features, cases, findings, finding),
        *(commands, reference, file, export),
    )
}


def main(check: bool) -> None:
    """Write what has changed and remove what is no more, or tell of it and fail."""
    texts = {page: updated(page, text) for page, text in sources().items()}
    stale = [
        page for page, text in texts.items() if not page.exists() or page.read_text("utf-8") != text
    ]
    gone = [page for page in FINDINGS.glob("*.md") if page not in texts]
    if check and (stale or gone):
        names = ", ".join(str(page.relative_to(ROOT)) for page in [*stale, *gone])
        sys.exit(f"out of date: {names}; run 'make docs'")
    for page in stale:
        page.write_text(texts[page], encoding="utf-8")
    for page in gone:
        page.unlink()


if __name__ == "__main__":
    main("--check" in sys.argv[1:])
