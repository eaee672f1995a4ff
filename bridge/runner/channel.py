"""Values on their way between a run and its workers: pickled, each with its length before it."""

from __future__ import annotations

import pickle
import socket
import struct
from typing import Any

__all__ = ["Channel"]

_LENGTH = struct.Struct("!Q")


class Channel:
    """One end of a pair of sockets. (That of multiprocessing takes longer to import than a run.)"""

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    def fileno(self) -> int:
        """The descriptor, to wait on."""
        return self._end.fileno()

    def send(self, value: Any) -> None:
        """Send a value. Raises OSError when nobody is there to receive it."""
        data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        self._end.sendall(_LENGTH.pack(len(data)) + data)

    def receive(self) -> Any:
        """Wait for a value. Raises EOFError or OSError when the other end is gone."""
        (length,) = _LENGTH.unpack(self._read(_LENGTH.size))
        return pickle.loads(self._read(length))

    def _read(self, length: int) -> bytes:
        data = self._end.recv(length, socket.MSG_WAITALL)
        while len(data) < length:  # so much at once does not go
            more = self._end.recv(length - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def close(self) -> None:
        """Close this end."""
        self._end.close()
