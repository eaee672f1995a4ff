"""Scripts that fail, that run a single job, and that wait for asynchronous functions."""

from __future__ import annotations

from runnable_examples import COMMON
from runnable_scripts import Script, notebook

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
