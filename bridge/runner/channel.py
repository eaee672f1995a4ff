"""Values on their way between a run and its workers: pickled, each with its length before it."""

from __future__ import annotations

import pickle
import socket
import struct
from typing import Any

__all__ = ["Channel"]

_LENGTH = struct.Struct("!Q")
_AT_ONCE = 1 << 14  # bytes: most values come whole, by a single call


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
        """Wait for a value, after which nothing comes until it is answered.

        Raises EOFError or OSError when the other end is gone.
        """
        begin = self._read(self._end.recv(_AT_ONCE), _LENGTH.size)
        (length,) = _LENGTH.unpack_from(begin)
        return pickle.loads(memoryview(self._read(begin, _LENGTH.size + length))[_LENGTH.size :])

    def _read(self, data: bytes, length: int) -> bytes:
        while len(data) < length:
            more = self._end.recv(length - len(data), socket.MSG_WAITALL)
            if not more:
                raise EOFError
            data += more
        return data

    def close(self) -> None:
        """Close this end."""
        self._end.close()
