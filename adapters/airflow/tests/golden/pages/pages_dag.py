"""Read what there is about a topic."""

from datetime import timedelta

from airflow.sdk import Param, TaskGroup, dag, task, task_group

from tasklib.steps import choose, each
from tasklib.xcom import of_items, to_xcom


@task
def find_pages(params):
    from airflow_functions import find_pages

    return {
        "pages": to_xcom(
            find_pages(topic=params["topic"], count=params["count"]), "pages"
        )
    }


@task(task_id="items")
def read_items(find_pages_result):
    return [to_xcom(page, "page") for page in each("read", find_pages_result["pages"])]


@task(
    retries=3,
    retry_delay=timedelta(seconds=30),
    execution_timeout=timedelta(seconds=120),
)
def fetch(page):
    from airflow_functions import fetch

    return {"text": to_xcom(fetch(page=page), "text")}


@task
def count_words(fetch_result):
    from airflow_functions import count_words

    return {"words": to_xcom(count_words(text=fetch_result["text"]), "words")}


@task(task_id="gathered", trigger_rule="none_failed")
def read_gathered(fetch_results, count_words_results):
    return {
        "text": to_xcom([result["text"] for result in of_items(fetch_results)], "text"),
        "words": to_xcom(
            [result["words"] for result in of_items(count_words_results)], "words"
        ),
    }


@task.branch(task_id="choose")
def outcome_choose(params):
    groups = {"archive": "outcome.archive", "default": "outcome.default"}
    return groups[choose("outcome", params["wanted"], groups, default=True)]


@task
def archive(read_result):
    from airflow_functions import archive

    return {"note": to_xcom(archive(words=read_result["words"]), "note")}


@task
def ask_for_more(params):
    from airflow_functions import ask_for_more

    return {"note": to_xcom(ask_for_more(topic=params["topic"]), "note")}


@task(task_id="joined", trigger_rule="none_failed_min_one_success")
def outcome_joined(archive_result, ask_for_more_result):
    # Only the tasks of the branch that was taken have results.
    if archive_result is not None:
        return {"note": to_xcom(archive_result["note"], "note")}
    return {"note": to_xcom(ask_for_more_result["note"], "note")}


@task
def publish(outcome_result):
    from airflow_functions import publish

    return {"published": to_xcom(publish(note=outcome_result["note"]), "published")}


@dag(
    description="Read what there is about a topic.",
    schedule="0 6 * * 1-5",
    catchup=False,
    params={
        "topic": Param("bridges", type="string"),
        "count": Param(3, type="integer"),
        "wanted": Param("archive", type="string"),
    },
)
def pages():
    find_pages_result = find_pages()
    with TaskGroup("read"):
        read_items_result = read_items(find_pages_result)

        @task_group(group_id="page", tooltip="Read one page.")
        def read_page(page):
            fetch_result = fetch(page)
            count_words_result = count_words(fetch_result)
            return fetch_result, count_words_result

        fetch_results, count_words_results = read_page.expand(page=read_items_result)
        read_result = read_gathered(fetch_results, count_words_results)
    with TaskGroup("outcome") as outcome:
        outcome_choice = outcome_choose()
        with TaskGroup("archive") as outcome_archive:
            # pipeline: archive
            archive_result = archive(read_result)
        with TaskGroup("default") as outcome_default:
            # pipeline: ask_for_more
            ask_for_more_result = ask_for_more()
        outcome_choice >> [outcome_archive, outcome_default]
        outcome_result = outcome_joined(archive_result, ask_for_more_result)
    read_result >> outcome
    publish(outcome_result)


pages()
