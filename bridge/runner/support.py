"""What the local engine can run."""

from __future__ import annotations

from bridge.findings import Feature, Support, native, unsupported

__all__ = ["SUPPORT"]

_LATER = unsupported("the local engine does not run it yet")

SUPPORT: dict[Feature, Support] = dict.fromkeys(Feature, _LATER) | {
    feature: native()
    for feature in (
        Feature.PYTHON,
        Feature.NOTEBOOK,
        Feature.SHELL,
        Feature.STUB,
        Feature.PARAMETERS,
        Feature.INPUTS,
        Feature.INPUTS_PATH,
        Feature.INPUTS_CONSTANT,
        Feature.INPUTS_FACT,
        Feature.JSON,
        Feature.METRIC,
        Feature.PICKLED,
        Feature.CATALOG_GET,
        Feature.CATALOG_PUT,
        Feature.CATALOG_HASH,
        Feature.INCLUDE,
        Feature.ORDER_DATA,
        Feature.ORDER_AFTER,
        Feature.DESCRIPTION,
        Feature.PARALLEL,
        Feature.FAILURE_INDEPENDENT,
    )
}
