"""Notices that did not simply arrive: refused, perhaps arrived, and on paper. So each queue has something."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from notifications.outbox.recipients import Wish, recipients

REFUSED = "550 5.1.1 No such mailbox here"
UNKNOWN = "The connection ended after the letter was handed over and before it was confirmed"
TOOK = timedelta(seconds=12)
_THOSE = text("""
    select id, customer_id, account_id, purpose, address, message_id from outbox
    where about = :about and channel = 'email' and state = 'waiting' order by id
""")
_GIVEN_UP = text("""
    update outbox set state = :state, claims = 1, attempts = 1, last_error = :error where id = :id
""")
_TRIED = text("""
    insert into delivery_attempts
        (notice_id, channel, address, message_id, begun_at, ended_at, outcome, detail)
    values (:id, 'email', :address, coalesce(:message_id, ''), :at, :ended, :outcome, :error)
""")
_EVENT = text("""
    insert into notice_events (notice_id, at, kind, detail) values (:id, :ended, :kind, :error)
""")
_WANT_PAPER = text("""
    insert into contact_points (customer_id, kind, value, normal, label)
    select distinct on (a.customer_id) a.customer_id, 'post', home.said, lower(home.said), ''
    from accounts a join occupancies o on o.account_id = a.id join premises p on p.id = o.premise_id
    cross join lateral (select p.address || ', ' || p.city || ', ' || p.postcode as said) home
    where a.customer_id = any(:customers) and not exists (
        select from contact_points c where c.customer_id = a.customer_id and c.kind = 'post'
    )
    order by a.customer_id, o.starts_on desc
""")
_ON_PAPER = text("""
    update outbox set channel = 'letter', channels = '{letter}', address = :address where id = :id
""")
DEAD, PARKED, LETTERS = range(1, 50, 15), range(5, 30, 15), range(3, 44, 8)
"""Which of them, counted from the first; none is named twice."""


def go_otherwise(session: Session, about: str, now: datetime) -> None:
    """Of the waiting e-mails about something, a few are refused, two may have arrived, six go by post."""
    those = session.execute(_THOSE, {"about": about}).all()
    for places, state, kind, outcome, error in (
        (DEAD, "dead", "given_up", "refused", REFUSED),
        (PARKED, "parked", "parked", "unknown", UNKNOWN),
    ):
        rows: list[dict[str, Any]] = [
            {
                "id": one.id, "address": one.address, "message_id": one.message_id, "state": state,
                "kind": kind, "outcome": outcome, "error": error, "at": now, "ended": now + TOOK,
            }
            for one in (those[place] for place in places if place < len(those))
        ]  # fmt: skip
        if rows:
            for statement in (_GIVEN_UP, _TRIED, _EVENT):
                session.execute(statement, rows)
    some = [those[place] for place in LETTERS if place < len(those)]
    session.execute(_WANT_PAPER, {"customers": [one.customer_id for one in some]})
    wishes = [Wish(one.customer_id, one.account_id, one.purpose) for one in some]
    posted = [
        {"id": one.id, "address": recipient.reach.addresses["letter"]}
        for one, recipient in zip(some, recipients(session, wishes, now), strict=True)
        if recipient.reach.addresses.get("letter")
    ]
    if posted:
        session.execute(_ON_PAPER, posted)
