"""What the local engine does with each feature."""

from __future__ import annotations

from collections.abc import Mapping

from bridge.findings import Feature, Support, native, unsupported

__all__ = ["SUPPORT"]

_METADATA = "kept in the pipeline; nothing here asks for it"

SUPPORT: Mapping[Feature, Support] = dict.fromkeys(Feature, native()) | {
    Feature.FOREIGN: unsupported("only the framework that it comes from can carry it out"),
    Feature.SCHEDULE: native(_METADATA),
    Feature.RESOURCES: native(_METADATA),
    Feature.DEPENDENCIES: native(_METADATA),
    Feature.IMAGE: native(_METADATA),
    Feature.OVERRIDES: native(_METADATA),
}
