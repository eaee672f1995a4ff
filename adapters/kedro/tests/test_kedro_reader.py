"""What the reader makes of projects: tasks, datasets, functions, findings."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge import Dataset, PythonTask, at, constant
from bridge.adapter import Import, Source
from bridge.errors import SourceError
from bridge.findings import Level
from bridge.values import Kind
from bridge_kedro.adapter import KEDRO

HERE = Path(__file__).parent
SOURCES = HERE / "sources"


def read(name: str, pipeline: str = "", env: str = "") -> Import:
    return KEDRO.read(Source(SOURCES / name, pipeline, env))


@pytest.fixture(scope="module", autouse=True)
def untouched() -> Iterator[None]:
    """Reading leaves nothing behind, and changes nothing."""

    def state() -> dict[Path, str]:
        files = (path for path in SOURCES.rglob("*") if path.is_file())
        return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    before = state()
    yield
    assert state() == before


@pytest.fixture(scope="module")
def spaceflights() -> Import:
    return read("spaceflights")


@pytest.fixture(scope="module")
def odd() -> Import:
    return read("odd")


def task(found: Import, name: str) -> PythonTask:
    step = next(step for step in found.pipeline.steps if step.name == name)
    assert isinstance(step, PythonTask)
    return step


# The starter


def test_every_node_is_a_task_of_the_function_it_calls(spaceflights: Import) -> None:
    modelling = ["split_data_node", "train_model_node", "evaluate_model_node"]
    assert [step.name for step in spaceflights.pipeline.steps] == [
        "preprocess_companies_node",
        "preprocess_shuttles_node",
        "create_model_input_table_node",
        *(f"active_modelling_pipeline.{name}" for name in modelling),
        *(f"candidate_modelling_pipeline.{name}" for name in modelling),
        "mean_capacity",
        "draw_capacity",
    ]
    assert spaceflights.files == {}
    split = task(spaceflights, "candidate_modelling_pipeline.split_data_node")
    assert str(split.reference) == "spaceflights.pipelines.data_science.nodes:split_data"
    assert split.inputs == {
        "data": at("model_input_table"),
        "parameters": at("candidate_modelling_pipeline", "model_options"),
    }
    assert [returned.name for returned in split.outputs] == [
        f"candidate_modelling_pipeline.{name}"
        for name in ("X_train", "X_test", "y_train", "y_test")
    ]
    assert {returned.kind for returned in split.outputs} == {Kind.PICKLED}
    assert split.overrides == {"kedro": {"namespace": "candidate_modelling_pipeline"}}
    assert split.where
    assert split.where.file.endswith("data_science/pipeline.py")
    source = Path(split.where.file).read_text().splitlines()
    assert source[split.where.line - 1].strip() == "Node("


def test_entries_and_factories_are_datasets(spaceflights: Import) -> None:
    found = spaceflights.pipeline.datasets
    assert found["shuttles"] == Dataset(
        "kedro_datasets.pandas.CSVDataset", "data/01_raw/shuttles.csv", {"load_args": {"sep": ";"}}
    )
    assert found["active_modelling_pipeline.regressor"] == Dataset(
        "kedro_datasets.pickle.PickleDataset",
        "data/06_models/active_modelling_pipeline/regressor.pkl",
        {"versioned": True},
    )
    assert found["preprocessed_shuttles"].path == "data/02_intermediate/preprocessed_shuttles.csv"
    assert "capacity" not in found
    assert len(found) == 11


def test_a_pipeline_and_an_environment_can_be_chosen() -> None:
    found = read("spaceflights", "data_processing", "small")
    assert found.pipeline.name == "data_processing"
    assert len(found.pipeline.steps) == 3
    assert found.pipeline.parameters["model_options"]["features"] == ["engines", "crew"]
    assert found.pipeline.parameters["candidate_modelling_pipeline"]
    unused = [f for f in found.report.findings if f.attribute == "catalog['shuttle_passenger_"
              "capacity']"]  # fmt: skip
    assert [finding.level for finding in unused] == [Level.CARRIED]


# Odd things


def test_functions_that_stand_between(odd: Import) -> None:
    text = odd.files["functions.py"]
    assert "bridge" not in text
    assert "def total_node(limits_low, limits_high_hard, rate):\n    return total(" in text
    assert "    return applied(numbers, function=max)\n" in text
    assert '    result = extremes(numbers)\n    return result["highest"], result["lowest"]' in text
    assert '    return single(numbers)["first"]\n' in text
    assert "    (result,) = one_of_a_list(numbers)\n    return result\n" in text
    assert "def described_node(a, b, c):\n    return described(a=a, b=b, c=c)\n" in text
    assert '            "a.b": a_b,\n' in text
    assert "    *_, result = pieces(numbers)\n    return result\n" in text
    assert "def largest(total, doubled):\n    return max(total, doubled)\n" in text


@pytest.mark.parametrize(
    ("name", "function", "inputs"),
    [
        ("scale", "odd.functions:scaled", {"rate": constant(3), "offset": constant(1)}),
        ("scaled", "odd.functions:scaled", {"offset": constant(2)}),
        ("same", "odd.functions:extremes", {}),
        ("seeded", "odd.functions:seeded", {"seed": constant(7)}),
        ("tripled", "odd.functions:tripled.scale", {"number": at("total")}),
        ("more", "odd.functions:tripled", {"number": at("tripled")}),
        ("doubled", "odd.functions:doubled", {"number": at("more")}),
        ("count", "functions:count", {}),
        ("total", "functions:total_node",
         {"limits_low": at("limits", "low"), "limits_high_hard": at("limits", "high", "hard")}),
    ],
)  # fmt: skip
def test_what_is_called(odd: Import, name: str, function: str, inputs: dict[str, object]) -> None:
    found = task(odd, name)
    assert str(found.reference) == function
    assert found.inputs == inputs


def test_a_value_with_the_name_of_a_parameter_has_another(odd: Import) -> None:
    assert [returned.name for returned in task(odd, "seeded").outputs] == ["model_"]
    assert odd.pipeline.parameters["model"] == {"depth": 3}


def test_only_types_that_are_json_whatever_they_hold_are(odd: Import) -> None:
    kinds = {r.name: r.kind for step in odd.pipeline.steps for r in task(odd, step.name).outputs}
    assert {n for n, kind in kinds.items() if kind is Kind.JSON} == {"labelled", "size", "length"}


def test_entries_of_all_kinds(odd: Import) -> None:
    found = odd.pipeline.datasets
    assert found["secret"].credentials == "seal"
    assert "5" not in str(found["secret"])
    assert found["cached"] == Dataset(
        "kedro_datasets.pickle.PickleDataset", "data/03_primary/cached.pkl", {"versioned": True}
    )
    assert found["parts"] == Dataset(
        "kedro_datasets.partitions.PartitionedDataset",
        "data/01_raw/parts",
        {"filename_suffix": ".txt", "dataset": "text.TextDataset"},
    )
    assert found["table@rows"].path == found["table@text"].path
    assert task(odd, "length").after == ("rows",)
    assert {"in_memory", "unused"}.isdisjoint(found)


def test_what_kedro_alone_does_is_told(odd: Import) -> None:
    told = {f.attribute: f for f in odd.report.findings if f.level is not Level.CARRIED}
    hook = told["hooks.after_node_run"]
    assert hook.level is Level.DROPPED
    assert hook.where
    assert Path(hook.where.file).read_text().splitlines()[hook.where.line - 1].strip() in (
        "@hook_impl"
    )
    assert told["catalog['cached'].type"].level is Level.EMULATED
    assert told["catalog['cached'].versioned"].level is Level.APPROXIMATED
    assert told["catalog['in_memory'].copy_mode"].level is Level.APPROXIMATED
    assert told["${runtime_params:day,monday}"].level is Level.APPROXIMATED
    assert told["inputs['parameters']"].level is Level.EMULATED
    assert "PIPELINE_CREDENTIALS_SEAL" in told["catalog['secret'].credentials"].message


def test_what_cannot_be_taken_over_is_told_with_its_place() -> None:
    found = read("odd", "unnamed")
    refused = {(f.step, f.attribute): f for f in found.report.refused()}
    assert {key for key in refused if not key[1].startswith("hooks.")} == {
        ("lambda", "func"),
        ("method", "func"),
        ("unwritten", "func"),
        ("unwritten", "partial[1]"),
        ("confirming", "inputs['nowhere']"),
        ("undeclared", "inputs['params:nothing']"),
    }
    where = refused["lambda", "func"].where
    assert where
    assert "lambda numbers" in Path(where.file).read_text().splitlines()[where.line - 1]
    assert "a lambda" in found.files["functions.py"]
    assert task(found, "confirming").overrides == {"kedro": {"confirms": ["numbers"]}}


def test_an_environment_wins() -> None:
    found = read("odd", env="prod").pipeline.datasets["numbers"]
    assert found.path == "data/01_raw/more_numbers.json"


# All of them


@pytest.mark.parametrize(
    ("name", "pipeline"), [("spaceflights", ""), ("odd", ""), ("odd", "unnamed")]
)
def test_the_totals_add_up(name: str, pipeline: str, request: pytest.FixtureRequest) -> None:
    found = read(name, pipeline) if pipeline else request.getfixturevalue(name)
    done = subprocess.run(
        [sys.executable, HERE / "kedro_count.py", SOURCES / name, pipeline or "__default__"],
        env={**os.environ, "DO_NOT_TRACK": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    count = int(done.stdout.rpartition("things:")[2])
    assert found.report.totals()["read"] == count
    assert sum(v for k, v in found.report.totals().items() if k != "read") == count


def test_the_corpus_is_recognised() -> None:
    from kedro_corpus import cases

    assert {name for name, _, _ in cases()} == {
        "odd",
        "spaceflights",
        "spaceflights:data_processing",
    }
    assert all(KEDRO.recognises(path) for _, path, _ in cases())


# Bad input


def project(folder: Path, **files: str) -> Source:
    settings = '[tool.kedro]\npackage_name = "small"\nproject_name = "Small"\n'
    texts = {
        "pyproject.toml": settings + 'kedro_init_version = "1.0.0"\n',
        "conf/base/catalog.yml": "",
        "conf/local/.gitkeep": "",
        "src/small/__init__.py": "",
        "src/small/settings.py": "",
        **{path.replace("__", "/"): text for path, text in files.items()},
    }
    for path, text in texts.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return Source(folder)


REGISTRY = """
from kedro.pipeline import Pipeline, node

def one(value):
    return value

def register_pipelines():
    return {"__default__": Pipeline([node(one, "a", "b", name="one")]), "empty": Pipeline([])}
"""


def refused(source: Source) -> str:
    with pytest.raises(SourceError) as caught:
        KEDRO.read(source)
    return str(caught.value).partition("; it printed")[0]


def test_sources_that_cannot_be_read(tmp_path: Path) -> None:
    assert "is no Kedro project" in refused(Source(tmp_path))
    source = project(tmp_path / "a")
    assert "there is no module 'small.pipeline_registry'" in refused(source)
    project(tmp_path / "a", **{"src/small/pipeline_registry.py": "def register("})
    assert "SyntaxError" in refused(source)
    assert f"{tmp_path}/a/src/small/pipeline_registry.py:1" in refused(source)
    project(tmp_path / "a", **{"src/small/pipeline_registry.py": "import no_such_module"})
    assert "No module named 'no_such_module'" in refused(source)


def test_pipelines_that_are_not_there(tmp_path: Path) -> None:
    source = project(tmp_path, **{"src/small/pipeline_registry.py": REGISTRY})
    told = refused(Source(source.path, "other"))
    assert "no pipeline is registered as 'other'; there are __default__, empty" in told
    assert "the pipeline 'empty' has no nodes" in refused(Source(source.path, "empty"))


def test_entries_that_cannot_be_taken_over(tmp_path: Path) -> None:
    catalog = """
a:
  type: nowhere.NoDataset
  filepath: a.txt
b:
  type: partitions.PartitionedDataset
  path: parts
  load_args: {since: .nan}
  dataset: {type: text.TextDataset, credentials: mine}
"""
    files = {"src/small/pipeline_registry.py": REGISTRY, "conf/base/catalog.yml": catalog}
    parameters = {"conf/base/parameters.yml": "day: 2024-01-01\nfar: .inf\n"}
    found = KEDRO.read(project(tmp_path, **files, **parameters))
    refused = {f.attribute: f.message for f in found.report.refused()}
    assert set(refused) == {
        "catalog['a'].type",
        "catalog['b'].load_args",
        "catalog['b'].dataset.credentials",
        "parameters['far']",
    }
    assert found.pipeline.parameters["day"] == "2024-01-01"
    assert "cannot be imported" in refused["catalog['a'].type"]
