"""Text messages and a messenger's through HTTP gateways: one `POST` a message, signed, its key in the header.

    POST /                        Content-Type: application/json
    Idempotency-Key: <message id> the same key is the same message, whatever happens on the way
    X-Timestamp: 1732243200       seconds since 1970
    X-Signature: sha256=...       HMAC-SHA256 of "timestamp.body" under the shared secret
    {"channel": "sms", "to": "+44...", "text": "...", "key": "..."}

2xx: taken ({"id": "..."} is kept). 409: it has this key already, which is as good. 408, 425, 429, 5xx and
a broken or late answer: later, after `Retry-After` where it is given. 401 and 403: our own fault, nothing
goes out until it is mended. Any other 4xx: never. `Idempotency-Key` is that of the IETF draft
(draft-ietf-httpapi-idempotency-key-header).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

from urllib3 import BaseHTTPResponse, PoolManager
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError
from urllib3.util import make_headers, parse_url

from notifications.channels import ChannelDown, InDoubt, Letter, TryAgain, Undeliverable
from utility_crm.kit.clock import utc_now
from utility_crm.kit.settings import Settings
from utility_crm.kit.signature import signed

AT_ONCE = 16
_SECONDS = 8.0
_LONGEST_ANSWER = 65_536
_LATER = frozenset({408, 425, 429})
_OURS = frozenset({401, 403})
_LONGEST_WAIT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Gate:
    """Where messages are handed in, and under which secret."""

    url: str
    secret: str

    @staticmethod
    def of(settings: Settings) -> Gate:
        assert settings.gateway_url is not None
        return Gate(settings.gateway_url, settings.gateway_secret or "")

    @staticmethod
    def of_messenger(settings: Settings) -> Gate:
        """The messenger's own."""
        assert settings.messenger_url is not None
        return Gate(settings.messenger_url, settings.messenger_secret or "")


@dataclass(frozen=True, slots=True)
class _Answer:
    code: int
    headers: Mapping[str, str]
    body: bytes


class Gateway:
    """A channel to one gateway; its connections are kept while there is something to send."""

    honours_keys = True
    at_once = AT_ONCE

    def __init__(self, gate: Gate, seconds: float = _SECONDS) -> None:
        where = parse_url(gate.url)
        if where.scheme not in ("http", "https") or not where.host:
            raise ValueError(f"{gate.url!r} is no address of an HTTP server")
        self._gate, self._url = gate, where._replace(auth=None).url
        self._own = make_headers(basic_auth=unquote(where.auth)) if where.auth else {}
        # As many connections as messages at once: nobody waits for one, and each is used again.
        self._pools = PoolManager(1, maxsize=AT_ONCE, timeout=seconds, retries=False)

    def send(self, letter: Letter) -> str:
        body = json.dumps(_message(letter), ensure_ascii=False).encode()
        headers = {
            **self._own,
            "content-type": "application/json",
            "idempotency-key": letter.message_id,
            **signed(body, self._gate.secret, utc_now()),
        }
        try:
            answer = self._pools.request(
                "POST", self._url, body=body, headers=headers, redirect=False, preload_content=False
            )
            said = _Answer(answer.status, answer.headers, _beginning(answer))
        except (NewConnectionError, ConnectTimeoutError) as error:
            raise ChannelDown(f"no gateway at {self._url}: {error}") from error
        except HTTPError as error:
            raise InDoubt(f"the gateway broke off: {type(error).__name__} {error}") from error
        return _taken(said)

    def rest(self) -> None:
        """Let go of connections that idled."""
        self._pools.clear()


def _beginning(answer: BaseHTTPResponse) -> bytes:
    """As much of the body as anybody reads; a connection with more to come is not used again."""
    said = answer.read(_LONGEST_ANSWER)
    if answer.read(1):
        answer.close()
    answer.release_conn()
    return said


def _message(letter: Letter) -> dict[str, str]:
    return {
        "channel": letter.channel,
        "to": letter.recipient,
        "text": letter.text.strip(),
        "key": letter.message_id,
    } | ({"title": letter.subject} if letter.subject else {})


def _taken(answer: _Answer) -> str:
    """The gateway's number of the message. Raises a `ChannelFailed`."""
    code = answer.code
    if code < 300 or code == 409:
        return _number(answer)
    words = f"the gateway answered {code} {answer.body[:200].decode(errors='replace')}".strip()
    if code in _OURS:
        raise ChannelDown(words)
    if code in _LATER or code >= 500:
        raise TryAgain(words, _wait(answer.headers.get("retry-after", "")))
    raise Undeliverable(words)


def _number(answer: _Answer) -> str:
    try:
        said: Any = json.loads(answer.body)
    except ValueError:
        return ""
    return str(said.get("id", ""))[:200] if isinstance(said, dict) else ""


def _wait(header: str) -> timedelta | None:
    """Seconds in `Retry-After`; a date is left to our own patience."""
    return min(timedelta(seconds=int(header)), _LONGEST_WAIT) if header.isdecimal() else None
