"""The documentation is true: what is generated is up to date, links resolve, examples run."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import plain
import pytest

import bridge
from bridge.findings import attributes
from bridge.hints import HINTS

ROOT = Path(__file__).parent.parent
GENERATED = re.compile(r"^<!-- ([a-z]+)\b.*?-->\n.*?^<!-- /\1 -->$", re.DOTALL | re.MULTILINE)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def pages() -> list[str]:
    """Every page that somebody wrote, by its path; what writers generate is no page."""
    found = [*ROOT.glob("*.md")]
    for folder in ("docs", "adapters", "examples", "comparisons"):
        found += (ROOT / folder).rglob("*.md")
    paths = [path.relative_to(ROOT).as_posix() for path in found]
    return sorted(path for path in paths if not re.search(r"/(golden|generated|report)/", path))


def blocks(page: str, language: str) -> list[str]:
    """The code of this language that was written by hand into a page."""
    text = GENERATED.sub("", (ROOT / page).read_text(encoding="utf-8"))
    return [code for found, code in FENCE.findall(text) if found == language]


def having(language: str) -> list[str]:
    return [page for page in pages() if blocks(page, language)]


@cache
def places(page: Path) -> set[str]:
    """What links can lead to in a page: its headings, as GitHub names them, and its anchors."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    named = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return named | set(re.findall(r'<a id="([^"]+)">', text))


def ran(command: list[str], folder: Path, **variables: str) -> str:
    """What the command says on stdout, where it must succeed."""
    scripts = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": scripts, **variables}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_what_is_generated_is_up_to_date() -> None:
    ran([sys.executable, "docs/generate.py", "--check"], ROOT)


def test_every_adapter_tells_of_its_features() -> None:
    for project in ROOT.glob("adapters/*/pyproject.toml"):
        readme = project.with_name("README.md")
        assert "<!-- features -->\n" in readme.read_text(encoding="utf-8"), readme


@pytest.mark.parametrize("page", pages())
def test_links_resolve(page: str) -> None:
    text = FENCE.sub("", (ROOT / page).read_text(encoding="utf-8"))
    broken = []
    for link in LINK.findall(text):
        path, _, place = unquote(link).partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        if link.startswith(("http://", "https://")):
            continue
        if not target.exists() or (place and place not in places(target)):
            broken.append(link)
    assert broken == []


def test_every_conformance_case_is_told_of() -> None:
    text = (ROOT / "docs/semantics.md").read_text(encoding="utf-8")
    cases = set(re.findall(r'<a id="(case-[^"]+)">', text))
    assert cases
    assert cases - set(re.findall(r"\]\(#(case-[^)]+)\)", text)) == set()


def test_every_example_of_a_finding_says_what_it_is_about(monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    from finding_pages import EXAMPLES

    inner = bridge.Pipeline([bridge.Stub(name="s")])
    names = {**vars(bridge), "train": plain.one, "steps": inner.steps, "tidy_up": inner}
    names |= dict.fromkeys(["branch", "left", "right"], inner)
    for feature, example in EXAMPLES.items():
        *lines, last = example.splitlines()
        exec("\n".join(lines), names)
        said = eval(last, names)
        pipeline = said if isinstance(said, bridge.Pipeline) else bridge.Pipeline([said])
        assert feature in {found.feature for found in attributes(pipeline)}
    assert EXAMPLES.keys() == HINTS.keys()


@pytest.mark.parametrize("page", having("python"))
def test_python_examples_run(page: str, tmp_path: Path) -> None:
    """All of a page's in one module; the functions are those of the first example."""
    (tmp_path / "example.py").write_text("\n".join(blocks(page, "python")), encoding="utf-8")
    ran([sys.executable, "example.py"], tmp_path, PYTHONPATH=str(ROOT / "examples" / "weather"))


@pytest.mark.parametrize("page", having("console"))
def test_console_examples_give_what_they_show(page: str, tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    checker, flags = doctest.OutputChecker(), doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    commands = re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", "".join(blocks(page, "console")), re.M)
    for command, shown in commands:
        told = ran(["bash", "-c", command], tmp_path)
        assert checker.check_output(shown, told, flags), f"{command}\n{told}"


@pytest.mark.parametrize("page", pages())
def test_targets_of_make_exist(page: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = re.findall(r"(?:`|^)make ([a-z]+)", (ROOT / page).read_text("utf-8"), re.MULTILINE)
    assert set(named) <= targets
