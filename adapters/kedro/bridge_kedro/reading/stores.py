"""The entries of the catalog as datasets, and what becomes of each option."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.findings import Feature, Level
from bridge.policies import Dataset
from bridge_kedro.reading.seen import Entry, Place
from bridge_kedro.reading.telling import Tell

__all__ = ["is_memory", "to_dataset"]

_MEMORY = ("MemoryDataset", "SharedMemoryDataset")
_NESTED = "dataset"


def is_memory(entry: Entry | None) -> bool:
    """Whether a value with this entry, or with none, is kept in memory."""
    return entry is None or entry.type.rpartition(".")[2] in _MEMORY


def to_dataset(entry: Entry, tell: Tell) -> Dataset | None:
    """The dataset of an entry, None for one in memory; ``tell`` is told of all that it says."""
    _Options(entry, tell).type()
    if is_memory(entry):
        for name in entry.options:
            _Options(entry, tell)(Level.APPROXIMATED, name, "each task that reads it has a copy")
        return None
    return _Options(entry, tell).dataset()


class _Options:
    def __init__(self, entry: Entry, tell: Tell) -> None:
        self._entry, self._tell = entry, tell

    def __call__(self, level: Level, option: str, message: str) -> None:
        entry = self._entry
        line = entry.lines.get(option, 0)
        place = Place(entry.place.file, line) if entry.place and line else entry.place
        attribute = f"catalog[{entry.name!r}].{option}"
        text = f"{option} of the dataset '{entry.name}': {message}"
        self._tell(level, Feature.DATASET, attribute, text, place)

    def type(self) -> None:
        """Tell of the class."""
        entry = self._entry
        if is_memory(entry):
            self(Level.CARRIED, "type", "a value that tasks hand on")
        elif entry.trouble:
            self(Level.UNSUPPORTED, "type", f"'{entry.type}' cannot be imported: {entry.trouble}; "
                 "install what it needs")  # fmt: skip
        elif entry.type.rpartition(".")[2] == "CachedDataset":
            self(Level.EMULATED, "type", f"{entry.kind}; every task that reads it loads it anew")
        else:
            self(Level.CARRIED, "type", entry.kind)

    def dataset(self) -> Dataset:
        """The dataset, as far as it can be said."""
        entry = self._entry
        options = {key: value for key, value in entry.options.items() if key != entry.path_key}
        credentials = self._credentials(options.pop("credentials", None))
        if isinstance(options.get(_NESTED), Mapping):
            options[_NESTED] = self._nested(options[_NESTED], credentials)
        if options.pop("validator", None) is not None:
            self(Level.DROPPED, "validator", "what it would refuse is let through elsewhere")
        for name in options:
            self._option(name, options[name])
        path = entry.options.get(entry.path_key) if entry.path_key else None
        if path is not None:
            self(Level.CARRIED, entry.path_key, "as it is, relative to the project's folder")
        kept = {n: value for n, value in options.items() if n not in entry.odd}
        return Dataset(entry.kind, path, kept, credentials)

    def _option(self, name: str, value: Any) -> None:
        if name in self._entry.odd:
            text = "is no JSON; write it as text, or in a class of datasets of your own"
            self(Level.UNSUPPORTED, name, text)
        elif name == "versioned" and value:
            text = "the latest is loaded and a new one saved, named after the time at which it is"
            self(Level.APPROXIMATED, name, f"{text}, not after the run")
        elif name == "metadata":
            self(Level.CARRIED, name, "kept; tools for Kedro alone read it")
        else:
            self(Level.CARRIED, name, "as it is")

    def _credentials(self, value: Any) -> str | None:
        """The name of credentials, never what they are."""
        if value is None:
            return None
        name = value if isinstance(value, str) else f"{self._entry.name}_credentials"
        text = f"the variable PIPELINE_CREDENTIALS_{name.upper()} is to hold them as JSON"
        self(Level.EMULATED, "credentials", text)
        return name

    def _nested(self, given: Mapping[str, Any], credentials: str | None) -> dict[str, Any]:
        """The dataset of each partition, whose credentials are those of all."""
        inner = dict(given)
        own = inner.pop("credentials", None)
        if own is not None and own != credentials:
            text = "has credentials of its own; write them at the top of the entry, for all of it"
            self(Level.UNSUPPORTED, f"{_NESTED}.credentials", text)
        return inner
