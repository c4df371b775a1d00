"""Double opt-in: a customer is asked by a letter, and allows it by the link in it.

Offers by e-mail are never allowed by what somebody typed into our form: whoever reads that mailbox says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import text
from sqlalchemy.orm import Session

from notifications.consents.links import public_address
from notifications.consents.tokens import GOOD_FOR, Asked, asked_in, confirmation, digest
from notifications.outbox.new_notice import Queued
from notifications.outbox.queueing import queue
from notifications.outbox.recipients import Wish, recipients
from notifications.types.confirm_consent import confirm_consent
from utility_crm.announcing.telling import announce
from utility_crm.kit.errors import NotFound, Refused
from utility_crm.kit.settings import settings
from utility_crm.web.words import mark

PROOF = mark("confirmed by the link we sent")

_KEEP = text("""
    insert into consents (customer_id, purpose, channel, granted, at, proof, address, token_digest)
    values (:customer, :purpose, :channel, true, :now, :proof, :address, :digest)
    on conflict (token_digest) where token_digest <> '' do nothing
    returning id
""")
_STANDS = text("""
    select customers.name, customers.language,
           exists (select from contact_points as point
                   where point.customer_id = customers.id and point.kind = 'email'
                     and lower(point.value) = lower(:address)) as theirs,
           exists (select from consents where token_digest = :digest) as used,
           exists (select from consents
                   where consents.customer_id = customers.id and consents.purpose = :purpose
                     and consents.channel = :channel and not granted
                     and at >= cast(:asked_at as timestamptz) + interval '1 second') as taken_back,
           (select granted from consents
            where consents.customer_id = customers.id and consents.purpose = :purpose
              and consents.channel = :channel
            order by at desc, id desc limit 1) as granted
    from customers where customers.id = :customer
""")


@dataclass(frozen=True, slots=True)
class Standing:
    """What a link would do now. `open`: it can be confirmed; `done`: it was, and still holds. Neither: it is
    too late, used, or the address is no longer theirs; or they withdrew their word after they were asked."""

    asked: Asked
    name: str
    language: str
    open: bool
    done: bool


def needs_confirmation(purpose: str, channel: str) -> bool:
    """Whether a word for it has to come through a link."""
    return (purpose, channel) == ("marketing", "email")


def ask_to_confirm(
    session: Session, customer_id: int, secret: str | list[str], now: datetime
) -> tuple[str, Queued]:
    """Send the customer a link that allows offers by e-mail, one a day at most; the address it goes to, and
    what became of the notice. Raises `Refused` without an address of theirs or of ours."""
    purpose, channel = "marketing", "email"
    base = public_address(settings())
    if base is None:
        raise Refused("no_public_url", mark("Set the address under which customers reach us: public_url."))
    (found,) = recipients(session, [Wish(customer_id, None, purpose)], now)
    if found.language is None:
        raise NotFound("no_such_customer", "There is no customer of this number here.", str(customer_id))
    address = found.reach.addresses.get(channel)
    if not address:
        raise Refused("no_email", mark("There is no email address to send the question to."))
    token = confirmation(secret, Asked(customer_id, purpose, channel, address, now + GOOD_FOR))
    named = sha256(address.lower().encode()).hexdigest()[:12]
    notice = confirm_consent(
        key=f"confirm_consent:{customer_id}:{purpose}:{channel}:{named}:{now.date().isoformat()}",
        customer_id=customer_id,
        link=f"{base}/confirm/{token}",
        until=now + GOOD_FOR,
    )
    return address, queue(session, notice, now)


def standing(session: Session, secret: str | list[str], token: str, now: datetime) -> Standing:
    """What a link would do. Raises `NotFound` for one that is not ours. One statement."""
    asked = asked_in(secret, token)
    row = None
    if asked is not None:
        given = {"customer": asked.customer_id, "address": asked.address, "digest": digest(token)}
        given |= {"purpose": asked.purpose, "channel": asked.channel, "asked_at": asked.until - GOOD_FOR}
        row = session.execute(_STANDS, given).one_or_none()
    if asked is None or row is None:
        raise NotFound("no_such_link", mark("This link is not complete, or not ours."))
    still_open = now < asked.until and row.theirs and not row.used and not row.taken_back
    return Standing(asked, row.name, row.language, still_open, row.used and row.granted is True)


def confirm(session: Session, secret: str | list[str], token: str, now: datetime) -> Standing:
    """Keep what the link asks, once; what stands afterwards. A link that was used and whose word was taken
    back since gives nothing. Raises `NotFound`."""
    before = standing(session, secret, token, now)
    if before.open:
        asked = before.asked
        given = {"customer": asked.customer_id, "purpose": asked.purpose, "channel": asked.channel}
        more = {"now": now, "proof": PROOF, "address": asked.address, "digest": digest(token)}
        if session.scalar(_KEEP, given | more) is not None:
            told = {"purpose": asked.purpose, "channel": asked.channel, "granted": True}
            announce(session, "consent.changed", now, told, customer_id=asked.customer_id)
    return standing(session, secret, token, now)
