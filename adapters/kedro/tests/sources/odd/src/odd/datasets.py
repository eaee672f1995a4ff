"""A dataset of the project's own."""

from pathlib import Path

from kedro.io import AbstractDataset


class SealedDataset(AbstractDataset):
    """Text, moved along the alphabet by a key."""

    def __init__(self, filepath, credentials=None):
        self._filepath = filepath
        self._key = (credentials or {})["key"]

    def load(self):
        return self._moved(Path(self._filepath).read_text(), -self._key)

    def save(self, data):
        Path(self._filepath).parent.mkdir(parents=True, exist_ok=True)
        Path(self._filepath).write_text(self._moved(data, self._key))

    def _moved(self, text, by):
        return "".join(chr(ord(char) + by) for char in text)

    def _describe(self):
        return {"filepath": self._filepath}
