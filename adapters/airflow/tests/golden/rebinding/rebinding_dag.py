"""The pipeline rebinding."""

from airflow.sdk import Param, TaskGroup, dag, task

from tasklib.xcom import to_xcom


@task
def first(params):
    from airflow_functions import add_one

    return {"total": to_xcom(add_one(total=params["total"]), "total")}


@task(task_id="add_0")
def x_add_0(first_result):
    from airflow_functions import add_one

    return {"total": to_xcom(add_one(total=first_result["total"]), "total")}


@task(task_id="add_1")
def x_add_1(x_add_0_result):
    from airflow_functions import add_one

    return {"total": to_xcom(add_one(total=x_add_0_result["total"]), "total")}


@task(task_id="keep")
def x_keep(x_add_1_result):
    from airflow_functions import same

    return {"kept_1": to_xcom(same(value=x_add_1_result["total"]), "kept_1")}


@task(task_id="add_0")
def y_add_0(first_result):
    from airflow_functions import add_one

    return {"total": to_xcom(add_one(total=first_result["total"]), "total")}


@task(task_id="add_1")
def y_add_1(y_add_0_result):
    from airflow_functions import add_one

    return {"total": to_xcom(add_one(total=y_add_0_result["total"]), "total")}


@task(task_id="keep")
def y_keep(y_add_1_result):
    from airflow_functions import same

    return {"kept_2": to_xcom(same(value=y_add_1_result["total"]), "kept_2")}


@task
def last(y_add_1_result):
    from airflow_functions import add_one

    return {"total": to_xcom(add_one(total=y_add_1_result["total"]), "total")}


@dag(schedule=None, catchup=False, params={"total": Param(0, type="integer")})
def rebinding():
    first_result = first()
    with TaskGroup("both") as both:
        with TaskGroup("x"):
            x_add_0_result = x_add_0(first_result)
            x_add_1_result = x_add_1(x_add_0_result)
            x_keep(x_add_1_result)
        with TaskGroup("y"):
            y_add_0_result = y_add_0(first_result)
            y_add_1_result = y_add_1(y_add_0_result)
            y_keep(y_add_1_result)
    both >> last(y_add_1_result)


rebinding()
