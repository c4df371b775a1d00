"""A visit is moved, cancelled, or over: the customer is told, the task follows. Nothing here commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Literal, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Row, insert, text
from sqlalchemy.orm import Session

from meters.visits.booking import SLOTS, check_day, task_key, visit_number
from notifications.outbox.queueing import queue, take_back
from notifications.types.appointment import Appointment as Announced
from notifications.types.appointment import Event, appointment
from notifications.types.appointment import Visit as VisitKind
from utility_crm.customers.party_tables import AppointmentEvent
from utility_crm.kit.errors import Conflict, Invalid, NotFound
from utility_crm.tasks.actions import Wanted, change_task, finish_task
from utility_crm.web.words import mark

Ended = Literal["done", "missed"]
LONGEST = 500

_HELD = text("""
    select v.id, v.customer_id, v.kind, v.on_day, v.starts, v.ends, v.state, v.moves, v.note,
           concat_ws(', ', nullif(p.address, ''), nullif(p.city, '')) as place, p.timezone,
           (select a.id from occupancies o join accounts a on a.id = o.account_id
            where o.premise_id = v.premise_id and a.customer_id = v.customer_id
            order by o.starts_on desc, a.id limit 1) as account_id
    from appointments v join premises p on p.id = v.premise_id
    where v.id = :visit and v.customer_id = :customer
    for update of v
""")
_MOVE = text("""
    update appointments set on_day = :on_day, starts = :starts, ends = :ends, moves = moves + 1
    where id = :visit
""")
_CLOSE = text("""
    update appointments set state = :state, outcome = :outcome, closed_at = :now, closed_by = :by
    where id = :visit
""")
_TASK = text("""
    select id, title, note, priority, promised, assignee_id, team_id, remind_minutes
    from tasks where key = :key and done_at is null
""")


@dataclass(frozen=True, slots=True)
class Held:
    """A visit under lock, with what its notice says."""

    id: int
    customer_id: int
    account_id: int
    kind: VisitKind
    place: str
    zone: ZoneInfo
    on_day: date
    starts: time
    ends: time
    moves: int
    note: str

    def announced(self, was_at: datetime | None = None) -> Announced:
        """As the customer reads of it."""
        begins, over = (datetime.combine(self.on_day, at, self.zone) for at in (self.starts, self.ends))
        return Announced(visit_number(self.id), self.kind, self.place, begins, over, was_at)


def move_visit(
    session: Session,
    customer_id: int,
    visit_id: int,
    on_day: date,
    slot: str,
    why: str,
    *,
    today: date,
    now: datetime,
    by: int,
) -> None:
    """To another day or part of it; the customer is told of both. Raises NotFound, Invalid, and Conflict
    where it is over or not moved at all."""
    held = _hold(session, customer_id, visit_id)
    reason = _said(why, mark("Say why it is moved."), "why")
    check_day(on_day, today)
    starts, ends = SLOTS[slot]
    if (on_day, starts, ends) == (held.on_day, held.starts, held.ends):
        raise Conflict("visit_there", mark("It is at this time already."), "on_day")
    _keep(session, held, "moved", reason, now, by, was_on=held.on_day, was_from=held.starts)
    values = {"on_day": on_day, "starts": starts, "ends": ends, "visit": visit_id}
    session.execute(_MOVE, values)
    was = held.announced().starts_at
    moved = _hold(session, customer_id, visit_id)
    _tell(session, moved, "moved", now, by, was)
    task = _task(session, visit_id)
    if task is not None:
        wanted = Wanted(
            task.title, moved.announced().ends_at, task.note, task.priority, task.promised, task.assignee_id,
            task.team_id, task.remind_minutes,
        )  # fmt: skip
        change_task(session, task.id, wanted, now=now, by=by)


def cancel_visit(
    session: Session, customer_id: int, visit_id: int, why: str, *, now: datetime, by: int
) -> None:
    """Nobody comes; the customer is told. Raises NotFound, Invalid without a reason, Conflict where it is
    over."""
    held = _hold(session, customer_id, visit_id)
    reason = _said(why, mark("Say why nobody comes."), "why")
    _keep(session, held, "cancelled", reason, now, by)
    session.execute(
        _CLOSE, {"state": "cancelled", "outcome": reason, "now": now, "by": by, "visit": visit_id}
    )
    _tell(session, held, "cancelled", now, by)
    task = _task(session, visit_id)
    if task is not None:
        finish_task(session, task.id, now=now, by=by, outcome=reason, dropped=True)


def close_visit(
    session: Session,
    customer_id: int,
    visit_id: int,
    ended: Ended,
    found: str,
    *,
    today: date,
    now: datetime,
    by: int,
) -> None:
    """They were there (done, with what was found) or could not get in (missed). Raises NotFound, Invalid
    before its day or without a word of what was found, Conflict where it is over."""
    held = _hold(session, customer_id, visit_id)
    if held.on_day > today:
        words = mark("Its day is yet to come: move it, or cancel it.")
        raise Invalid("visit_to_come", words, "ended")
    outcome = _said(found, mark("Say what was found, or why nobody could get in."), "found")
    _keep(session, held, ended, outcome, now, by)
    session.execute(_CLOSE, {"state": ended, "outcome": outcome, "now": now, "by": by, "visit": visit_id})
    task = _task(session, visit_id)
    if task is not None:
        finish_task(session, task.id, now=now, by=by, outcome=outcome)


def _hold(session: Session, customer_id: int, visit_id: int) -> Held:
    row = session.execute(_HELD, {"visit": visit_id, "customer": customer_id}).one_or_none()
    if row is None:
        raise NotFound("no_such_visit", mark("There is no such visit."), str(visit_id))
    if row.state != "booked":
        raise Conflict("visit_over", mark("This visit is over or cancelled already."))
    return held_of(row)


def held_of(row: Row[Any]) -> Held:
    """A visit of the columns of the statement above."""
    return Held(
        row.id, row.customer_id, row.account_id, cast("VisitKind", row.kind), row.place,
        ZoneInfo(row.timezone), row.on_day, row.starts, row.ends, row.moves, row.note,
    )  # fmt: skip


def _said(words: str, missing: str, where: str) -> str:
    said = " ".join(words.split())
    if not said:
        raise Invalid("needed", missing, where)
    if len(said) > LONGEST:
        raise Invalid("too_long", mark("At most %(most)s characters."), where, most=LONGEST)
    return said


def _keep(session: Session, held: Held, kind: str, note: str, now: datetime, by: int, **was: object) -> None:
    values = {"appointment_id": held.id, "at": now, "by_user": by, "kind": kind, "note": note, **was}
    session.execute(insert(AppointmentEvent).values(**values))


def _tell(
    session: Session, held: Held, event: Event, now: datetime, by: int | None, was_at: datetime | None = None
) -> None:
    """What waits to be told and is no longer true is taken back first."""
    take_back(session, [f"appointment:{visit_number(held.id)}"], now, by)
    announced = held.announced(was_at)
    if announced.starts_at > now:
        told = appointment(
            customer_id=held.customer_id, account_id=held.account_id, event=event, booked=announced,
            moves=held.moves,
        )  # fmt: skip
        queue(session, told, now)


def _task(session: Session, visit_id: int) -> Row[Any] | None:
    return session.execute(_TASK, {"key": task_key(visit_id)}).one_or_none()
