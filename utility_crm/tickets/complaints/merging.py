"""A complaint whose ticket is merged into another goes on there, with its day; undone, each is led by itself.

No period begins anew by a merge: the other ticket is led as a complaint from the older of the two days, and
what is still owed of either is owed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from utility_crm.tickets.actions.changing import change
from utility_crm.tickets.care.house import house_words
from utility_crm.tickets.care.tables import Complaint
from utility_crm.tickets.complaints.actions import close_as, owe_next, put_at, stage_before
from utility_crm.tickets.domain.complaints import NO_MORE, joined_stage
from utility_crm.tickets.domain.numbers import number_of
from utility_crm.tickets.tables import Ticket, TicketEventRow
from utility_crm.web.formats import local_day
from utility_crm.web.words import mark

MADE_ONE: Final = "complaint_merged"
"""Reason of the event by which a ticket became a complaint because one was merged into it."""
_BEGAN = text("""
    with recursive inside(id) as (
        select cast(:id as bigint)
        union all select t.id from tickets t join inside on t.merged_into_id = inside.id
    )
    select min(case
        when k.at is not null then least(k.at, t.opened_at)
        when exists (select from ticket_events e
                     where e.ticket_id = t.id and e.kind = 'split' and e.after ? 'from') then c.received_at
        else t.opened_at end)
    from inside join tickets t on t.id = inside.id join complaints c on c.ticket_id = t.id
    left join contacts k on k.id = c.contact_id
    where t.id = :id or c.outcome = 'merged'
""")
"""When the first of the complaints came in that go on with a ticket."""
_HOLDS = text("""
    with recursive inside(id) as (
        select t.id from tickets t where t.merged_into_id = :id
        union all select t.id from tickets t join inside on t.merged_into_id = inside.id
    )
    select exists (select from inside join complaints c on c.ticket_id = inside.id where c.outcome = 'merged')
""")


def hand_over(session: Session, row: Complaint, into_id: int, *, now: datetime, by: int | None) -> None:
    """Its ticket was merged. One that is settled already stays so."""
    if row.stage != "closed":
        words = house_words()(mark("It goes on with %(number)s."), number=number_of(into_id))
        close_as(session, row, "merged", words, now=now, by=by)


def take_over(session: Session, ticket: Ticket, from_id: int, *, now: datetime, by: int | None) -> None:
    """The complaint that was handed over by this very merge, if one was, goes on with the ticket, whatever it
    was about and even where its own was settled."""
    coming = session.get(Complaint, from_id)
    if coming is None or coming.outcome != "merged" or coming.closed_at != now:
        return
    stage = stage_before(session, coming)
    kept = session.get(Complaint, ticket.id)
    if kept is not None:
        stage = joined_stage(_stood(session, kept), stage)
    if ticket.kind != "complaint":  # it hears of this, and opens the register's row
        change(session, ticket.id, {"kind": "complaint"}, now=now, by=by, reason=MADE_ONE)
        kept = session.get(Complaint, ticket.id)
    if kept is None:
        return
    if kept.cause == "unknown":
        kept.cause, kept.cause_detail = coming.cause, coming.cause_detail
    kept.ombudsman_reference = kept.ombudsman_reference or coming.ombudsman_reference
    _from_day(kept, min(kept.received_at, coming.received_at))
    if kept.stage != stage:
        put_at(session, kept, stage, now=now, by=by)
    owe_next(session, kept)


def _stood(session: Session, row: Complaint) -> str:
    """Where it stands, or stood when it was led no more; one that was settled had been answered."""
    if row.stage != "closed":
        return row.stage
    return stage_before(session, row) if row.outcome in NO_MORE else "answered"


def give_back(session: Session, ticket: Ticket, *, now: datetime, by: int | None) -> None:
    """A merge into this ticket was undone: it counts from its own day again, and is no complaint any more
    where only the merge had made it one."""
    row = session.get(Complaint, ticket.id)
    if row is None:
        return
    count_anew(session, row)
    if ticket.kind != "complaint" or session.scalar(_HOLDS, {"id": ticket.id}):
        return
    made = session.execute(
        select(TicketEventRow.before, TicketEventRow.reason)
        .where(
            TicketEventRow.ticket_id == ticket.id,
            TicketEventRow.kind == "changed",
            TicketEventRow.after.has_key("kind"),
        )
        .order_by(TicketEventRow.id.desc())
        .limit(1)
    ).one_or_none()
    if made is not None and made.reason == MADE_ONE:
        change(session, ticket.id, {"kind": made.before["kind"]}, now=now, by=by, reason=MADE_ONE)


def count_anew(session: Session, row: Complaint) -> None:
    """From the day on which it, or one that goes on with it, came in."""
    session.flush()
    _from_day(row, session.scalar(_BEGAN, {"id": row.ticket_id}) or row.received_at)
    owe_next(session, row)


def _from_day(row: Complaint, at: datetime) -> None:
    row.received_at, row.received_on = at, local_day(at)
