"""Fit a line to a table.

The better of two wins; see notes.md
"""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import Param, TaskGroup, dag, task

from tasklib.arguments import call
from tasklib.files import catalog
from tasklib.notebook import run_notebook
from tasklib.objects import load_object, save_object
from tasklib.shell import run_shell
from tasklib.xcom import to_xcom


@task
def prepare(params):
    from airflow_functions import prepare

    with catalog(put=["*.csv"]) as files:
        counts, table = prepare(rows=params["rows"], scale=float(params["scale"]))
    return {
        "counts": to_xcom(counts, "counts"),
        "table": save_object(table, "table"),
        "files": files.manifest,
    }


# metrics: score_a
@task(task_id="train")
def small_train(prepare_result, params):
    from airflow_functions import train

    with catalog(put=["weights-1.txt"]) as files:
        model_a, score_a = train(
            table=load_object(prepare_result["table"]), degree=params["degrees"]["a"]
        )
    return {
        "model_a": to_xcom(model_a, "model_a"),
        "score_a": to_xcom(score_a, "score_a"),
        "files": files.manifest,
    }


# metrics: score_b
@task(task_id="train")
def large_train(prepare_result, params):
    from airflow_functions import train

    with catalog(put=["weights-2.txt"]) as files:
        model_b, score_b = train(
            table=load_object(prepare_result["table"]), degree=params["degrees"]["b"]
        )
    return {
        "model_b": to_xcom(model_b, "model_b"),
        "score_b": to_xcom(score_b, "score_b"),
        "files": files.manifest,
    }


@task
def select(small_train_result, large_train_result):
    from airflow_functions import select

    return {
        "best": to_xcom(
            select(
                model_a=small_train_result["model_a"],
                model_b=large_train_result["model_b"],
                score_a=small_train_result["score_a"],
                score_b=large_train_result["score_b"],
            ),
            "best",
        )
    }


# metrics: slope
@task
def evaluate(select_result, prepare_result):
    from airflow_functions import evaluate

    with catalog(get=["table.csv"], upstream=[prepare_result["files"]]):
        slope, nothing = call(evaluate, best=select_result["best"])
    return {"slope": to_xcom(slope, "slope"), "nothing": to_xcom(nothing, "nothing")}


@task
def examine(select_result, prepare_result, params, run_id):
    with catalog(get=["table.csv"], upstream=[prepare_result["files"]]):
        results = run_notebook(
            "airflow_examine.ipynb",
            {"best": select_result["best"], "scale": params["scale"]},
            returns={"summary": "json", "frame": "pickled"},
            save_as=f".notebooks/{run_id}/examine.ipynb",
        )
    return {
        "summary": to_xcom(results["summary"], "summary"),
        "frame": save_object(results["frame"], "frame"),
    }


@task
def report(evaluate_result, small_train_result, large_train_result, params):
    with catalog(
        get=["weights-*.txt"],
        put=["report.txt"],
        upstream=[small_train_result["files"], large_train_result["files"]],
        store_copy=False,
    ) as files:
        results = run_shell(
            (
                'echo "$note $slope" > report.txt\n'
                "export size=$(wc -c < report.txt)\n"
                "export kinds='{\"__id__\": [1.0]}'"
            ),
            {"note": params["note"], "slope": evaluate_result["slope"]},
            returns=["size", "kinds"],
        )
    return {
        "size": to_xcom(results["size"], "size"),
        "kinds": to_xcom(results["kinds"], "kinds"),
        "files": files.manifest,
    }


@task
def kinds(params):
    from airflow_functions import pair

    return {
        "kinds_seen": to_xcom(
            pair(value=params["note"], other=params["extra"]), "kinds_seen"
        )
    }


@dag(
    description=("Fit a line to a table.\n\nThe better of two wins; see notes.md"),
    schedule=None,
    catchup=False,
    params={
        "rows": Param(5, type="integer"),
        "scale": Param(0.5, type="number"),
        "degrees": Param({"a": 1, "b": 2}, type="object"),
        "note": Param("plain", type="string"),
        "extra": Param(None),
    },
)
def tour():
    prepare_result = prepare()
    with TaskGroup("trainings"):
        with TaskGroup("small", tooltip="Train at degree a."):
            small_train_result = small_train(prepare_result)
        with TaskGroup("large", tooltip="Train at degree b."):
            large_train_result = large_train(prepare_result)
    select_result = select(small_train_result, large_train_result)
    evaluate_result = evaluate(select_result, prepare_result)
    examine_result = examine(select_result, prepare_result)
    evaluate_result >> examine_result
    report_result = report(evaluate_result, small_train_result, large_train_result)
    examine_result >> report_result
    kinds_result = kinds()
    report_result >> kinds_result
    kinds_result >> EmptyOperator(task_id="deploy")


tour()
