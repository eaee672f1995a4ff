"""The nodes of the pipeline 'training'."""

from pathlib import Path

from kedro_functions import fit, prepare, score
from tasklib.files import catalog
from tasklib.notebook import run_notebook
from tasklib.shell import run_shell
from tasklib.values import to_json

REPORTING = Path(__file__).parents[4] / "data" / "08_reporting"


def prepare_node(rows):
    with catalog(put=["numbers.txt"]) as files:
        counts = prepare(rows=rows)
    return to_json(counts, "counts"), files.manifest


def fit_small_node(units, rate, prepare_files):
    with catalog(get=["numbers.txt"], upstream=[prepare_files]):
        model_small, score_small = fit(units=units, rate=rate)
    return model_small, to_json(score_small, "score_small")


def fit_large_node(units, rate, prepare_files):
    with catalog(get=["numbers.txt"], upstream=[prepare_files]):
        model_large, score_large = fit(units=units, rate=rate)
    return model_large, to_json(score_large, "score_large")


def score_node(model, prepare_files):
    with catalog(get=["numbers.txt"], upstream=[prepare_files]):
        score_2 = score(model=model)
    return to_json(score_2, "score")


def examine_node(score):
    return run_notebook(
        "kedro_examine.ipynb",
        {"score": score},
        returns={"percent": "json"},
        save_as=REPORTING / "examine.ipynb",
    )["percent"]


def report_node(title, percent):
    with catalog(put=["report.txt"]) as files:
        results = run_shell(
            'echo "$title: $percent" > report.txt; export lines=1',
            {"title": title, "percent": percent},
            returns=["lines"],
        )
    return results["lines"], files.manifest, True


def deploy_node(report_done):
    """To be written."""
    # owner: 'ops'
