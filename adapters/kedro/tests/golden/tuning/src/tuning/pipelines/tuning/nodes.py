"""The nodes of the pipeline 'tuning'."""

from copy import deepcopy

from kedro_functions import (
    announce,
    best,
    download,
    evaluate,
    explain,
    judge,
    publish,
    train,
)
from tasklib.arguments import call
from tasklib.steps import ABSENT, attempts, choose, each, present, step, time_limit
from tasklib.values import to_json, to_object


def download_node(rows):
    # resources: cpu 2, memory 4096
    # dependencies: pandas>=2.2
    for attempt in attempts("download", retries=3, delay=0.5, backoff=2):
        with attempt, time_limit(60):
            table = to_object(download(rows=rows), "table")
    return table


def trials_node(depths, table):
    model = []
    score = []
    for i, depth in enumerate(each("trials", depths)):
        # about: One trial for each depth.
        with step(f"trials.{i}.train"):
            model_item = to_object(train(table=deepcopy(table), depth=depth), "model")
        # metrics: score
        with step(f"trials.{i}.evaluate"):
            score_item = to_json(evaluate(model=deepcopy(model_item)), "score")
        model.append(model_item)
        score.append(score_item)
    return model, score


def best_node(models, scores):
    best_model, best_score = best(models=models, scores=scores)
    return best_model, to_json(best_score, "best_score")


def judge_node(best_score, goal):
    return to_json(judge(best_score=best_score, goal=goal), "verdict")


def release_node(verdict, best_model, best_score, goal):
    address = ABSENT
    reason = ABSENT
    release_branch = choose("release", verdict, ["publish", "reject"])
    if release_branch == "publish":
        # pipeline: publish
        with step("release.publish.publish"):
            address = to_json(publish(best_model=best_model), "address")
    else:
        with step("release.reject.explain"):
            reason = to_json(explain(best_score=best_score, goal=goal), "reason")
    return address, reason


def announce_node(verdict, address):
    return to_json(
        call(announce, verdict=verdict, **present({"address": address})), "message"
    )
