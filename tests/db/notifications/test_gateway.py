"""The gateway's channel against a real HTTP server: what each answer means."""

from __future__ import annotations

import json
import socket
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from notifications.channels import ChannelDown, InDoubt, Letter, TryAgain, Undeliverable
from notifications.channels.gateway import Gate, Gateway
from utility_crm.kit.clock import utc_now
from utility_crm.kit.signature import is_signed

SECRET = "between us"
LETTER = Letter("<k1@utility.example>", "+447700900001", "", "Power is back at 18:30. Ждите", "", "sms")


class Server(ThreadingHTTPServer):
    """Answers as told, and keeps what it got."""

    answer: tuple[int, dict[str, str], bytes] = (202, {}, b'{"id": "g-1"}')
    slow_seconds = 0.0
    ends_each = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.connections = 0
        self.ended = threading.Semaphore(0)
        self.paths: list[str] = []

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever hangs up in the middle is part of the tests."""

    def finish_request(self, request: Any, client_address: Any) -> None:
        self.connections += 1
        super().finish_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        self.ended.release()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.paths.append(self.path)
        self.server.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
        time.sleep(self.server.slow_seconds)
        code, headers, said = self.server.answer
        if code == 0:
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(code)
        for name, value in {"content-length": str(len(said)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(said)
        self.close_connection = self.server.ends_each

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def listening() -> Iterator[Server]:
    server = Server()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    with listening() as found:
        yield found


def gateway(server: Server, seconds: float = 60.0) -> Gateway:
    return Gateway(Gate(f"http://127.0.0.1:{server.server_port}/messages", SECRET), seconds)


def test_a_message_is_signed_and_carries_its_key(server: Server) -> None:
    assert gateway(server).send(LETTER) == "g-1"
    ((headers, body),) = server.got
    assert headers["idempotency-key"] == LETTER.message_id
    assert json.loads(body) == {
        "channel": "sms", "to": LETTER.recipient, "text": LETTER.text, "key": LETTER.message_id,
    }  # fmt: skip
    now = utc_now()
    assert is_signed(body, headers, SECRET, now)
    assert not is_signed(body + b" ", headers, SECRET, now)
    assert not is_signed(body, headers, "another", now)
    assert not is_signed(body, headers, SECRET, now + timedelta(minutes=6)), "played again later"
    assert not is_signed(body, headers | {"x-timestamp": "٣"}, SECRET, now)
    assert not is_signed(body, headers, "", now), "without a secret nothing is signed"


@pytest.mark.parametrize(
    ("code", "raised"),
    [
        (409, None), (200, None), (408, TryAgain), (429, TryAgain), (500, TryAgain), (503, TryAgain),
        (401, ChannelDown), (403, ChannelDown), (400, Undeliverable),
        (404, Undeliverable), (422, Undeliverable),
    ],
)  # fmt: skip
def test_what_an_answer_means(server: Server, code: int, raised: type[Exception] | None) -> None:
    server.answer = (code, {}, b"not json")
    if raised is None:
        assert gateway(server).send(LETTER) == ""
        return
    with pytest.raises(raised, match=str(code)) as caught:
        gateway(server).send(LETTER)
    assert type(caught.value) is raised


def test_it_waits_as_long_as_it_is_told(server: Server) -> None:
    server.answer = (429, {"retry-after": "90"}, b"")
    with pytest.raises(TryAgain) as caught:
        gateway(server).send(LETTER)
    assert caught.value.wait == timedelta(seconds=90)
    server.answer = (503, {"retry-after": "Sun, 22 Nov 2026 08:00:00 GMT"}, b"")
    with pytest.raises(TryAgain) as caught:
        gateway(server).send(LETTER)
    assert caught.value.wait is None


def test_too_late_or_broken_off_nobody_knows(server: Server) -> None:
    server.slow_seconds = 1.0
    with pytest.raises(InDoubt):
        gateway(server, 0.2).send(LETTER)
    server.slow_seconds, server.answer = 0.0, (0, {}, b"")
    with pytest.raises(InDoubt):
        gateway(server).send(LETTER)
    assert len(server.got) == 2


def test_a_connection_is_kept_and_one_that_the_server_ended_is_not_used_again(server: Server) -> None:
    channel = gateway(server)
    assert [channel.send(LETTER) for _ in range(5)] == ["g-1"] * 5
    assert server.connections == 1
    server.ends_each = True  # without saying so, as a server does with what idles for too long
    for _ in range(3):
        assert channel.send(LETTER) == "g-1"
        assert server.ended.acquire(timeout=120), (
            "what is sent before the end is heard of is in doubt, and rightly"
        )
    assert server.connections == 3
    server.ends_each, server.answer = False, (202, {}, b"x" * 100_000)
    assert [channel.send(LETTER) for _ in range(2)] == ["", ""], "what nobody reads is not waited for"
    channel.rest()
    assert len(server.got) == 10


def test_a_user_in_the_address_is_told_in_the_head_and_the_rest_of_it_kept(server: Server) -> None:
    url = f"http://utility:p%40ss@127.0.0.1:{server.server_port}/v1/messages?from=us"
    Gateway(Gate(url, SECRET)).send(LETTER)
    ((headers, _),) = server.got
    assert headers["authorization"] == f"Basic {b64encode(b'utility:p@ss').decode()}"
    assert headers["host"] == f"127.0.0.1:{server.server_port}"
    assert server.paths == ["/v1/messages?from=us"]
    with pytest.raises(ValueError, match="no address"):
        Gateway(Gate("gateway.example", SECRET))


def test_a_head_that_is_two_lines_is_refused_and_what_follows_goes(server: Server) -> None:
    channel = gateway(server)
    with pytest.raises(ValueError):
        channel.send(replace(LETTER, message_id="<k@x>\r\nX-More: 1"))
    assert channel.send(LETTER) == "g-1" and len(server.got) == 1


def test_no_gateway_is_no_fault_of_the_letter() -> None:
    with listening() as server:
        channel = gateway(server)
    with pytest.raises(ChannelDown):
        channel.send(LETTER)
