"""Datasets for values that may be None, which Kedro's own refuse to save."""

from inspect import unwrap

from kedro_datasets.json import JSONDataset


def takes_none(dataset):
    """Undo what Kedro wraps around a class of datasets: it refuses None and renames arguments."""
    dataset.save = unwrap(dataset.save)
    dataset.__init__ = dataset.__init__.__wrapped__
    return dataset


@takes_none
class NullableJSONDataset(JSONDataset):
    """A JSON file; None is kept as null."""
