"""Datasets: values with a place and a type of their own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bridge.carried.datasets import load_dataset, save_dataset

CODE = """
class Text:
    def __init__(self, filepath, prefix="", credentials=None):
        self.filepath, self.prefix, self.credentials = filepath, prefix, credentials

    def load(self):
        with open(self.filepath) as file:
            return self.prefix + file.read()

    def save(self, value):
        with open(self.filepath, "w") as file:
            file.write(value if self.credentials is None else str(self.credentials))

class Other(Text):
    def __init__(self, path):
        super().__init__(path)

class Made(Text):
    @classmethod
    def from_config(cls, name, config):
        kind, given = config.pop("type"), dict(config)
        assert kind is cls
        return cls(given["filepath"], prefix=f"{name} {given['extra']} ")

class Neither:
    pass
"""


@pytest.fixture(autouse=True)
def text_types(tmp_path, monkeypatch):
    (tmp_path / "text_types.py").write_text(CODE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    yield
    sys.modules.pop("text_types", None)


@pytest.mark.parametrize("kind", ["text_types.Text", "text_types:Text", "text_types.Other"])
def test_what_is_saved_is_loaded(kind):
    save_dataset("hello", kind, "a.txt")
    assert load_dataset(kind, "a.txt") == "hello"


def test_options_go_to_the_class():
    Path("a.txt").write_text("hello")
    assert load_dataset("text_types.Text", "a.txt", prefix="> ") == "> hello"


def test_a_class_may_make_its_datasets_of_a_mapping():
    Path("a.txt").write_text("hello")
    assert load_dataset("text_types.Made", "a.txt", extra=1) == "text_types.Made 1 hello"


def test_credentials_come_from_the_environment(monkeypatch):
    with pytest.raises(ValueError, match="PIPELINE_CREDENTIALS_STORE is to hold them as JSON"):
        save_dataset("x", "text_types.Text", "a.txt", credentials="store")
    monkeypatch.setenv("PIPELINE_CREDENTIALS_STORE", '{"key": 1}')
    save_dataset("x", "text_types.Text", "a.txt", credentials="store")
    assert Path("a.txt").read_text() == "{'key': 1}"


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("text_types.Gone", "cannot be imported"),
        ("gone.Text", "cannot be imported"),
        ("Text", "cannot be imported"),
        ("text_types.Neither", r"has no load\(\) and save\(\)"),
    ],
)
def test_what_is_no_dataset_is_told(kind, says):
    with pytest.raises(ValueError, match=says):
        load_dataset(kind, "a.txt")
