"""``export_chain.py ADAPTER N``: times the export of a chain of N tasks, told as JSON."""

from __future__ import annotations

import json
import resource
import sys
import time

from bridge_chain import chain

from bridge.translate import render


def cpu() -> float:
    """The CPU seconds of this process and of those it started (the formatter)."""
    used = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def main() -> None:
    adapter, length = sys.argv[1], int(sys.argv[2])
    render(chain(10), adapter)  # imports what it needs
    pipeline = chain(length)
    wall_before, cpu_before = time.perf_counter(), cpu()
    render(pipeline, adapter)
    wall, used = time.perf_counter() - wall_before, cpu() - cpu_before
    print(json.dumps([{"wall": wall, "cpu": used}]))


if __name__ == "__main__":
    main()
