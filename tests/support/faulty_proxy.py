"""A proxy in front of an HTTP server that answers badly when it is told to."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Plan = Callable[[int, str], str | None]
"""What goes wrong with the n-th request (its method and path): "503", "cut", "reset", "lie"."""


class Proxy:
    """Where it listens, what goes wrong, and the requests that it was given."""

    def __init__(self, host: str, port: int) -> None:
        self.plan: Plan = lambda number, request: None
        self.requests: list[str] = []
        self.faults: list[str] = []
        self._target, self._lock = (host, port), threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def running(self) -> Iterator[Proxy]:
        """Listen for as long as the block takes."""
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def _fault(self, request: str) -> str | None:
        with self._lock:
            self.requests.append(request)
            found = self.plan(len(self.requests), request)
            if found:
                self.faults.append(found)
            return found

    def _answer(self, request: BaseHTTPRequestHandler) -> tuple[int, list[tuple[str, str]], bytes]:
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        connection = http.client.HTTPConnection(*self._target)
        headers = dict(request.headers.items())
        headers.pop("Expect", None)
        connection.request(request.command, request.path, body, headers)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        kept = [(k, v) for k, v in answer.getheaders() if k.lower() not in _HOP_BY_HOP]
        return answer.status, kept, data

    def _handler(proxy) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                pass

            def _serve(self) -> None:
                fault = proxy._fault(f"{self.command} {self.path}")
                if fault == "reset":
                    self.close_connection = True
                    return
                status, headers, data = proxy._answer(self)
                if fault == "503":
                    status, headers, data = 503, [], b"<Error><Code>SlowDown</Code></Error>"
                if fault == "lie" and data:
                    data = bytes([data[0] ^ 1]) + data[1:]
                self.send_response(status)
                length = {k.lower(): v for k, v in headers}.get("content-length", len(data))
                for name, value in headers:
                    if name.lower() != "content-length":
                        self.send_header(name, value)
                self.send_header("Content-Length", str(length))
                self.end_headers()
                if self.command == "HEAD":
                    return
                self.wfile.write(data[: len(data) // 2] if fault == "cut" else data)
                self.close_connection = fault == "cut"

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _serve  # noqa: N815

        return Handler


_HOP_BY_HOP = {"connection", "transfer-encoding", "keep-alive", "date", "server"}
