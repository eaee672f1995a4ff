"""Files, commands and notebooks."""

from __future__ import annotations

import conformance_functions as f

from bridge.model import Catalog, NotebookTask, ShellTask
from bridge.testing.cases.case import CODE, TEXT, Case, constants, task
from bridge.values import metric, pickled

__all__ = ["CASES"]

CASES: list[Case] = [
    Case(
        "files",
        "files go from task to task through the catalog; the later one wins a path",
        [
            task(
                f.write,
                inputs=constants(name="file.txt", text="first"),
                catalog=Catalog(put=["file.txt"]),
            ),
            task(
                f.write,
                "again",
                inputs=constants(name="file.txt", text="second"),
                catalog=Catalog(put=["file.*"]),
            ),
            task(f.remove, inputs=constants(name="file.txt")),
            task(
                f.read,
                inputs=constants(name="file.txt"),
                returns=["file_read"],
                catalog=Catalog(get=["file.txt"]),
            ),
            task(f.write_many, catalog=Catalog(put=["many/*.txt", "with space*", "empty"])),
            task(
                f.count,
                inputs=constants(pattern="many/*.txt"),
                returns=["files_counted"],
                catalog=Catalog(get=["**/*.txt"]),
            ),
        ],
        values={"file_read": "second", "files_counted": 3},
        files={
            "file.txt": "second",
            "many/0.txt": "0",
            "many/1.txt": "1",
            "many/2.txt": "2",
            "with space ü.txt": "odd",
            "empty": "",
        },
    ),
    Case(
        "hashed",
        "store_copy=False records the hash alone",
        [
            task(
                f.write,
                inputs=constants(name="hashed.txt", text="kept where it is"),
                catalog=Catalog(put=["hashed.txt"], store_copy=False),
            )
        ],
        files={"hashed.txt": "kept where it is"},
    ),
    Case(
        "shell",
        "a command sees JSON names as variables, and gives back what it exports",
        [
            ShellTask(
                name="command",
                command='export shell_out="$shell_in / $shell_list"\nexport shell_n=$((40 + 2))\n'
                "export shell_json='{\"a\": [1]}'; exit 0",
                returns=["shell_out", "shell_n", metric("shell_json")],
            ),
            ShellTask(
                name="write it",
                command='printf %s "$word" > shell.txt',
                inputs={"word": "shell_in"},
                catalog=Catalog(put=["shell.txt"]),
            ),
        ],
        parameters={"shell_in": TEXT, "shell_list": [1, "two"]},
        values={
            "shell_in": TEXT,
            "shell_list": [1, "two"],
            "shell_out": TEXT + ' / [1,"two"]',
            "shell_n": 42,
            "shell_json": {"a": [1]},
        },
        metrics={"shell_json": {"a": [1]}},
        files={"shell.txt": TEXT},
    ),
    Case(
        "notebook",
        "a notebook takes the names of its parameters cell and gives its names back",
        [
            NotebookTask(
                name="note",
                notebook="conformance.ipynb",
                returns=["note_out", pickled("note_object")],
                catalog=Catalog(put=["note.txt"]),
                where=CODE,
            )
        ],
        parameters={"note_in": 21, "note_text": TEXT},
        values={
            "note_in": 21,
            "note_text": TEXT,
            "note_out": {"twice": 42, "text": TEXT, "unset": "its own"},
        },
        objects={"note_object": {21, "object"}},
        notebooks=["note_in = 21"],
        files={"note.txt": TEXT},
    ),
]
