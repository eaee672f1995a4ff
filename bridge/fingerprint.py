"""Fingerprints of objects by content, equal for objects that a reader would call the same.

Pickle bytes will not do: they differ with the identity of equal parts and with the order in which
a set or a dict was filled. Here an object is a node of a graph, with a description of its own and
with parts, which are other nodes or plain values. Nodes are hashed from the leaves upwards, each
from the hashes of its parts, so neither depth nor sharing matters. What is then left are cycles:
their nodes are told apart round by round, by what is seen from each along ever longer paths.
"""

from __future__ import annotations

import copyreg
import struct
import sys
import types
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

__all__ = ["fingerprint", "fingerprint_list"]


def fingerprint(value: Any) -> str:
    """The hash of what ``value`` consists of, as ``sha256:...``.

    Types, dtypes, the order of lists and the sign of zero count; the order of dicts and sets does
    not, and NaN is NaN. Functions and classes count by name. Raises ValueError for an object that
    has no content to go by, such as a generator.
    """
    return f"sha256:{_label(_graph(value)).hex()}"


def fingerprint_list(loads: Sequence[Callable[[], Any]]) -> str:
    """What ``fingerprint`` gives of the list of all that is loaded, one after the other.

    No more than one is held at a time, unless one of them contains itself.
    """
    parts = []
    for load in loads:
        part = _part(load())
        if part is None:
            return fingerprint([load() for load in loads])
        parts.append(part)
    what, _, _, data = _describe([])
    return f"sha256:{_hash([_hash([what.encode(), data]), *parts]).hex()}"


def _part(value: Any) -> bytes | None:
    """What a value is in a list of others; None where it contains itself."""
    plain = _plain(value)
    if plain is not None:
        return plain
    nodes = _graph(value)
    labels = [node.own for node in nodes]
    return None if _label_acyclic(nodes, labels) else labels[0]


class _Node(NamedTuple):
    """An object: the hash of its description, and its parts as hashes or as numbers of nodes."""

    own: bytes
    parts: list[bytes | int]
    ordered: bool


class _Description(NamedTuple):
    """What an object is, and of what parts it consists."""

    what: str
    parts: Iterable[Any] = ()
    ordered: bool = True
    data: bytes = b""


def _graph(root: Any) -> list[_Node]:
    """The nodes of all objects that ``root`` consists of, itself first."""
    nodes: list[_Node] = []
    objects = [root]  # all held to the end, lest two of them get the same id
    numbers = {id(root): 0}
    for value in objects:
        what, parts, ordered, data = _describe(value)
        found: list[bytes | int] = []
        for part in parts:
            plain = _plain(part)
            if plain is None and id(part) not in numbers:
                numbers[id(part)] = len(objects)
                objects.append(part)
            found.append(numbers[id(part)] if plain is None else plain)
        nodes.append(_Node(_hash([what.encode(), data]), found, ordered))
    return nodes


# From the graph to one hash


def _label(nodes: list[_Node]) -> bytes:
    """The hash of the first node, and with it of all that can be reached from there."""
    labels: list[bytes] = [node.own for node in nodes]
    cyclic = _label_acyclic(nodes, labels)
    if not cyclic:
        return labels[0]
    different = 0
    for _ in range(max(100, 1_000_000 // len(cyclic))):
        before, different = different, len({labels[i] for i in cyclic})
        if different == before:  # no round will ever tell more of them apart
            break
        mixed = [_mixed(nodes[i], labels[i], labels) for i in cyclic]
        for i, label in zip(cyclic, mixed, strict=True):
            labels[i] = label
    return _hash([labels[0], *sorted({labels[i] for i in cyclic})])


def _label_acyclic(nodes: list[_Node], labels: list[bytes]) -> list[int]:
    """Label the nodes from which no cycle can be reached; gives the numbers of the others."""
    users: list[list[int]] = [[] for _ in nodes]
    for i, node in enumerate(nodes):
        for part in node.parts:
            if isinstance(part, int):
                users[part].append(i)
    missing = [sum(isinstance(part, int) for part in node.parts) for node in nodes]
    ready = [i for i, count in enumerate(missing) if not count]
    for i in ready:
        labels[i] = _mixed(nodes[i], nodes[i].own, labels)
        for user in users[i]:
            missing[user] -= 1
            if not missing[user]:
                ready.append(user)
    return [i for i, count in enumerate(missing) if count]


def _mixed(node: _Node, own: bytes, labels: list[bytes]) -> bytes:
    parts = [labels[part] if isinstance(part, int) else part for part in node.parts]
    return _hash([own, *(parts if node.ordered else sorted(parts))])


def _hash(parts: Iterable[bytes]) -> bytes:
    digest = sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


# What objects consist of


def _plain(value: Any) -> bytes | None:
    """A value that has no parts, as bytes; None for any other object."""
    kind = type(value)
    if kind is str:
        data = b"str:" + value.encode("utf-8", "surrogatepass")
        return data if len(data) < 100 else _hash([data])
    if kind is float:
        return b"float:" + _bits(value)
    if value is None or kind is bool or value is ... or value is NotImplemented:
        return repr(value).encode()
    if kind is int:
        return f"int:{value:x}".encode()
    if kind is complex:
        return b"complex:" + _bits(value.real) + _bits(value.imag)
    return None


def _bits(value: float) -> bytes:
    return b"nan" if value != value else struct.pack(">d", value)


def _describe(value: Any) -> _Description:
    plain = _plain(value)
    kind = type(value)
    what = f"{kind.__module__}:{kind.__qualname__}"
    if plain is not None:
        return _Description("plain", data=plain)
    if kind in (list, tuple):
        return _Description(what, value)
    if kind is dict:
        return _Description(what, value.items(), ordered=False)
    if kind in (set, frozenset):
        return _Description(what, value, ordered=False)
    if kind in (bytes, bytearray):
        return _Description(what, data=bytes(value))
    if isinstance(value, type | types.FunctionType):
        return _Description(f"name {value.__module__}:{value.__qualname__}")
    if isinstance(value, types.ModuleType):
        return _Description(f"module {value.__name__}")
    return _array(value) or _table(value) or _reduced(value, what)


def _array(value: Any) -> _Description | None:
    """A NumPy array or scalar, if it is one."""
    numpy = sys.modules.get("numpy")
    if numpy and isinstance(value, numpy.ma.MaskedArray):
        return _Description("numpy masked", [numpy.ma.getmaskarray(value), value.filled()])
    if not numpy or not (isinstance(value, numpy.generic) or type(value) is numpy.ndarray):
        return None
    array = numpy.asarray(value)
    what = f"numpy {type(value).__name__} {array.dtype.str[1:]} {array.shape}"
    if array.dtype.names:
        return _Description(what, [(name, array[name]) for name in array.dtype.names])
    if array.dtype.hasobject or array.dtype.kind == "T":
        return _Description(what, array.ravel().tolist())
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    if array.dtype.kind == "c":
        return _Description(what, [array.real, array.imag])
    if array.dtype.char == "g":  # its bytes have padding
        return _Description(what, [repr(item) for item in array.ravel()])
    if array.dtype.kind == "f":  # there are many NaN
        array = numpy.where(numpy.isnan(array), numpy.nan, array)
    return _Description(what, data=array.tobytes())


def _table(value: Any) -> _Description | None:
    """A pandas table, column, index or array of its own, if it is one."""
    pandas = sys.modules.get("pandas")
    if not pandas:
        return None
    what = f"pandas {type(value).__qualname__}"
    if isinstance(value, pandas.DataFrame):
        columns = (value.iloc[:, i].array for i in range(value.shape[1]))
        return _Description(what, [value.columns, value.index, *columns])
    if isinstance(value, pandas.Series):
        return _Description(what, [value.name, value.index, value.array])
    if isinstance(value, pandas.Index):
        levels = [value.get_level_values(i).array for i in range(value.nlevels)]
        return _Description("pandas Index", [list(value.names), *levels])
    if isinstance(value, pandas.api.extensions.ExtensionArray):
        return _Description(f"pandas array {value.dtype}", _column(value))
    return None


def _column(array: Any) -> list[Any]:
    if hasattr(array, "categories"):
        return [array.categories, array.ordered, array.codes]
    if hasattr(array, "asi8"):
        return [array.asi8]
    plain = array.to_numpy()
    return list(plain) if plain.dtype.hasobject else [plain]


def _reduced(value: Any, what: str) -> _Description:
    """Any other object, by what it gives to pickle."""
    reduce = copyreg.dispatch_table.get(type(value))
    try:
        reduced = reduce(value) if reduce else value.__reduce_ex__(4)
    except Exception as error:  # whatever the object's own __reduce__ may raise
        raise ValueError(f"a value of type {what} has no content to go by: {error}") from error
    if isinstance(reduced, str):
        return _Description(f"name {getattr(value, '__module__', None)}:{reduced}")
    function, arguments, state, items, pairs = [*reduced, None, None, None][:5]
    return _Description(
        what, [function, arguments, state, list(items or ()), dict(pairs) if pairs else None]
    )
