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
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from notifications.channels import ChannelDown, InDoubt, Letter, TryAgain, Undeliverable
from notifications.channels.connections import Answer, BrokenOff, Connections, NotConnected
from notifications.domain.signature import signed
from utility_crm.kit.clock import utc_now
from utility_crm.kit.settings import Settings

AT_ONCE = 16
_SECONDS = 8.0
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


class Gateway:
    """A channel to one gateway; its connections are kept while there is something to send."""

    honours_keys = True
    at_once = AT_ONCE

    def __init__(self, gate: Gate, seconds: float = _SECONDS) -> None:
        self._gate = gate
        self._connections = Connections(gate.url, seconds)

    def send(self, letter: Letter) -> str:
        body = json.dumps(_message(letter), ensure_ascii=False).encode()
        headers = {
            "content-type": "application/json",
            "idempotency-key": letter.message_id,
            **signed(body, self._gate.secret, utc_now()),
        }
        try:
            answer = self._connections.post(body, headers)
        except NotConnected as error:
            raise ChannelDown(f"no gateway at {self._gate.url}: {error}") from error
        except BrokenOff as error:
            raise InDoubt(f"the gateway broke off: {error}") from error
        return _taken(answer)

    def rest(self) -> None:
        """Let go of connections that idled."""
        self._connections.rest()


def _message(letter: Letter) -> dict[str, str]:
    return {
        "channel": letter.channel,
        "to": letter.recipient,
        "text": letter.text.strip(),
        "key": letter.message_id,
    } | ({"title": letter.subject} if letter.subject else {})


def _taken(answer: Answer) -> str:
    """The gateway's number of the message. Raises a `ChannelFailed`."""
    code = answer.code
    if code < 300 or code == 409:
        return _number(answer)
    words = f"the gateway answered {code} {answer.text[:200]}".strip()
    if code in _OURS:
        raise ChannelDown(words)
    if code in _LATER or code >= 500:
        raise TryAgain(words, _wait(answer.headers.get("retry-after", "")))
    raise Undeliverable(words)


def _number(answer: Answer) -> str:
    try:
        said: Any = json.loads(answer.body)
    except ValueError:
        return ""
    return str(said.get("id", ""))[:200] if isinstance(said, dict) else ""


def _wait(header: str) -> timedelta | None:
    """Seconds in `Retry-After`; a date is left to our own patience."""
    return min(timedelta(seconds=int(header)), _LONGEST_WAIT) if header.isdecimal() else None
