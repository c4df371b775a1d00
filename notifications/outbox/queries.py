"""What pages and commands ask of the outbox and the mailbox: a session in, frozen values out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Result, select, text
from sqlalchemy.orm import Session

from notifications.domain.permission import Reason
from notifications.tables import MailboxMessage, OutboxNotice
from utility_crm.kit.errors import NotFound
from utility_crm.kit.gathering import listed

STATES = ("waiting", "sending", "gathered", "sent", "dead", "parked", "withheld")

_FIGURES = text("""
    select state, coalesce(reason, '') as reason, count(*) as number,
           count(*) filter (where sent_at >= :since) as today, min(created_at) as oldest
    from outbox group by state, reason
""")

# The names of a notice and its customer, as lists show them.
LISTED = """
    select outbox.id, outbox.notice, outbox.state, outbox.reason, outbox.address, outbox.subject,
           outbox.created_at, outbox.not_before, outbox.sent_at, outbox.attempts, outbox.last_error,
           outbox.about, outbox.priority, outbox.channel, outbox.receipt, outbox.receipt_at,
           customers.id as customer_id,
           coalesce(customers.name, outbox.context ->> 'to_name', '') as customer
    from outbox left join customers on customers.id = outbox.customer_id
"""
_ABOUT = text(f"""{LISTED}
    where outbox.about = :about and outbox.state = any (:states)
    order by array_position(array['dead', 'parked', 'withheld', 'waiting', 'gathered', 'sending', 'sent'],
                            outbox.state), outbox.id limit :limit
""")
_STORY = text("""
    select outbox.*, coalesce(customers.name, outbox.context ->> 'to_name', '') as customer,
           accounts.number as account
    from outbox
    left join customers on customers.id = outbox.customer_id
    left join accounts on accounts.id = outbox.account_id
    where outbox.id = :id
""")


@dataclass(frozen=True, slots=True)
class OutboxFigures:
    """How many notices are in each state (all of `STATES`), why some were withheld, how many went out since
    the instant asked for, and since when the oldest waits."""

    states: Mapping[str, int]
    withheld: Mapping[Reason, int]
    sent_since: int
    oldest_waiting: datetime | None


@dataclass(frozen=True, slots=True)
class ListedNotice:
    """A notice in a list."""

    id: int
    notice: str
    state: str
    reason: Reason | None
    address: str
    subject: str | None
    created_at: datetime
    not_before: datetime
    sent_at: datetime | None
    attempts: int
    last_error: str | None
    about: str
    priority: int
    channel: str
    receipt: str | None
    receipt_at: datetime | None
    customer_id: int | None
    customer: str


OF_CUSTOMER = listed(
    f"""{LISTED}
    where outbox.customer_id = :customer
    order by outbox.created_at desc, outbox.id desc limit 200
""",
    ListedNotice,
)
"""What was written, or not, to `:customer`, newest first: what `listed_notice` takes."""


@dataclass(frozen=True, slots=True)
class NoticeStory:
    """All that is known of one notice: what it is, to whom, and what became of it."""

    id: int
    key: str
    notice: str
    about: str
    customer_id: int | None
    customer: str
    account: str | None
    purpose: str
    channel: str
    channels: Sequence[str]
    address: str
    language: str
    timezone: str
    urgent: bool
    context: Mapping[str, Any]
    state: str
    reason: Reason | None
    created_at: datetime
    not_before: datetime
    useful_before: datetime | None
    sent_at: datetime | None
    subject: str | None
    claims: int
    attempts: int
    last_error: str | None
    message_id: str | None
    receipt: str | None
    receipt_at: datetime | None
    digest_id: int | None
    version: int


@dataclass(frozen=True, slots=True)
class Arrived:
    """A letter in the demo's mailbox; `deliveries` above one: it came again under the same name; customer_id:
    whose notice it is, None where it is none."""

    message_id: str
    received_at: datetime
    recipient: str
    subject: str
    text: str
    deliveries: int
    customer_id: int | None


def outbox_figures(session: Session, since: datetime) -> OutboxFigures:
    """The outbox in figures; one statement."""
    rows = session.execute(_FIGURES, {"since": since}).all()
    states = dict.fromkeys(STATES, 0)
    withheld: dict[Reason, int] = {}
    for row in rows:
        states[row.state] += row.number
        if row.state == "withheld":
            withheld[Reason(row.reason)] = row.number
    return OutboxFigures(
        states=states,
        withheld=dict(sorted(withheld.items(), key=lambda pair: -pair[1])),
        sent_since=sum(row.today for row in rows),
        oldest_waiting=min((row.oldest for row in rows if row.state == "waiting"), default=None),
    )


def notices_about(
    session: Session, about: str, states: Sequence[str] = STATES, limit: int = 200
) -> list[ListedNotice]:
    """What was written about something ("outage:7"): what could not be told, what goes out, what went."""
    return _listed(session, _ABOUT, about=about, states=list(states), limit=limit)


def listed_notice(row: Sequence[Any]) -> ListedNotice:
    """A row of the columns of `LISTED`."""
    return ListedNotice(*[*row[:3], Reason(row[3]) if row[3] else None, *row[4:]])


def notice_story(session: Session, notice_id: int) -> NoticeStory:
    """One notice in full. Raises `NotFound`."""
    row = session.execute(_STORY, {"id": notice_id}).mappings().one_or_none()
    if row is None:
        raise NotFound("no_such_notice", "there is no such notice", str(notice_id))
    given = {name: row[name] for name in NoticeStory.__dataclass_fields__}
    return NoticeStory(**given | {"reason": Reason(row["reason"]) if row["reason"] else None})


def letters_arrived(session: Session, limit: int = 100) -> list[Arrived]:
    """The demo's mailbox, newest first."""
    found = MailboxMessage
    newest = (
        select(
            found.message_id,
            found.received_at,
            found.recipient,
            found.subject,
            found.text,
            found.deliveries,
            select(OutboxNotice.customer_id)
            .where(OutboxNotice.message_id == found.message_id)
            .limit(1)
            .correlate(found)
            .scalar_subquery(),
        )
        .order_by(found.received_at.desc(), found.message_id)
        .limit(limit)
    )
    return [Arrived(*row) for row in session.execute(newest)]


def listed_from(found: Result[Any]) -> list[ListedNotice]:
    """The rows of a statement that begins with `LISTED`."""
    return [listed_notice(row) for row in found]


def _listed(session: Session, statement: Any, **given: object) -> list[ListedNotice]:
    return listed_from(session.execute(statement, given))
