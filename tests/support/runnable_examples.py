"""Scripts of tasks of every kind, and of what goes from one to the next."""

from __future__ import annotations

from runnable_scripts import Script, notebook

FUNCTIONS = """
import pandas as pd
from pydantic import BaseModel


class Point(BaseModel):
    x: int
    name: str


def hello():
    print("hello there")


def fail():
    raise RuntimeError("as it was meant to")


def everything():
    frame = pd.DataFrame({"calories": [420, 380], "minutes": [50, 40]})
    return frame, 1, 3.5, "text", Point(x=10, name="p"), 0.9


def check_everything(
    frame: pd.DataFrame, integer: int, number: float, text: str, point: Point, score: float
):
    assert frame.shape == (2, 2)
    assert (integer, number, text, point, score) == (1, 3.5, "text", Point(x=10, name="p"), 0.9)


def tenfold(chunk: int):
    return chunk * 10


def combine(*values):
    return sum(values)


def write_files():
    import pathlib

    pathlib.Path("data").mkdir(exist_ok=True)
    pathlib.Path("table.csv").write_text("a,b")
    pathlib.Path("data/deep.txt").write_text("deep")


def read_files():
    return open("table.csv").read() + open("data/deep.txt").read()
"""
COMMON = {"common.py": FUNCTIONS}

TASKS = [
    Script(
        "python_task",
        """
        from common import hello
        from bridge import Pipeline, PythonTask

        def main():
            task = PythonTask(name="greet", function=hello)
            pipeline = Pipeline(steps=[task])
            pipeline.execute()
            return pipeline
        """,
        files=COMMON,
        says="hello there",
    ),
    Script(
        "task_as_pipeline",
        """
        import bridge as runnable

        def double(x: int):
            return 2 * x

        def main():
            task = runnable.PythonTask(name="double", function=double, returns=["y"])
            pipeline = task.as_pipeline()
            assert pipeline.execute()["y"] == 8
            return pipeline
        """,
        {"x": 4, "y": 8},
        environment={"RUNNABLE_PRM_x": "4"},
    ),
    Script(
        "stubs_take_anything",
        """
        from common import fail
        from bridge import Pipeline, Stub

        def main():
            steps = [
                Stub(name="one"),
                Stub(name="two", what="ever", function=fail, returns=["nothing"]),
                Stub(name="three", terminate_with_success=True),
            ]
            pipeline = Pipeline(steps=steps)
            pipeline.execute()
            return pipeline
        """,
        files=COMMON,
    ),
    Script(
        "every_kind_of_return",
        """
        from common import check_everything, everything
        from bridge import Pipeline, PythonTask, metric, pickled

        def main():
            returns = [pickled("frame"), "integer", "number", "text", "point", metric("score")]
            give = PythonTask(name="give", function=everything, returns=returns)
            take = PythonTask(name="take", function=check_everything)
            pipeline = Pipeline(steps=[give, take])
            run = pipeline.execute()
            assert run.metrics == {"score": 0.9} and list(run.objects) == ["frame"]
            return pipeline
        """,
        {
            "integer": 1,
            "number": 3.5,
            "text": "text",
            "point": {"x": 10, "name": "p"},
            "score": 0.9,
        },
        files=COMMON,
    ),
    Script(
        "values_of_a_command",
        """
        from common import check_everything
        from bridge import Pipeline, PythonTask, ShellTask, metric

        def check(integer: int, number: float, text: str, point: dict, score: float):
            assert (integer, number, text, point["x"], score) == (1, 3.5, "text", 10, 0.9)

        def main():
            command = '''
            export integer=1
            export number=3.5
            export text="text"
            export point='{"x": 10}'
            export score=0.9
            '''
            returns = ["integer", "number", "text", "point", metric("score")]
            write = ShellTask(name="write", command=command, returns=returns)
            python = PythonTask(name="python", function=check)
            shell = ShellTask(
                name="shell",
                command='test "$integer $number $text" = "1 3.5 text"',
                terminate_with_success=True,
            )
            pipeline = Pipeline(steps=[write, python, shell])
            _ = pipeline.execute()
            return pipeline
        """,
        {"integer": 1, "number": 3.5, "text": "text", "point": {"x": 10}, "score": 0.9},
        files=COMMON,
    ),
    Script(
        "a_notebook_of_the_project",
        """
        from bridge import NotebookTask, Pipeline

        def main():
            task = NotebookTask(
                name="book",
                notebook="shared/tenfold.ipynb",
                returns=["processed"],
                optional_ploomber_args={},
            )
            pipeline = Pipeline(steps=[task])
            pipeline.execute()
            return pipeline
        """,
        {"chunk": 3, "processed": 30},
        files={"shared/tenfold.ipynb": notebook("processed = chunk * 10", parameters="chunk = 0")},
        environment={"RUNNABLE_PRM_chunk": "3"},
        path="pipelines/pipe.py",
    ),
    Script(
        "parameters_from_a_file",
        """
        from argparse import Namespace
        from common import Point
        from bridge import Pipeline, PythonTask

        def typed(integer: int, point: Point):
            assert point.x == 10
            return integer + point.x

        def as_dict(point, **others):
            return sorted(others)

        def as_attributes(point, arguments: Namespace):
            return arguments.stage, arguments.integer

        def main():
            steps = [
                PythonTask(name="typed", function=typed, returns=["sum"]),
                PythonTask(name="rest", function=as_dict, returns=["names"]),
                PythonTask(name="space", function=as_attributes, returns=["stage2", "integer2"]),
            ]
            pipeline = Pipeline(steps=steps)
            pipeline.execute(parameters_file="parameters.yaml")
            return pipeline
        """,
        {
            "integer": 1,
            "point": {"x": 10, "name": "p"},
            "stage": "test",
            "sum": 11,
            "names": ["integer", "stage", "sum"],
            "stage2": "test",
            "integer2": 1,
        },
        files={
            **COMMON,
            "parameters.yaml": "integer: 1\npoint: {x: 10, name: p}\nstage: not set\n",
        },
        environment={"RUNNABLE_PRM_stage": "test"},
    ),
    Script(
        "overrides_for_other_executors",
        """
        from common import hello
        from bridge import Pipeline, PythonTask

        def main():
            big = PythonTask(name="big", function=hello, overrides={"argo": "big-machine"})
            pipeline = Pipeline(steps=[big], name="train", description="on a big machine")
            pipeline.execute(tag="nightly", log_level="DEBUG", run_id="my-run")
            return pipeline
        """,
        files=COMMON,
    ),
    Script(
        "secrets_of_the_environment",
        """
        import os
        from bridge import Pipeline, PythonTask, ShellTask

        def use():
            return len(os.environ["TOKEN"])

        def main():
            steps = [
                PythonTask(name="one", function=use, secrets=["TOKEN"], returns=["length"]),
                PythonTask(name="two", function=use, secrets=["TOKEN"], returns=["again"]),
                ShellTask(name="three", command='test "$TOKEN" = hush', secrets=["TOKEN"]),
            ]
            pipeline = Pipeline(steps=steps)
            pipeline.execute()
            return pipeline
        """,
        {"length": 4, "again": 4},
        environment={"TOKEN": "hush"},
    ),
]

FILES = [
    Script(
        "files_from_task_to_task",
        """
        from common import read_files, write_files
        from bridge import Catalog, Pipeline, PythonTask, ShellTask

        def main():
            files = ["table.csv", "data/deep.txt"]
            write = PythonTask(name="write", function=write_files, catalog=Catalog(put=files))
            delete = ShellTask(name="delete", command="rm table.csv && rm data/deep.txt || true")
            read = PythonTask(
                name="read", function=read_files, returns=["text"], catalog=Catalog(get=files)
            )
            pipeline = Pipeline(steps=[write, delete, read])
            _ = pipeline.execute()
            return pipeline
        """,
        {"text": "a,bdeep"},
        files=COMMON,
        put=("data/deep.txt", "table.csv"),
    ),
    Script(
        "hashes_without_copies",
        """
        from common import write_files
        from bridge import Catalog, Pipeline, PythonTask

        def main():
            catalog = Catalog(put=["table.csv"], store_copy=False)
            write = PythonTask(name="write", function=write_files, catalog=catalog)
            pipeline = Pipeline(steps=[write])
            pipeline.execute()
            return pipeline
        """,
        files=COMMON,
        put=("table.csv",),
    ),
    Script(
        "files_of_a_failed_task",
        """
        from bridge import Catalog, Pipeline, ShellTask

        def main():
            failing = ShellTask(
                name="failing",
                command="touch table.csv && exit 1",
                catalog=Catalog(put=["table.csv", "never.txt"]),
                terminate_with_failure=True,
            )
            after = ShellTask(name="after", command="echo well", terminate_with_success=True)
            failing.on_failure = Pipeline(steps=[after])
            pipeline = Pipeline(steps=[failing])
            _ = pipeline.execute()
            return pipeline
        """,
        steps={"failing": "failed"},
        put=("table.csv",),
    ),
]
