"""The links in our letters: what they carry, signed, so that who holds one can do that one thing.

A link of a confirmation ends at an instant; a link to unsubscribe never does, since letters are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from itsdangerous import BadData, URLSafeSerializer

GOOD_FOR = timedelta(days=7)
_CONFIRM, _LEAVE = "notifications.confirm", "notifications.unsubscribe"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a confirmation allows once it is confirmed, for the address that the link was sent to."""

    customer_id: int
    purpose: str
    channel: str
    address: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Leaving:
    """Whose marketing ends by which channel: the customer's, who got notice `notice_id`."""

    customer_id: int
    channel: str
    notice_id: int


def confirmation(secret: str | list[str], asked: Asked) -> str:
    """The token of a link that confirms it."""
    until = int(asked.until.timestamp())
    told = [asked.customer_id, asked.purpose, asked.channel, asked.address, until]
    return str(URLSafeSerializer(secret, salt=_CONFIRM).dumps(told))


def asked_in(secret: str | list[str], token: str) -> Asked | None:
    """What a token asks; None where it is not ours. Whether it is too late is for the caller to say."""
    try:
        customer, purpose, channel, address, until = URLSafeSerializer(secret, salt=_CONFIRM).loads(token)
        return Asked(
            int(customer), str(purpose), str(channel), str(address), datetime.fromtimestamp(until, UTC)
        )
    except (BadData, ValueError, TypeError):
        return None


def unsubscription(secret: str | list[str], leaving: Leaving) -> str:
    """The token of a letter's unsubscribe link; always the same for a notice."""
    told = [leaving.customer_id, leaving.channel, leaving.notice_id]
    return str(URLSafeSerializer(secret, salt=_LEAVE).dumps(told))


def leaving_in(secret: str | list[str], token: str) -> Leaving | None:
    """Who leaves by a token; None where it is not ours."""
    try:
        customer, channel, notice = URLSafeSerializer(secret, salt=_LEAVE).loads(token)
        return Leaving(int(customer), str(channel), int(notice))
    except (BadData, ValueError, TypeError):
        return None


def digest(token: str) -> str:
    """A token's name in the proof: it proves which link it was, and opens nothing."""
    return sha256(token.encode()).hexdigest()
