"""A system that listens to webhooks: a real HTTP server on this machine that behaves as it is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Heard:
    """One request, as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


Behaviour = Callable[[BaseHTTPRequestHandler], None]


def answers(status: int, body: bytes = b"", **headers: str) -> Behaviour:
    """Says a status, and a body."""

    def behave(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return behave


def drips(seconds: float) -> Behaviour:
    """Begins an answer and never ends it: a letter at a time."""

    def behave(handler: BaseHTTPRequestHandler) -> None:
        until = time.monotonic() + seconds
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while time.monotonic() < until:
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.02)

    return behave


def endless(handler: BaseHTTPRequestHandler) -> None:
    """Refuses in a body without an end."""
    handler.send_response(500)
    handler.end_headers()
    while True:
        handler.wfile.write(b"no " * 1000)


@dataclass
class Listening:
    """The server: where it is, what it heard, and how it behaves from now on."""

    url: str
    heard: list[Heard] = field(default_factory=list)
    behaves: Behaviour = field(default_factory=lambda: answers(204))


@contextmanager
def listening() -> Iterator[Listening]:
    """While the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            told.heard.append(Heard(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            try:
                told.behaves(self)
            except OSError:
                self.close_connection = True

        def do_GET(self) -> None:
            told.heard.append(Heard(f"GET {self.path}", {}, b""))
            answers(200)(self)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    told = Listening(f"http://127.0.0.1:{server.server_address[1]}/in?from=us")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
