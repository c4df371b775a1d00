"""Which ways a notice may take here: those that suit its kind and that this installation can send by."""

from __future__ import annotations

from notifications.domain.ways import Reach, in_order
from notifications.types import NoticeType
from utility_crm.kit.settings import Settings, settings


def planned(kind: NoticeType, reach: Reach) -> tuple[str, ...]:
    """The channels for a notice of this kind to this customer, best first; at least one."""
    here = sendable(settings())
    channels = [channel for channel in kind.channels if channel in here]
    return in_order(channels or kind.channels[:1], reach.preferred)


def sendable(given: Settings) -> frozenset[str]:
    """What this installation can send by: e-mail, what its gateways take, the customers' app, and letters
    where they are gathered. The demo's mailbox takes everything that is not a person's work."""
    if given.mail_to == "mailbox":
        return frozenset({"email", "sms", "messenger", "push", "letter"})
    own = {"messenger": given.messenger_url, "push": given.app_notices, "letter": given.letters_at}
    return frozenset({"email", *by_gateway(given), *(channel for channel, there in own.items() if there)})


def by_gateway(given: Settings) -> frozenset[str]:
    """What the gateway for text messages takes."""
    found = given.gateway_channels.split(",") if given.gateway_url else []
    return frozenset(channel.strip() for channel in found if channel.strip())
