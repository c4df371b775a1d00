"""Connections to one HTTP server that are kept between requests, shared by threads.

The standard library's client: a message costs a third of the processor time that it costs with httpx, and of
an outage's messages the processor is what there is least of.
"""

from __future__ import annotations

import http.client
import select
import socket
import ssl
import time
from base64 import b64encode
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import certifi

LONGEST_ANSWER = 65_536
_KEPT_SECONDS = 5.0
"""Servers end what idles for longer."""


class NotConnected(Exception):
    """Nobody answers there: nothing was sent."""


class BrokenOff(Exception):
    """A request was sent, at least in part, and no whole answer came in time."""


class _Ended(Exception):
    """The other side ended the connection before it said anything, or in the middle."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said; names of `headers` are in lower case."""

    code: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as words, whatever it is."""
        return self.body.decode(errors="replace")


class Connections:
    """Connections to the server of an address (http or https; a user and password in it are told as RFC 7617
    says). `seconds`: how long to wait, to be connected and for each piece of an answer.

    Raises ValueError for an address that is none.
    """

    def __init__(self, url: str, seconds: float) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is no address of an HTTP server")
        self._host, self._port = parts.hostname, parts.port
        self._tls = _trusted() if parts.scheme == "https" else None
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._seconds = seconds
        self._own: dict[str, str] = {}
        if parts.username is not None:
            named = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
            self._own = {"authorization": f"Basic {b64encode(named).decode()}"}
        # A deque's ends are safe among threads; the one used last is the least likely to have been closed.
        self._idle: deque[tuple[float, http.client.HTTPConnection]] = deque()

    def post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send one request that does no harm twice, and wait for its answer. Raises NotConnected, BrokenOff.

        Where a connection that idled is ended without a word, the server had done so before it heard of the
        request: it goes again by a new one.
        """
        if (kept := self._kept()) is not None:
            with suppress(_Ended):
                return self._ask(kept, body, headers)
        try:
            return self._ask(self._new(), body, headers)
        except _Ended as error:
            raise BrokenOff(str(error)) from error

    def _ask(self, one: http.client.HTTPConnection, body: bytes, headers: Mapping[str, str]) -> Answer:
        try:
            one.request("POST", self._path, body, {**self._own, **headers})
            said = one.getresponse()
            content = said.read(LONGEST_ANSWER)
            whole = said.isclosed() or not said.read(1)
        except (ConnectionResetError, BrokenPipeError) as error:  # RemoteDisconnected among them
            one.close()
            raise _Ended(f"{type(error).__name__} {error}".strip()) from error
        except (OSError, http.client.HTTPException) as error:
            one.close()
            raise BrokenOff(f"{type(error).__name__} {error}".strip()) from error
        except ValueError:  # a header that is none
            one.close()
            raise
        answer = Answer(said.status, {name.lower(): value for name, value in said.getheaders()}, content)
        if whole and not said.will_close:
            self._idle.append((time.monotonic(), one))
        else:
            one.close()
        return answer

    def rest(self) -> None:
        """Let go of those that idled for long."""
        kept, before = [], time.monotonic() - _KEPT_SECONDS
        with suppress(IndexError):
            while True:
                since, one = self._idle.popleft()
                if since < before:
                    one.close()
                else:
                    kept.append((since, one))
        self._idle.extend(kept)

    def _kept(self) -> http.client.HTTPConnection | None:
        before = time.monotonic() - _KEPT_SECONDS
        with suppress(IndexError):
            while True:
                since, one = self._idle.pop()
                if since >= before and not _readable(one.sock):
                    return one
                one.close()
        return None

    def _new(self) -> http.client.HTTPConnection:
        one: http.client.HTTPConnection
        if self._tls is None:
            one = http.client.HTTPConnection(self._host, self._port, timeout=self._seconds)
        else:
            one = http.client.HTTPSConnection(
                self._host, self._port, timeout=self._seconds, context=self._tls
            )
        try:
            one.connect()
        except OSError as error:
            one.close()
            raise NotConnected(str(error)) from error
        return one


def _trusted() -> ssl.SSLContext:
    """Who may say that a server is itself: those the system trusts, and those browsers do."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _readable(kept: socket.socket | None) -> bool:
    """Whether the server closed a connection while it idled: there is something to read, which is the end."""
    if kept is None:
        return True
    poll = select.poll()
    poll.register(kept, select.POLLIN)
    return bool(poll.poll(0))
