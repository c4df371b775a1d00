"""Somebody of ours comes to check a meter: booked on the customer page, told to them, a task for us."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from notifications.outbox.queueing import queue
from notifications.types.appointment import Appointment as Announced
from notifications.types.appointment import appointment
from utility_crm.customers.party_tables import Appointment
from utility_crm.kit.errors import Conflict, Invalid, NotFound
from utility_crm.tasks.actions import add_task
from utility_crm.web.words import mark

SLOTS: Mapping[str, tuple[time, time]] = {
    "08-12": (time(8), time(12)),
    "12-16": (time(12), time(16)),
    "16-20": (time(16), time(20)),
}
AHEAD = timedelta(days=60)
"""So far ahead a visit is booked."""
LONGEST_NOTE = 300

_PLACES = text("""
    select distinct on (p.id) a.id as account_id, p.id as premise_id, p.timezone,
           concat_ws(', ', nullif(p.address, ''), nullif(p.city, '')) as place
    from accounts a
    join occupancies o on o.account_id = a.id
     and o.starts_on <= :today and (o.ends_before is null or o.ends_before > :today)
    join premises p on p.id = o.premise_id
    where a.customer_id = :customer
    order by p.id, a.id
""")

_ALONE = text("select from premises where id = :premise for no key update")


@dataclass(frozen=True, slots=True)
class VisitPlace:
    """Where they are supplied now, and by which account."""

    account_id: int
    premise_id: int
    timezone: str
    place: str


def visit_places(session: Session, customer_id: int, today: date) -> list[VisitPlace]:
    """Every place where they are supplied today."""
    rows = session.execute(_PLACES, {"customer": customer_id, "today": today}).mappings()
    return [VisitPlace(**row) for row in rows]


def check_day(on_day: date, today: date) -> None:
    """Raises Invalid where nobody comes on that day: from tomorrow on they do, for two months."""
    if not today < on_day <= today + AHEAD:
        words = mark("A visit is booked from tomorrow until %(last)s.")
        raise Invalid("visit_day", words, "on_day", last=today + AHEAD)


def visit_number(visit_id: int) -> str:
    """As the customer reads it."""
    return f"V-{visit_id}"


def task_key(visit_id: int) -> str:
    """Of the task to note what came of it."""
    return f"visit:{visit_id}"


def book_check(
    session: Session,
    customer_id: int,
    premise_id: int,
    on_day: date,
    slot: str,
    note: str,
    *,
    title: str,
    today: date,
    now: datetime,
    by: int,
) -> int:
    """Book it, tell the customer by a notice, and add a task called `title`, to note what came of it; its id.
    Raises NotFound, Invalid, and Conflict where one is booked for that place already."""
    place = next(
        (one for one in visit_places(session, customer_id, today) if one.premise_id == premise_id), None
    )
    if place is None:
        raise NotFound("no_such_place", mark("They are not supplied there."), "place")
    check_day(on_day, today)
    # Who books the same place at the same time waits here, and then sees this visit.
    session.execute(_ALONE, {"premise": premise_id})
    taken = text(
        "select id from appointments where premise_id = :premise and state = 'booked' and on_day >= :today"
    )
    if session.scalar(taken, {"premise": premise_id, "today": today}) is not None:
        raise Conflict("visit_booked", mark("A visit to that place is booked already."), "on_day")
    starts, ends = SLOTS[slot]
    visit_id: int = session.execute(
        insert(Appointment)
        .values(
            customer_id=customer_id, premise_id=premise_id, kind="meter_check", on_day=on_day, starts=starts,
            ends=ends, note=note.strip()[:LONGEST_NOTE], made_at=now, made_by=by,
        )
        .returning(Appointment.id)
    ).scalar_one()  # fmt: skip
    zone = ZoneInfo(place.timezone)
    begins, over = (datetime.combine(on_day, at, zone) for at in (starts, ends))
    announced = Announced(visit_number(visit_id), "meter_check", place.place, begins, over)
    queue(
        session,
        appointment(customer_id=customer_id, account_id=place.account_id, event="booked", booked=announced),
        now,
    )
    add_task(
        session, title=title, due_at=over, now=now, by=by, customer_id=customer_id, note=note.strip(),
        key=task_key(visit_id),
    )  # fmt: skip
    return visit_id
