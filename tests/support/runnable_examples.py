"""One script for each thing that pipelines of the ``runnable`` SDK do."""

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

BRANCH = """
from bridge import Pipeline, PythonTask, ShellTask, Stub
from common import tenfold

def branch(execute: bool = True):
    steps = [
        PythonTask(name="python", function=tenfold, returns=["processed"]),
        ShellTask(
            name="shell",
            command='''
            if [ "$processed" != $( expr 10 '*' "$chunk" ) ]; then exit 1; fi
            export processed_shell=$( expr 10 '*' "$processed")
            ''',
            returns=["processed_shell"],
        ),
        Stub(name="end", terminate_with_success=True),
    ]
    pipeline = Pipeline(steps=steps)
    if execute:
        pipeline.execute()
    return pipeline
"""
MAPPED = {**COMMON, "branch.py": BRANCH, "parameters.yaml": "chunks: [1, 2, 3]\n"}

STRUCTURE = [
    Script(
        "branches_side_by_side",
        """
        from bridge import Parallel, Pipeline, PythonTask

        def one():
            return 1

        def two(shared):
            return shared + 1

        def check(first, second):
            assert (first, second) == (1, 2)

        def main():
            parallel = Parallel(
                name="both ways",
                branches={
                    "a": PythonTask(name="one", function=one, returns=["first"]).as_pipeline(),
                    "b": PythonTask(name="two", function=two, returns=["second"]).as_pipeline(),
                },
            )
            verify = PythonTask(name="verify", function=check, terminate_with_success=True)
            pipeline = Pipeline(steps=[parallel, verify])
            pipeline.execute()
            return pipeline
        """,
        {"shared": 1, "first": 1, "second": 2},
        environment={"RUNNABLE_PRM_shared": "1"},
    ),
    Script(
        "branches_in_branches",
        """
        from common import hello
        from bridge import Parallel, Pipeline, PythonTask, Stub

        def leaf(execute: bool = True):
            steps = [Stub(name="stub"), PythonTask(name="python", function=hello)]
            pipeline = Pipeline(steps=steps)
            if execute:
                pipeline.execute()
            return pipeline

        def middle(execute: bool = True):
            branches = {"one": leaf(execute=False), "two": leaf(execute=False)}
            step = Parallel(name="inner", terminate_with_success=True, branches=branches)
            pipeline = Pipeline(steps=[step])
            if execute:
                pipeline.execute()
            return pipeline

        def main():
            branches = {"one": middle(execute=False), "two": middle(execute=False)}
            step = Parallel(name="outer", terminate_with_success=True, branches=branches)
            pipeline = Pipeline(steps=[step])
            pipeline.execute()
            return pipeline
        """,
        files=COMMON,
    ),
    Script(
        "lists_of_a_map",
        """
        from branch import branch
        from bridge import Map, Pipeline, PythonTask

        def check(processed, processed_shell):
            assert processed == [10, 20, 30]
            assert processed_shell == [100, 200, 300]

        def main():
            each = Map(
                name="map state",
                iterate_on="chunks",
                iterate_as="chunk",
                branch=branch(execute=False),
            )
            collect = PythonTask(name="collect", function=check, terminate_with_success=True)
            pipeline = Pipeline(steps=[each, collect])
            pipeline.execute(parameters_file="parameters.yaml")
            return pipeline
        """,
        {"chunks": [1, 2, 3], "processed": [10, 20, 30], "processed_shell": [100, 200, 300]},
        files=MAPPED,
    ),
    Script(
        "a_lambda_reduces",
        """
        from branch import branch
        from bridge import Map, Pipeline

        def main():
            each = Map(
                name="map state",
                iterate_on="chunks",
                iterate_as="chunk",
                reducer="lambda *x: max(x)",
                branch=branch(execute=False),
            )
            pipeline = Pipeline(steps=[each])
            pipeline.execute()
            return pipeline
        """,
        {"chunks": [1, 2, 3], "processed": 30, "processed_shell": 300},
        files=MAPPED,
        environment={"RUNNABLE_PARAMETERS_FILE": "parameters.yaml"},
    ),
    Script(
        "a_named_function_reduces",
        """
        from common import tenfold
        from bridge import Map, Pipeline, PythonTask

        def chunks() -> list[int]:
            return [1, 2, 3]

        def main():
            ten = PythonTask(name="ten", function=tenfold, returns=["processed"])
            steps = [
                PythonTask(name="chunks", function=chunks, returns=["chunks"]),
                Map(
                    name="each",
                    iterate_on="chunks",
                    iterate_as="chunk",
                    reducer="common.combine",
                    branch=ten.as_pipeline(),
                ),
            ]
            pipeline = Pipeline(steps=steps)
            pipeline.execute()
            return pipeline
        """,
        {"chunks": [1, 2, 3], "processed": 60},
        files=COMMON,
    ),
    Script(
        "one_branch_of_two",
        """
        from bridge import Conditional, Pipeline, PythonTask, Stub

        def toss():
            return "heads"

        def heads():
            return "set by heads"

        def tails():
            return "set by tails"

        def check(found):
            assert found == "set by heads"

        def main():
            either = Conditional(
                name="conditional",
                branches={
                    "heads": PythonTask(name="h", function=heads, returns=["found"]).as_pipeline(),
                    "tails": PythonTask(name="t", function=tails, returns=["found"]).as_pipeline(),
                },
                parameter="toss",
            )
            tossed = PythonTask(name="toss_task", function=toss, returns=["toss"])
            verify = PythonTask(name="verify", function=check)
            pipeline = Pipeline(steps=[tossed, either, Stub(name="go on"), verify])
            pipeline.execute()
            return pipeline
        """,
        {"toss": "heads", "found": "set by heads"},
        steps={"conditional.tails.t": "skipped"},
    ),
    Script(
        "a_loop_until_its_name_is_true",
        """
        import os
        from bridge.sdk import Loop, Pipeline, PythonTask

        def count():
            return int(os.environ["counter"]) >= 3

        def add(total: int = 0):
            return total + int(os.environ.get("counter", 0))

        def main():
            steps = [
                PythonTask(name="add", function=add, returns=["total"]),
                PythonTask(name="count", function=count, returns=["should_stop"]),
            ]
            loop = Loop(
                name="counting",
                branch=Pipeline(steps=steps),
                max_iterations=10,
                break_on="should_stop",
                index_as="counter",
            )
            pipeline = Pipeline(name="simple", steps=[loop])
            pipeline.execute()
            assert "counter" not in os.environ
            return pipeline
        """,
        {"total": 6, "should_stop": True},
    ),
    Script(
        "a_loop_at_its_limit",
        """
        import os
        from bridge import Loop, Pipeline, PythonTask

        def never():
            counter = int(os.environ.get("counter", 0))
            return counter, False

        def check(counter: int, should_stop: bool):
            assert (counter, should_stop) == (2, False)

        def main():
            branch = PythonTask(name="never", function=never, returns=["counter", "should_stop"])
            loop = Loop(
                name="looping",
                branch=branch.as_pipeline(),
                max_iterations=3,
                break_on="should_stop",
                index_as="counter",
            )
            verify = PythonTask(name="verify", function=check, terminate_with_success=True)
            pipeline = Pipeline(steps=[loop, verify])
            pipeline.execute()
            return pipeline
        """,
        {"counter": 2, "should_stop": False},
    ),
]

FAILURES = [
    Script(
        "a_failure_ends_the_run",
        """
        from common import fail, hello
        from bridge import Pipeline, PythonTask, Stub

        def main():
            steps = [
                PythonTask(name="step 1", function=hello),
                PythonTask(name="step 2", function=fail),
                Stub(name="step 3"),
            ]
            pipeline = Pipeline(steps=steps)
            pipeline.execute()
            return pipeline
        """,
        files=COMMON,
        steps={"step 2": "failed", "step 3": "skipped"},
        error="step 'step 2' failed at attempt 1: RuntimeError: as it was meant to",
    ),
    Script(
        "on_failure_succeeds",
        """
        from common import fail
        from bridge import Pipeline, PythonTask, Stub

        def main():
            step_1 = PythonTask(name="step 1", function=fail)
            step_4 = Stub(name="step 4", terminate_with_success=True)
            step_1.on_failure = Pipeline(steps=[step_4])
            pipeline = Pipeline(steps=[step_1, Stub(name="step 2"), Stub(name="step 3")])
            pipeline.execute()
            return pipeline
        """,
        files=COMMON,
        steps={"step 1": "failed", "step 2": "skipped", "step 3": "skipped"},
    ),
    Script(
        "on_failure_fails",
        """
        from common import fail
        from bridge import Fail, Pipeline, PythonTask, Stub

        def main():
            on_failure = Pipeline(steps=[Stub(name="tell"), Fail()])
            step_1 = PythonTask(name="step 1", function=fail, on_failure=on_failure)
            pipeline = Pipeline(steps=[step_1, Stub(name="step 2")])
            pipeline.execute()
            return pipeline
        """,
        files=COMMON,
        steps={"step 1": "failed", "step 1.on_failure.fail": "failed", "step 2": "skipped"},
        error="'fail' ends the run with a failure",
    ),
    Script(
        "other_branches_end_first",
        """
        from common import fail, hello
        from bridge import Parallel, Pipeline, PythonTask, Stub

        def main():
            branches = {
                "bad": PythonTask(name="bad", function=fail).as_pipeline(),
                "good": PythonTask(name="good", function=hello).as_pipeline(),
            }
            steps = [Parallel(name="both", branches=branches), Stub(name="after")]
            pipeline = Pipeline(steps=steps)
            pipeline.execute()
            return pipeline
        """,
        files=COMMON,
        steps={"both.bad.bad": "failed", "after": "skipped"},
        error="step 'both.bad.bad' failed",
        says="hello there",
    ),
]

JOBS = [
    Script(
        "a_job",
        """
        from common import everything
        from bridge import PythonJob, metric, pickled

        def main():
            returns = [pickled("frame"), "integer", "number", "text", "point", metric("score")]
            job = PythonJob(function=everything, returns=returns)
            job.execute(job_id="job-1")
            return job
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
        "a_job_that_fails",
        """
        from common import fail
        from bridge import PythonJob

        def main():
            PythonJob(function=fail).execute()
        """,
        files=COMMON,
        steps={"fail": "failed"},
        error="step 'fail' failed at attempt 1: RuntimeError: as it was meant to",
    ),
    Script(
        "jobs_of_a_command_and_a_notebook",
        """
        from bridge import Catalog, NotebookJob, ShellJob

        def main():
            job = ShellJob(command="touch table.csv", catalog=Catalog(put=["table.csv"]))
            job.execute()
            job = NotebookJob(notebook="book.ipynb", returns=["found"])
            job.execute()
            return job
        """,
        {"found": 4},
        files={"book.ipynb": notebook("found = 2 * 2")},
    ),
]

EVENTS = """
import asyncio
from bridge import AsyncPipeline, AsyncPythonTask

async def fetch():
    await asyncio.sleep(0)
    return "fetched"

async def stream(result: str):
    yield {"type": "status", "status": "thinking"}
    for letter in result[:2]:
        yield {"type": "chunk", "text": letter}
    yield {"type": "done", "full_text": result.upper()}

"""

ASYNC = [
    Script(
        "an_asynchronous_function_in_a_plain_pipeline",
        EVENTS
        + """
from bridge import Pipeline, PythonTask

def main():
    pipeline = Pipeline(
        steps=[
            AsyncPythonTask(name="fetch", function=fetch, returns=["result"]),
            PythonTask(name="stream", function=stream, returns=["full_text"]),
        ]
    )
    pipeline.execute()
    return pipeline
""",
        {"result": "fetched", "full_text": "FETCHED"},
    ),
    Script(
        "an_awaited_pipeline",
        EVENTS
        + """
async def start():
    fetching = AsyncPythonTask(name="fetch", function=fetch, returns=["result"])
    pipeline = AsyncPipeline(steps=[fetching], name="awaited")
    run = await pipeline.execute()
    return pipeline

def main():
    return asyncio.run(start())
""",
        {"result": "fetched"},
    ),
    Script(
        "events_as_they_come",
        EVENTS
        + """
async def start():
    streaming = AsyncPythonTask(
        name="stream", function=stream, returns=["full_text"], stream_end_type="done"
    )
    pipeline = streaming.as_async_pipeline()
    async for event in pipeline.execute_streaming():
        print(event["type"])
    return pipeline

def main():
    return asyncio.run(start())
""",
        {"result": "hi", "full_text": "HI"},
        environment={"RUNNABLE_PRM_result": "hi"},
        says="status\nchunk\nchunk\ndone\n",
    ),
]

SCRIPTS = [*TASKS, *FILES, *STRUCTURE, *FAILURES, *JOBS, *ASYNC]
