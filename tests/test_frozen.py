from __future__ import annotations

import copy
import pickle
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, field, replace

import pytest

from bridge.frozen import Frozen


class Place(Frozen):
    name: str
    size: int = 1
    seen: str = field(default="", compare=False, repr=False)


class Named(Frozen, kw_only=True):
    name: str = ""

    def __post_init__(self) -> None:
        self.__dict__["name"] = self.name.upper()


class Tagged(Named, kw_only=True):
    tags: Mapping[str, int] = field(default_factory=dict)


class Twin(Frozen):
    name: str
    size: int = 1


def test_fields_are_set_once():
    place = Place("a", 2)
    for name in ("name", "size", "seen", "unknown"):
        with pytest.raises(FrozenInstanceError, match=name):
            setattr(place, name, "b")
    with pytest.raises(FrozenInstanceError, match="name"):
        del place.name
    assert place == Place("a", 2)


def test_equality_asks_for_the_class_and_the_compared_fields():
    assert Place("a", seen="here") == Place("a", seen="there")
    assert hash(Place("a", seen="here")) == hash(Place("a"))
    assert Place("a") != Place("a", 2)
    assert Place("a") != Twin("a")
    assert {Place("a"): 1}[Place("a")] == 1
    with pytest.raises(TypeError, match="unhashable"):
        hash(Tagged())


def test_what_is_shown_can_be_read_back():
    assert repr(Place("a", seen="here")) == "Place(name='a', size=1)"
    assert eval(repr(Tagged(name="a", tags={"b": 1}))) == Tagged(name="a", tags={"b": 1})


def test_a_subclass_has_the_fields_of_its_base_and_its_way_to_finish_them():
    tagged = Tagged(name="a")
    assert (tagged.name, tagged.tags) == ("A", {})
    assert Tagged(name="a").tags is not tagged.tags
    with pytest.raises(TypeError, match="positional"):
        Tagged("a")


def test_the_first_object_of_a_class_is_made_as_those_after_it():
    class Fresh(Named, kw_only=True):
        size: int
        tags: list[str] = field(default_factory=list)

    class Wider(Fresh, kw_only=True):
        width: int = 2

    first, second = Fresh(name="a", size=1), Fresh(name="a", size=1)
    assert first == second
    assert vars(first) == vars(second) == {"name": "A", "size": 1, "tags": []}
    assert vars(Wider(size=1)) == {"name": "", "size": 1, "tags": [], "width": 2}
    for given in ({}, {"size": 1, "height": 3}):
        with pytest.raises(TypeError, match=r"Fresh.__init__\(\)"):
            Fresh(**given)


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))]
)
def test_a_copy_is_equal_and_frozen_too(again):
    place = Place("a", 2, "here")
    assert again(place) == place
    assert again(place).seen == "here"
    with pytest.raises(FrozenInstanceError):
        again(place).name = "b"
    assert replace(place, size=3) == Place("a", 3)
