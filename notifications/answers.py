"""Answers that people write in tickets, and receipts: on their way through the outbox, and what became of
them.

The ground asks by its ports (`Module.sends`, `Module.reports`); what becomes of an answer is told back to its
ticket by a job, from the outbox.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from notifications.domain.permission import Reason
from notifications.outbox.new_notice import Addressed, NewNotice
from notifications.outbox.queueing import queue
from notifications.receiving.bounces import take_raw
from notifications.tables import OutboxNotice
from notifications.types import notice_type
from utility_crm.kit.errors import Invalid
from utility_crm.kit.ports import BeingSent, Reported, ToSend
from utility_crm.kit.settings import settings
from utility_crm.tickets.actions import note_sending
from utility_crm.web.words import mark

_KINDS: Final = {"answer": "ticket_answer", "receipt": "ticket_received"}
_PRIORITY: Final = 30
"""Before bills and reminders, behind emergencies: somebody waits for it."""
MOST_FOLLOWED: Final = 500
LONGEST_SHORT: Final = 480
"""Characters of an answer that still goes as text messages where nobody chose that."""
_IN_DOUBT: Final = mark("it may have arrived, and may not: decide on its page")

# What became of answers that stand otherwise in their tickets: looked at are those that are not out, and
# those of which something was told within a day.
_FOLLOW = text("""
    with looked_at as (
        select id from ticket_messages
        where sending in ('queued', 'failed', 'bounced') and outbox_id is not null
        union
        select message.id from receipts
        join ticket_messages as message on message.outbox_id = receipts.notice_id
        where receipts.received_at > :since
    )
    select message.id, message.sending, outbox.state, outbox.reason, outbox.receipt, outbox.last_error,
           outbox.message_id, outbox.id as outbox_id, outbox.channel
    from ticket_messages as message join outbox on outbox.id = message.outbox_id
    where message.id in (select id from looked_at) and message.sending <> case
          when outbox.receipt in ('bounced', 'complained') then 'bounced'
          when outbox.state in ('dead', 'parked', 'withheld') then 'failed'
          when outbox.receipt in ('delivered', 'read') then 'delivered'
          when outbox.state = 'sent' then 'sent' else 'queued' end
    order by message.id limit :most
    for update of message skip locked
""")


def send_letter(session: Session, letter: ToSend, now: datetime) -> BeingSent:
    """Put an answer or a receipt on its way, once for its key. It was asked for: neither quiet hours nor the
    day's cap hold it back. Raises `Invalid` where it cannot go that way."""
    kind = notice_type(_KINDS[letter.kind])
    channel = next((one for one in kind.channels if one == letter.channel), None)
    if letter.files and channel != "email":
        raise Invalid("files_by_mail", mark("Files go by e-mail alone."), letter.channel)
    if channel is None:
        raise Invalid("no_such_way", mark("An answer does not go that way."), letter.channel)
    notice = NewNotice(
        key=letter.key,
        notice=kind.name,
        about=f"ticket:{letter.number}",
        customer_id=letter.customer_id,
        urgent=True,
        priority=_PRIORITY,
        channels=_ways(letter, kind.channels),
        first=channel,
        to=_addressed(letter, channel),
        context=_context(letter),
    )
    queue(session, notice, now)
    row = session.execute(
        select(
            OutboxNotice.id, OutboxNotice.message_id, OutboxNotice.channel, OutboxNotice.state,
            OutboxNotice.reason,
        ).where(OutboxNotice.key == letter.key)
    ).one()  # fmt: skip
    refused = Reason(row.reason).words if row.state == "withheld" else ""
    return BeingSent(row.id, row.message_id or "", row.channel, refused)


def take_report(session: Session, raw: bytes, now: datetime) -> Reported | None:
    """Act on a mail that says what became of letters; None where it says nothing of the kind."""
    return take_raw(session, raw, now)


def follow_answers(session: Session, now: datetime) -> int:
    """Tell tickets what became of the answers in them; how many stand otherwise than before."""
    rows = session.execute(_FOLLOW, {"since": now - timedelta(days=1), "most": MOST_FOLLOWED}).all()
    for row in rows:
        state, detail = _became(row.state, row.reason, row.receipt, row.last_error)
        named = row.message_id if row.channel == "email" else None
        note_sending(session, row.id, state, now=now, detail=detail, external_id=named)
    return len(rows)


def _became(state: str, reason: str | None, receipt: str | None, error: str | None) -> tuple[str, str]:
    """Where an answer stands, and why; in marked words where they are ours."""
    if receipt in ("bounced", "complained"):
        return "bounced", error or receipt
    if state == "parked":
        return "failed", _IN_DOUBT
    if state == "withheld":
        return "failed", Reason(reason).words if reason else ""
    if state == "dead":
        return "failed", error or ""
    if receipt in ("delivered", "read"):
        return "delivered", ""
    return ("sent", "") if state == "sent" else ("queued", "")


def _ways(letter: ToSend, channels: Sequence[str]) -> tuple[str, ...]:
    """A receipt goes the one way; an answer any, but a long one not as a row of text messages."""
    if letter.kind == "receipt":
        return (letter.channel,)
    if letter.files:
        return ("email",)
    long = len(letter.text) > LONGEST_SHORT and letter.channel != "sms"
    return tuple(one for one in channels if not (long and one == "sms"))


def _addressed(letter: ToSend, channel: str) -> Addressed | None:
    if not letter.address:
        return None
    return Addressed(
        channel, letter.address, letter.name or letter.address, letter.language or settings().language
    )


def _context(letter: ToSend) -> dict[str, object]:
    context: dict[str, object] = {
        "number": letter.number,
        "subject": letter.subject,
        "thread": {
            "answers": list(letter.answers),
            "reply_to": letter.reply_to,
            "written_by": "receipt" if letter.kind == "receipt" or letter.by_itself else "person",
            "files": [list(one) for one in letter.files],
        },
    }
    return context | ({"text": letter.text} if letter.kind == "answer" else {})
