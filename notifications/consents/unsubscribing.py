"""Leaving by a letter's link (RFC 8058): at once, without signing in, and as often as anybody presses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from notifications.consents.tokens import Leaving, leaving_in
from notifications.domain.ways import CHANNELS
from utility_crm.announcing.telling import announce
from utility_crm.kit.errors import NotFound
from utility_crm.web.words import mark

PROOF = mark("unsubscribed by the link in our letter")

# What is withdrawn already stays so, with its own proof. Marketing is off until somebody agrees; the word is
# kept all the same, so that the page says when they left.
_WITHDRAW = text("""
    insert into consents (customer_id, purpose, channel, granted, at, proof, address)
    select customers.id, 'marketing', left_by.channel, false, :now, :proof,
           coalesce((select outbox.address from outbox where outbox.id = :notice), '')
    from customers cross join unnest(cast(:channels as text[])) as left_by (channel)
    where customers.id = :customer and customers.erased_on is null and coalesce(
        (select granted from consents
         where consents.customer_id = customers.id and purpose = 'marketing'
           and consents.channel = left_by.channel
         order by at desc, id desc limit 1), true)
    returning channel
""")
_WHO = text("""
    select customers.language, word.granted
    from customers
    left join lateral (
        select granted from consents
        where consents.customer_id = customers.id and purpose = 'marketing' and channel = :channel
        order by at desc, id desc limit 1
    ) as word on true
    where customers.id = :customer
""")


@dataclass(frozen=True, slots=True)
class Reader:
    """Who holds the link, and whether offers this way have ended."""

    leaving: Leaving
    language: str
    left: bool


def reader(session: Session, secret: str | list[str], token: str) -> Reader:
    """Who holds a link. Raises `NotFound` for one that is not ours. One statement."""
    leaving = leaving_in(secret, token)
    row = None
    if leaving is not None:
        given = {"customer": leaving.customer_id, "channel": leaving.channel}
        row = session.execute(_WHO, given).one_or_none()
    if leaving is None or row is None:
        raise NotFound("no_such_link", mark("This link is not complete, or not ours."))
    return Reader(leaving, row.language, row.granted is False)


def unsubscribe(session: Session, leaving: Leaving, now: datetime, *, everywhere: bool = False) -> int:
    """Withdraw consent to marketing by the letter's channel, or by every one; how many words that changed."""
    channels = list(CHANNELS) if everywhere else [leaving.channel]
    given = {
        "customer": leaving.customer_id,
        "channels": channels,
        "notice": leaving.notice_id,
        "proof": PROOF,
        "now": now,
    }
    left = session.scalars(_WITHDRAW, given).all()
    for channel in left:
        told = {"purpose": "marketing", "channel": channel, "granted": False}
        announce(session, "consent.changed", now, told, customer_id=leaving.customer_id)
    return len(left)
