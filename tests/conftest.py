"""What the tests of the core share."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

# A test run by xdist is no process of a single thread; its functions may be known here alone.
os.environ.setdefault("BRIDGE_START", "fork")

# Of what a shell starts in the background, and of its children, interrupts are not noticed.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, with no state of earlier runs and no parameters around."""
    monkeypatch.chdir(tmp_path)
    for variable in ("BRIDGE_HOME", "BRIDGE_STORE"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, beside the store."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for variable in ("PIPELINE_STORE", "BRIDGE_STORE"):
        monkeypatch.setenv(variable, str(tmp_path / "store"))
    return folder


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """An S3 bucket on this machine."""
    boto3 = pytest.importorskip("boto3")
    s3fs = pytest.importorskip("s3fs")
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(port=0)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "us-east-1"}
    client = boto3.client("s3", endpoint_url=url, **keys)
    client.create_bucket(Bucket="bucket")
    client.close()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in keys.items():
            patch.setenv(name.replace("region_name", "aws_default_region").upper(), value)
        patch.setenv("AWS_ENDPOINT_URL", url)
        s3fs.S3FileSystem.clear_instance_cache()  # they remember another server
        yield "s3://bucket/some/where"
    server.stop()
