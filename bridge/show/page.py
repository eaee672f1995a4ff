"""A page that stands alone: nothing of it is fetched, nothing in it runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

__all__ = ["chips", "page", "section", "table", "text"]

_STYLE = """\
:root{color-scheme:light dark;--ink:#1f2328;--soft:#59636e;--line:#d8dee4;--paper:#fff;
--back:#f4f6f8;--accent:#2f6fd0;--alarm:#b3372b;--alarm-back:#fdf0ee}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9198a1;--line:#30363d;--paper:#12171e;
--back:#0d1117;--accent:#6ea8fe;--alarm:#f0897e;--alarm-back:#2a1615}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--ink);
font:15px/1.55 ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1240px;margin:0 auto;padding:32px 24px 64px;display:grid;gap:24px;
grid-template-columns:minmax(0,1fr)}
h1{font-size:26px;line-height:1.25;margin:0;overflow-wrap:anywhere}
h2{font-size:13px;margin:0 0 12px;color:var(--soft);font-weight:600;text-transform:uppercase;
letter-spacing:.06em}
header p{margin:6px 0 0;color:var(--soft);max-width:75ch}
.chips{display:flex;flex-wrap:wrap;gap:8px;margin-top:14px}
.chips span{border:1px solid var(--line);border-radius:99px;padding:1px 11px;font-size:13px;
color:var(--soft);background:var(--paper)}
section{background:var(--paper);border:1px solid var(--line);border-radius:12px;padding:20px;
overflow:auto}
section.alarm{background:var(--alarm-back);border-color:var(--alarm)}
section.alarm h2{color:var(--alarm)}
section svg{display:block;margin:0 auto}
ul{margin:0;padding-left:20px}
table{border-collapse:collapse;width:100%;font-size:14px}
th{color:var(--soft);font-weight:600;font-size:12px;white-space:nowrap}
th,td{text-align:left;vertical-align:top;padding:8px 20px 8px 0;border-bottom:1px solid var(--line)}
tr:last-child td{border-bottom:0}
th:last-child,td:last-child{padding-right:0}
td{overflow-wrap:anywhere;min-width:7ch}
td:first-child{min-width:14ch}
th:nth-child(2):last-child{width:85%}
code,pre{font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
pre{margin:6px 0 0;white-space:pre-wrap;max-width:70ch}
summary{cursor:pointer}
.soft{color:var(--soft)}
@media print{body{background:none}section{border:0;padding:0;overflow:visible}}"""


def page(title: str, *parts: str, style: str = "") -> str:
    """A whole page of parts that are HTML already; ``style`` is more CSS."""
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width,initial-scale=1">',
            '<meta http-equiv="Content-Security-Policy" '
            "content=\"default-src 'none';style-src 'unsafe-inline'\">",
            f"<title>{text(title)}</title>",
            f"<style>{_STYLE}\n{style}</style>",
            "<main>",
            *parts,
            "</main>",
            "</html>\n",
        ]
    )


def section(title: str, content: str, kind: str = "") -> str:
    """A part of a page with its title; nothing when it has no content."""
    if not content:
        return ""
    shape = f' class="{kind}"' if kind else ""
    return f"<section{shape}><h2>{text(title)}</h2>{content}</section>"


def chips(texts: Iterable[str]) -> str:
    """Short facts in a row."""
    found = "".join(f"<span>{text(given)}</span>" for given in texts)
    return f'<div class="chips">{found}</div>' if found else ""


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are HTML already, without columns and rows that hold nothing."""
    found = [row for row in rows if any(row)]
    used = [i for i in range(len(titles)) if any(row[i] for row in found)]
    head = "".join(f"<th>{text(titles[i])}</th>" for i in used)
    lines = ["<tr>" + "".join(f"<td>{row[i]}</td>" for i in used) + "</tr>" for row in found]
    return "\n".join(["<table>", f"<tr>{head}</tr>", *lines, "</table>"]) if lines else ""


def text(given: str) -> str:
    """Text as HTML."""
    return escape(given, quote=True)
