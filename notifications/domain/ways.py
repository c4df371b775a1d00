"""The ways to a customer, and which of them a notice takes. Pure.

A notice names the channels that suit it, best first. One is open to a customer who has an address for it,
who did not object to it for the notice's purpose, and whose address takes what is sent there. The first open
one is taken; when it fails, the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from notifications.domain.permission import Reason, objection

Channel = Literal["email", "sms", "messenger", "push", "letter", "call"]
CHANNELS: Final[tuple[Channel, ...]] = ("email", "sms", "messenger", "push", "letter", "call")

CONTACT_KIND: Final[Mapping[str, str]] = {
    "email": "email",
    "sms": "phone",
    "messenger": "messenger",
    "push": "app",
    "letter": "post",
    "call": "phone",
}
"""The kind of contact point whose value a channel takes as its address."""

SILENT: Final = frozenset({"letter"})
"""Channels that wake nobody at night."""

RECEIPT_WITHIN: Final[Mapping[str, timedelta]] = {
    "messenger": timedelta(minutes=15),
    "push": timedelta(days=1),
}
"""How long a receipt is waited for on channels that nobody may be looking at, where a kind says nothing else;
then the next way is tried, too."""

_TOLD_FIRST = (Reason.CONSENT_WITHDRAWN, Reason.NO_CONSENT, Reason.SUPPRESSED, Reason.NO_ADDRESS)


@dataclass(frozen=True, slots=True)
class Reach:
    """How one customer is reached: by channel, the address (absent: there is none) and the newest word of
    consent to a purpose (absent: nothing was said); channels whose address is suppressed; and the kind of
    contact point preferred, if any."""

    addresses: Mapping[str, str]
    consents: Mapping[str, bool]
    suppressed: frozenset[str] = frozenset()
    preferred: str | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """An open way."""

    channel: str
    address: str


def against(reach: Reach, channel: str, purpose: str) -> Reason | None:
    """What stands against a channel for a purpose; None: it is open."""
    if not reach.addresses.get(channel):
        return Reason.NO_ADDRESS
    if reason := objection(purpose, reach.consents.get(channel)):
        return reason
    return Reason.SUPPRESSED if channel in reach.suppressed else None


def in_order(channels: Sequence[str], preferred: str | None) -> tuple[str, ...]:
    """The channels with those of the customer's preferred kind of contact point first; else as they were."""
    return tuple(sorted(channels, key=lambda channel: CONTACT_KIND[channel] != preferred))


def first_way(reach: Reach, channels: Sequence[str], purpose: str) -> Way | Reason:
    """The first open way among `channels`, or the weightiest reason why none is.

    A customer's own word weighs more than an address that takes nothing, and that more than none at all.
    """
    reasons: set[Reason] = set()
    for channel in channels:
        reason = against(reach, channel, purpose)
        if reason is None:
            return Way(channel, reach.addresses[channel])
        reasons.add(reason)
    return next((reason for reason in _TOLD_FIRST if reason in reasons), Reason.NO_ADDRESS)
