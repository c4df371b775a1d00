"""Notices of the past: what the delivery worker would have done on the day, without a worker and in bulk."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from notifications.tables import MailboxMessage
from notifications.writing import Sender, write
from utility_crm.kit.settings import settings

TOOK = timedelta(seconds=40)

_WAITING = text("""
    select o.id, o.notice, o.context, o.language, o.timezone, o.address, o.message_id, c.name
    from outbox o join customers c on c.id = o.customer_id
    where o.state = 'waiting' and o.channel <> 'letter' and o.not_before <= :now order by o.priority, o.id
""")
_SENT = text("""
    update outbox set state = 'sent', sent_at = :at, subject = :subject, reason = null, claims = 1, attempts
    = 1 where id = :id
""")


def deliver_as_of(session: Session, now: datetime) -> int:
    """Write every notice that waits at `now` into the demo's mailbox, and mark it sent; how many that
    were."""
    sender = Sender(settings().utility_name, simulated=True)
    letters: list[dict[str, Any]] = []
    sent: list[dict[str, Any]] = []
    for row in session.execute(_WAITING, {"now": now}):
        written = write(
            row.notice,
            row.context,
            name=row.name,
            language=row.language,
            timezone=row.timezone,
            sender=sender,
        )
        at = now + TOOK
        sent.append({"id": row.id, "at": at, "subject": written.subject})
        letter = {"subject": written.subject, "text": written.text, "html": written.html}
        letters.append({"message_id": row.message_id, "received_at": at, "recipient": row.address, **letter})
    if sent:
        session.execute(_SENT, sent)
        session.execute(insert(MailboxMessage), letters)
    return len(sent)
