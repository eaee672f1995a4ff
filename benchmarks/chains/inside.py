"""Times a call inside the process that has made everything ready for it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

REPEATS = 5


def tell(run: Callable[[], object]) -> None:
    """Print the wall and CPU seconds of several calls as JSON."""
    samples = []
    for _ in range(REPEATS):
        wall, cpu = time.perf_counter(), time.process_time()
        run()
        samples.append({"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu})
    print(json.dumps(samples))
