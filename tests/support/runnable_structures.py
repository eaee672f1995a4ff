"""Scripts of branches, maps, conditionals and loops."""

from __future__ import annotations

from runnable_examples import COMMON
from runnable_scripts import Script

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
