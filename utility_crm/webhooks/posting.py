"""One request to another system: to an address that was judged, following nothing, ending in time.

The name is looked up once, every address behind it is judged, and the connection goes to one of those: a name
that answers otherwise a moment later changes nothing. No proxy of the environment is used. Whatever the other
side does (silence, one letter a minute, an answer without end), it is over after `seconds`.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse
from threading import Timer
from typing import Final

from utility_crm.webhooks.domain.addresses import Address, is_public

CONNECT_SECONDS: Final = 5.0
SECONDS: Final = 15.0
READ: Final = 2048
"""Bytes of an answer that are read."""
KEPT: Final = 300
"""Letters of it that are kept."""
Resolve = Callable[[str, int], Sequence[str]]


class NotReached(Exception):
    """No answer: in a few words, why. `closed`: nothing was asked, since it may not be."""

    def __init__(self, why: str, *, closed: bool = False) -> None:
        super().__init__(why)
        self.closed = closed


@dataclass(frozen=True, slots=True)
class Answered:
    """What the other side said: the status, the beginning of its words, and how long it wants to be left."""

    status: int
    words: str
    asked: timedelta | None = None


def resolved(host: str, port: int) -> Sequence[str]:
    """The IP addresses behind a name, or the one it is. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def post(
    address: Address,
    body: bytes,
    headers: Mapping[str, str],
    *,
    local: bool = False,
    seconds: float = SECONDS,
    resolve: Resolve = resolved,
) -> Answered:
    """Send a body; what was answered. local: addresses of this machine and of private networks are allowed.

    Raises NotReached.
    """
    held = _Held(_connected(address, local, min(CONNECT_SECONDS, seconds), resolve))
    late = Timer(seconds, held.too_late)  # a time limit of a read would begin anew with every letter
    late.daemon = True
    late.start()
    try:
        held.socket.settimeout(seconds)
        if address.scheme == "https":
            held.secure(address.host)
        return _asked(held, address, body, headers)
    except (OSError, HTTPException, ValueError) as error:
        in_time = not held.late and not isinstance(error, TimeoutError)
        raise NotReached(said(error) if in_time else "no answer in time") from error
    finally:
        late.cancel()
        held.end()


def said(error: Exception) -> str:
    """An error in a few words of one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:KEPT]


def _connected(address: Address, local: bool, seconds: float, resolve: Resolve) -> socket.socket:
    try:
        behind = resolve(address.host, address.port)
    except (OSError, UnicodeError) as error:
        raise NotReached(f"the name {address.host} leads nowhere") from error
    if not behind:
        raise NotReached(f"the name {address.host} leads nowhere")
    if not local and (inside := [one for one in behind if not is_public(one)]):
        words = f"{address.host} leads to {inside[0]}, an address of this machine or of a private network"
        raise NotReached(words, closed=True)
    failed: Exception | None = None
    for one in behind[:3]:
        try:
            return socket.create_connection((one, address.port), seconds)
        except OSError as error:
            failed = error
    raise NotReached(f"no connection: {said(failed)}" if failed else "no connection") from failed


@cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


class _Held:
    """The socket of one request, which another thread may end."""

    def __init__(self, opened: socket.socket) -> None:
        self.socket = opened
        self.late = False

    def too_late(self) -> None:
        """Over, since it took too long."""
        self.late = True
        self.end()

    def secure(self, host: str) -> None:
        """TLS from now on, with a certificate of this host."""
        wrapped = _trust().wrap_socket(self.socket, server_hostname=host, do_handshake_on_connect=False)
        self.socket = wrapped
        wrapped.do_handshake()

    def end(self) -> None:
        """Over, whoever waits for something."""
        with suppress(OSError):
            socket.socket.shutdown(
                self.socket, socket.SHUT_RDWR
            )  # of the connection: TLS would wait to say so
        with suppress(OSError):
            self.socket.close()


def _asked(held: _Held, address: Address, body: bytes, headers: Mapping[str, str]) -> Answered:
    connection = HTTPConnection(address.host, address.port)
    connection.sock = held.socket
    connection.putrequest("POST", address.path, skip_host=True, skip_accept_encoding=True)
    whole = {"Host": address.origin, "Content-Length": str(len(body)), "Connection": "close", **headers}
    for name, value in whole.items():
        connection.putheader(name, value)
    connection.endheaders(body)
    answer = connection.getresponse()
    if held.late:  # its head was cut off by us, and reads as if it had ended
        raise TimeoutError
    words = _words(answer) if answer.status >= 300 else ""
    return Answered(answer.status, words, _asked_for(answer.headers.get("retry-after", "")))


def _words(answer: HTTPResponse) -> str:
    """The beginning of what was said: of a failure alone, since nobody reads what a success says. An answer
    that breaks off was an answer all the same."""
    with suppress(OSError, HTTPException):
        return " ".join(answer.read(READ).decode("utf-8", "replace").split())[:KEPT]
    return ""


def _asked_for(header: str) -> timedelta | None:
    """Seconds in `Retry-After`; a date is left to our own patience."""
    return (
        timedelta(seconds=int(header))
        if header.isascii() and header.isdecimal() and len(header) < 9
        else None
    )
