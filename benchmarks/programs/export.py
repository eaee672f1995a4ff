"""``export.py ADAPTER SIZE``: translates a chain; what it imports for that it imports before."""

from __future__ import annotations

import sys

from case import begin, end
from on_bridge import one_after_another

from bridge.translate import render


def main() -> None:
    adapter, length = sys.argv[1], int(sys.argv[2])
    render(one_after_another(10), adapter)
    built = one_after_another(length)
    begin()
    render(built, adapter)
    end()


if __name__ == "__main__":
    main()
