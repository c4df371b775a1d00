"""A customer's notices as the app shows them, and the word that one was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from notifications.outbox.receipts import Told, take_receipts
from notifications.versions.in_force import TextsUntil, texts_until
from notifications.writing import Sender, for_staff, write
from utility_crm.kit.errors import Conflict, Invalid, NotFound

PROVIDER = "app"
MOST = 100
_CUSTOMER = text("select id, name from customers where number = :number")
# What counts as read is what the customer, or the provider, said of it by whatever way it went.
_SENT = text("""
    select id, notice, channel, purpose, urgent, language, timezone, context, sent_at, version,
           case when receipt = 'read' then receipt_at end as read_at
    from outbox
    where customer_id = :customer and state = 'sent' and (cast(:before as bigint) is null or id < :before)
    order by id desc limit :limit
""")
_UNREAD = text("""
    select count(*) from outbox
    where customer_id = :customer and state = 'sent' and receipt is distinct from 'read'
""")
_ONE = text("""
    select outbox.id, outbox.state, outbox.message_id, outbox.receipt
    from outbox join customers on customers.id = outbox.customer_id
    where outbox.id = :notice and customers.number = :number
""")


@dataclass(frozen=True, slots=True)
class AppNotice:
    """A notice that went out, by whatever way, in the words of a letter; `read_at` where it was read."""

    id: int
    kind: str
    channel: str
    purpose: str
    urgent: bool
    language: str
    sent_at: datetime
    read_at: datetime | None
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Inbox:
    """A page of them, newest first; `next_before` leads to the next one, None: there is none."""

    notices: tuple[AppNotice, ...]
    unread: int
    next_before: int | None


def inbox(session: Session, customer: str, sender: Sender, *, limit: int, before: int | None) -> Inbox:
    """The notices of the customer of that number. As many statements for any number of them.

    One that can no longer be written, since its kind has changed, is left out. Raises `NotFound`.
    """
    found = session.execute(_CUSTOMER, {"number": customer}).one_or_none()
    if found is None:
        raise NotFound("no_such_customer", "There is no such customer.", customer)
    rows = session.execute(_SENT, {"customer": found.id, "before": before, "limit": limit + 1}).all()
    unread = session.scalar(_UNREAD, {"customer": found.id}) or 0
    known = texts_until(session)
    shown = [_notice(row, found.name, sender, known) for row in rows[:limit]]
    return Inbox(
        tuple(one for one in shown if one is not None),
        unread,
        rows[limit - 1].id if len(rows) > limit else None,
    )


def read(session: Session, customer: str, notice_id: int, now: datetime) -> bool:
    """Keep that a notice was read, once: the timeline says so, and it goes no further way. Was it new?

    Raises `NotFound` where the customer has no such notice, `Conflict` where it did not go out.
    """
    row = session.execute(_ONE, {"notice": notice_id, "number": customer}).one_or_none()
    if row is None:
        raise NotFound("no_such_notice", "This customer has no such notice.", str(notice_id))
    if row.state != "sent":
        raise Conflict("not_sent", "That notice did not go out: nobody can have read it.", str(notice_id))
    told = Told(f"read {row.message_id}", row.message_id, "read", now)
    return take_receipts(session, PROVIDER, [told], now)["new"] == 1


def _notice(row: Row[Any], name: str, sender: Sender, known: TextsUntil) -> AppNotice | None:
    try:
        written = write(
            row.notice,
            _context(row.context),
            name=name,
            language=row.language,
            timezone=row.timezone,
            sender=sender,
            texts=known(row.notice, row.language, row.version if row.channel == "email" else None),
        )
    except (Invalid, NotFound):
        return None
    return AppNotice(
        row.id, row.notice, row.channel, row.purpose, row.urgent, row.language, row.sent_at, row.read_at,
        written.subject, written.text.strip(),
    )  # fmt: skip


def _context(context: Mapping[str, Any]) -> Mapping[str, Any]:
    # A link that acts for the customer went where the customer said; the app is another place.
    return for_staff(context)
