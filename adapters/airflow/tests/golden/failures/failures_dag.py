"""The pipeline failures."""

from airflow.sdk import dag, task

from tasklib.files import catalog
from tasklib.objects import save_object
from tasklib.shell import run_shell
from tasklib.xcom import to_xcom


@task
def raises():
    from airflow_functions import fail_after_writing

    with catalog(put=["left.txt", "never.txt"]) as files:
        gone = fail_after_writing(message=('no {{ "such" }} key\nin ü'))
    return {"gone": to_xcom(gone, "gone"), "files": files.manifest}


@task(task_display_name="after it")
def after_it(raises_result):
    from airflow_functions import same

    return {"no": to_xcom(same(value=raises_result["gone"]), "no")}


@task
def not_json():
    from airflow_functions import not_json

    return {"nan": to_xcom(not_json(), "nan")}


@task
def not_picklable():
    from airflow_functions import not_picklable

    return {"function": save_object(not_picklable(), "function")}


@task(task_display_name="puts nothing")
def puts_nothing():
    from airflow_functions import nothing

    with catalog(put=["missing"]) as files:
        nothing()
    return {"files": files.manifest}


@task
def command():
    run_shell("echo bad >&2; exit 3", {})


@task
def fine():
    from airflow_functions import same

    return {"x": to_xcom(same(value=7), "x")}


@dag(schedule=None, catchup=False)
def failures():
    # order: data
    raises_result = raises()
    after_it(raises_result)
    not_json()
    not_picklable()
    puts_nothing()
    command()
    fine()


failures()
