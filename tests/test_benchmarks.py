"""What ``make bench`` measures is carried out, in small, with the right results; no time counts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).resolve().parent.parent / "benchmarks" / "run.py"
ROWS = {
    "start": {"python -c pass", "bridge run", "bridge"},
    "chain": {"bridge", "bridge, inline"},
    "fan": {"bridge", "bridge, inline"},
    "long": {"bridge, short", "bridge, long"},
    "graph": {"bridge"},
    "frame": {"np.save, then mapped", "bridge"},
    "large": {"cp", "sha256", "bridge, put", "bridge, put unchanged", "bridge, get"},
    "small": {"cp", "sha256", "bridge, put", "bridge, put unchanged", "bridge, get"},
    "resume": {"bridge"},
    "export": {"to airflow", "to kedro", "to metaflow"},
}


def bench(output: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(RUN), "--quick", "--peers", "bridge", "--output", str(output)]
    return subprocess.run([*command, *options], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    output = tmp_path_factory.mktemp("bench") / "bench.json"
    found = bench(output)
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout, {f["key"]: f for f in json.loads(output.read_text())["figures"]}


@pytest.mark.parametrize("key", ROWS)
def test_every_measurement_is_carried_out_and_reported(done, key):
    report, figures = done
    rows = {row["name"]: row for row in figures[key]["rows"]}
    assert rows.keys() == ROWS[key]
    for name, row in rows.items():
        assert row["failure"] == ""
        assert row["n"] == 1
        assert row["seconds"] > 0, name
    assert figures[key]["title"] in report


def test_a_figure_short_of_its_target_is_named_at_the_end(done):
    report, figures = done
    rows = [(key, row) for key, f in figures.items() for row in f["rows"] if row["target"]]
    met = sum(row["met"] for _, row in rows)
    end = report[report.index(f"{met} of {len(rows)} targets met") :]
    for key, row in rows:
        named = any(line.startswith(f"{key}: {row['name']},") for line in end.splitlines())
        assert named is not row["met"]


def test_a_wrong_result_is_a_failure_and_no_figure(tmp_path):
    program = RUN.parent / "programs" / "case.py"
    code = (
        f"import sys; sys.path.insert(0, {str(program.parent)!r}); import case; case.expect(1, 2)"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert found.returncode == 1
    assert "the result is 1, not 2" in found.stderr


def test_a_peer_that_nobody_knows_is_refused(tmp_path):
    found = bench(tmp_path / "bench.json", "--peers", "luigi")
    assert found.returncode == 2
    assert "'luigi' is none of bridge, kedro" in found.stderr
    assert not (tmp_path / "bench.json").exists()
