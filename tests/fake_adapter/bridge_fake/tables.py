"""What a plain script can carry."""

from __future__ import annotations

from bridge.findings import Feature, Support, native, unsupported
from bridge.lower import LOWERED

SUPPORT: dict[Feature, Support] = dict.fromkeys(Feature, unsupported("a script has no such thing"))
SUPPORT |= LOWERED  # no map, no conditional, no policy: all of it is rewritten before it comes here
SUPPORT |= {
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
        Feature.CATALOG_GET,
        Feature.CATALOG_PUT,
        Feature.CATALOG_HASH,
        Feature.INCLUDE,
        Feature.ORDER_DATA,
        Feature.ORDER_AFTER,
        Feature.DESCRIPTION,
        Feature.OVERRIDES,
        Feature.DATASET,
    )
}
SUPPORT[Feature.PARALLEL] = Support(SUPPORT[Feature.PYTHON].level, "one branch after the other")
