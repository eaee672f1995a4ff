"""The process that workers come from, started anew: ``python -m bridge.runner.fresh DESCRIPTOR``.

It reads the pipeline from its standard input and understands it for itself.
"""

from __future__ import annotations

import pickle
import socket
import sys

from bridge.flow import analyse
from bridge.runner.places import tasks
from bridge.runner.worker import worker
from bridge.runner.zygote import serve


def main() -> None:
    """Serve on the socket of the descriptor that is given."""
    pipeline, parameters, place, sys.path[:] = pickle.load(sys.stdin.buffer)
    serve(
        socket.socket(fileno=int(sys.argv[1])),
        worker(dict(tasks(analyse(pipeline, parameters))), place),
    )


if __name__ == "__main__":
    main()
