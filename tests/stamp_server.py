"""A time-stamp authority over HTTP that answers as a test wants it to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tasks.timestamping import REPLY
from tests.signatures import stamping

Answer = Callable[[bytes, Any], tuple[int, str, bytes]]
"""From the request's body and headers to status, content type and body."""


@contextmanager
def server(answer: Answer) -> Iterator[tuple[str, list[Any]]]:
    """An HTTP authority; yields its address and the connections it saw."""
    seen: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            seen.append(self.client_address)
            status, kind, body = answer(self.rfile.read(int(self.headers["Content-Length"])), self.headers)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{httpd.server_port}/", seen
    finally:
        httpd.shutdown()
        httpd.server_close()


def right(request: bytes, headers: Any) -> tuple[int, str, bytes]:
    return 200, REPLY, stamping().respond(request)
