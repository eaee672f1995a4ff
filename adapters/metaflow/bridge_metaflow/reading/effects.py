"""What calls do to what they are given: nothing, something, or nobody knows.

Only names are known here, so a name stands for what everybody takes it for: ``append`` changes a
list, ``len`` changes nothing, and of a function that is not the user's own nothing is known.
"""

from __future__ import annotations

__all__ = [
    "CHANGERS",
    "CHANGING_FUNCTIONS",
    "FRESH",
    "GATHERING",
    "PARTS",
    "READERS",
    "SAFE_MODULES",
    "TRAINERS",
]

CHANGERS = frozenset(
    ("add", "append", "appendleft", "clear", "difference_update", "discard", "extend", "insert")
) | {
    *("intersection_update", "pop", "popitem", "popleft", "remove", "reverse", "rotate"),
    *("setdefault", "sort", "subtract", "symmetric_difference_update", "update"),
}
"""Methods that change what they are called on."""

READERS = frozenset(("capitalize", "casefold", "copy", "count", "decode", "difference")) | {
    *("encode", "endswith", "expandtabs", "find", "format", "get", "hex", "index"),
    *("intersection", "isalnum", "isalpha", "isdecimal", "isdigit", "isdisjoint", "islower"),
    *("isnumeric", "isspace", "issubset", "issuperset", "istitle", "isupper", "items", "join"),
    *("keys", "ljust", "lower", "lstrip", "most_common", "partition", "removeprefix"),
    *("removesuffix", "replace", "rfind", "rindex", "rjust", "rpartition", "rsplit", "rstrip"),
    *("split", "splitlines", "startswith", "strip", "swapcase", "symmetric_difference"),
    *("title", "translate", "union", "upper", "values", "zfill"),
    *("isoformat", "strftime", "timestamp", "total_seconds", "date", "time"),
    *("astype", "head", "tail", "mean", "sum", "std", "var", "max", "min", "median", "quantile"),
    *("describe", "nunique", "unique", "value_counts", "to_dict", "to_list", "tolist", "to_csv"),
    *("to_json", "to_numpy", "to_string", "groupby", "isna", "notna", "dropna", "reset_index"),
    *("arange", "array", "asarray", "concat", "concatenate", "hstack", "linspace", "merge"),
    *("ones", "read_csv", "stack", "train_test_split", "vstack", "where", "zeros"),
    *("predict", "predict_proba", "score", "transform", "item", "flatten", "__getitem__"),
}
"""Methods that leave what they are called on as it is."""

TRAINERS = frozenset(("fit", "fit_transform", "partial_fit"))
"""Methods that change what they are called on, and not what they are given."""

FRESH = frozenset(("abs", "all", "any", "ascii", "bin", "bool", "bytes", "callable", "chr")) | {
    *("complex", "divmod", "float", "format", "hash", "hex", "id", "input", "int", "isinstance"),
    *("issubclass", "len", "oct", "open", "ord", "pow", "print", "range", "repr", "round", "str"),
    *("sum", "type", "deepcopy", "dumps", "loads"),
}
"""Functions that change nothing, and whose result has no part in what they were given."""

GATHERING = frozenset(("dict", "enumerate", "filter", "frozenset", "iter", "list", "map")) | {
    *("reversed", "set", "slice", "sorted", "tuple", "zip", "copy", "Counter", "OrderedDict"),
    *("defaultdict", "deque", "chain", "product", "combinations", "permutations", "islice"),
    *("SimpleNamespace",),
}
"""Functions that change nothing, and give something new that holds what they were given."""

PARTS = frozenset(("getattr", "max", "min", "next", "vars", "choice", "reduce", "itemgetter"))
"""Functions that change nothing and give a part of what they were given."""

CHANGING_FUNCTIONS = frozenset(
    ("shuffle", "heapify", "heappush", "heappop", "heapreplace", "heappushpop", "insort")
) | {"insort_left", "insort_right", "setattr", "delattr"}
"""Functions that change the first thing that they are given."""

SAFE_MODULES = frozenset(("math", "json", "statistics", "re", "time", "datetime", "textwrap")) | {
    *("os", "os.path", "itertools", "operator", "string", "hashlib", "base64", "pprint"),
    *("logging", "warnings", "platform", "sys", "uuid", "csv", "io", "pathlib", "pickle"),
}
"""Modules of the standard library that change nothing they are given."""
