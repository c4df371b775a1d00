"""What a person decides about a notice that could not be sent, or that may have been: each is kept with who
decided and why."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from notifications.domain.permission import Reason
from notifications.outbox.going_on import go_another_way
from notifications.outbox.receipts import Sent
from notifications.outbox.way import keep_event
from utility_crm.kit.errors import Conflict, NotFound
from utility_crm.web.words import mark

_HELD = text("""
    select id, key, customer_id, account_id, purpose, channel, channels, state
    from outbox where id = :id for update
""")
_AGAIN = text("""
    update outbox set state = 'waiting', reason = null, not_before = :now, attempts = 0, claims = 0,
                      receipt = null, receipt_at = null
    where id = :id
""")
# It went out, if it did, when the last try began.
_CONSIDERED = text("""
    update outbox set state = 'sent', reason = null, last_error = null,
        sent_at = coalesce((select max(begun_at) from delivery_attempts where notice_id = :id), :now)
    where id = :id
""")
_DROP = text("update outbox set state = 'withheld', reason = :reason where id = :id")


def send_again(session: Session, notice_id: int, now: datetime, by: int) -> None:
    """Let it go out anew the same way; permission is asked again. Raises `NotFound`, `Conflict`."""
    _held(session, notice_id)
    session.execute(_AGAIN, {"id": notice_id, "now": now})
    keep_event(session, notice_id, "again", now, by=by)


def send_another_way(session: Session, notice_id: int, now: datetime, by: int) -> None:
    """Let it go its next open way. Raises `Conflict` where none is left."""
    row = _held(session, notice_id)
    keep_event(session, notice_id, "again", now, by=by)
    one = Sent(
        row.id, row.key, row.customer_id, row.account_id, row.purpose, row.channel, tuple(row.channels)
    )
    if not go_another_way(session, [one], now):
        raise Conflict("no_other_way", mark("There is no other way open to this customer."))


def consider_sent(session: Session, notice_id: int, now: datetime, by: int) -> None:
    """It may have arrived, and a person holds that it did. Raises `Conflict` for one that cannot have."""
    row = _held(session, notice_id)
    if row.state != "parked":
        raise Conflict("not_in_doubt", mark("It was refused: it cannot have arrived."))
    session.execute(_CONSIDERED, {"id": notice_id, "now": now})
    keep_event(session, notice_id, "considered_sent", now, by=by)


def drop(session: Session, notice_id: int, because: str, now: datetime, by: int) -> None:
    """It is not sent any more, for a reason in words."""
    _held(session, notice_id)
    session.execute(_DROP, {"id": notice_id, "reason": Reason.DROPPED})
    keep_event(session, notice_id, "dropped", now, by=by, detail=because)


def _held(session: Session, notice_id: int) -> Row[Any]:
    """The notice, held until the end of the transaction, so that two people do not decide at once."""
    row = session.execute(_HELD, {"id": notice_id}).one_or_none()
    if row is None:
        raise NotFound("no_such_notice", mark("There is no such notice."), str(notice_id))
    if row.state not in ("dead", "parked"):
        raise Conflict("decided_already", mark("Nothing is to be decided about it any more."))
    return row
