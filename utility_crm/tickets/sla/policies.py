"""What is promised, read from and written to the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from utility_crm.kit.errors import Conflict, Invalid, NotFound
from utility_crm.tickets.care.tables import TicketPolicy, WorkingHours
from utility_crm.tickets.domain.life import KINDS, PRIORITIES
from utility_crm.tickets.domain.promises import MOST_MINUTES, Goal, Policy
from utility_crm.tickets.domain.working_time import Hours
from utility_crm.web.words import mark

SEGMENTS = ("household", "small_business", "industry", "vulnerable")
"""Of customers; `vulnerable` are those with a flag of care, whatever else they are."""


@dataclass(frozen=True, slots=True)
class PolicyDraft:
    """A policy as a person writes it; minutes None: nothing is promised."""

    name: str
    kinds: tuple[str, ...] = ()
    priorities: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    first_answer_minutes: int | None = None
    first_answer_working: bool = True
    resolution_minutes: int | None = None
    resolution_working: bool = True
    warn_percent: int = 75


def policies(session: Session) -> tuple[Policy, ...]:
    """Those in use, in their order."""
    rows = session.execute(
        select(TicketPolicy, WorkingHours)
        .join(WorkingHours, WorkingHours.id == TicketPolicy.hours_id)
        .where(TicketPolicy.active)
        .order_by(TicketPolicy.position, TicketPolicy.id)
    )
    return tuple(_policy(row, hours) for row, hours in rows)


def policy_of(session: Session, policy_id: int) -> Policy:
    """One, in use or not. NotFound."""
    found = session.execute(
        select(TicketPolicy, WorkingHours)
        .join(WorkingHours, WorkingHours.id == TicketPolicy.hours_id)
        .where(TicketPolicy.id == policy_id)
    ).one_or_none()
    if found is None:
        raise NotFound("no_such_policy", mark("There is no such promise."), "policy")
    return _policy(*found)


def _policy(row: TicketPolicy, hours: WorkingHours) -> Policy:
    first, last = row.first_answer_minutes, row.resolution_minutes
    return Policy(
        row.id,
        row.name,
        hours_of(hours),
        frozenset(row.kinds),
        frozenset(row.priorities),
        frozenset(row.segments),
        Goal(first, row.first_answer_working) if first is not None else None,
        Goal(last, row.resolution_working) if last is not None else None,
        row.warn_percent,
    )


def hours_of(row: WorkingHours) -> Hours:
    """A row as working hours."""
    week = tuple(tuple((int(first), int(last)) for first, last in spans) for spans in row.week)
    return Hours(row.zone, week, row.country, row.subdivision, frozenset(row.closed))


def house_hours(session: Session) -> Hours | None:
    """The hours of the house, the first that were set up; None: none were."""
    row = session.scalars(select(WorkingHours).order_by(WorkingHours.id).limit(1)).one_or_none()
    return None if row is None else hours_of(row)


def house_hours_id(session: Session) -> int:
    """The row of the hours of the house. Raises Conflict where none were set up."""
    found = session.scalar(select(WorkingHours.id).order_by(WorkingHours.id).limit(1))
    if found is None:
        raise Conflict("no_hours", mark("Set up the hours first: begin with the usual."), "name")
    return found


def set_hours(
    session: Session,
    name: str,
    *,
    zone: str,
    week: Sequence[Sequence[tuple[int, int]]],
    country: str = "",
    subdivision: str = "",
    closed: Sequence[date] = (),
) -> int:
    """Keep hours under a name, new or in place of what was; their id. Raises Invalid."""
    try:
        Hours(zone, tuple(tuple(spans) for spans in week), country, subdivision, frozenset(closed))
    except ValueError as error:
        raise Invalid("hours", str(error), "week") from None
    row = session.scalars(select(WorkingHours).where(WorkingHours.name == name)).one_or_none()
    if row is None:
        row = WorkingHours(name=name)
        session.add(row)
    row.zone, row.country, row.subdivision = zone, country, subdivision
    row.week, row.closed = [[list(span) for span in spans] for spans in week], sorted(closed)
    session.flush()
    return row.id


def add_policy(session: Session, draft: PolicyDraft, hours_id: int, *, now: datetime, by: int | None) -> int:
    """A new policy behind the others; its id. Raises Invalid, Conflict."""
    _check(session, draft, None)
    last = session.scalar(select(func.coalesce(func.max(TicketPolicy.position), 0)))
    row = TicketPolicy(
        position=(last or 0) + 1, hours_id=hours_id, changed_at=now, changed_by=by, **_columns(draft)
    )
    session.add(row)
    session.flush()
    return row.id


def change_policy(
    session: Session, policy_id: int, draft: PolicyDraft, *, now: datetime, by: int | None
) -> None:
    """Another content. Tickets that have a promise keep it until their kind, priority or customer changes."""
    row = _held(session, policy_id)
    _check(session, draft, policy_id)
    for name, value in _columns(draft).items():
        setattr(row, name, value)
    row.changed_at, row.changed_by = now, by
    session.flush()


def switch_policy(session: Session, policy_id: int, active: bool, *, now: datetime, by: int | None) -> None:
    """In use, or not."""
    row = _held(session, policy_id)
    row.active, row.changed_at, row.changed_by = active, now, by
    session.flush()


def move_policy(session: Session, policy_id: int, up: bool) -> None:
    """One place up or down; at the end it stays."""
    swap_places(session, TicketPolicy, policy_id, up)


def swap_places(session: Session, table: Any, row_id: int, up: bool) -> None:
    """Exchange the position of a row with its neighbour's. NotFound."""
    rows = list(session.scalars(select(table).order_by(table.position, table.id).with_for_update()))
    place = next((place for place, row in enumerate(rows) if row.id == row_id), None)
    if place is None:
        raise NotFound("no_such_row", mark("It is not here any more."), str(row_id))
    other = place - 1 if up else place + 1
    if 0 <= other < len(rows):
        rows[place], rows[other] = rows[other], rows[place]
    for number, row in enumerate(rows, 1):
        row.position = number
    session.flush()


def _held(session: Session, policy_id: int) -> TicketPolicy:
    found = session.get(TicketPolicy, policy_id, with_for_update=True)
    if found is None:
        raise NotFound("no_such_policy", mark("There is no such promise."), "policy")
    return found


def _columns(draft: PolicyDraft) -> dict[str, Any]:
    return {
        "name": draft.name.strip(), "kinds": list(draft.kinds), "priorities": list(draft.priorities),
        "segments": list(draft.segments), "first_answer_minutes": draft.first_answer_minutes,
        "first_answer_working": draft.first_answer_working, "resolution_minutes": draft.resolution_minutes,
        "resolution_working": draft.resolution_working, "warn_percent": draft.warn_percent,
    }  # fmt: skip


def _check(session: Session, draft: PolicyDraft, mine: int | None) -> None:
    if not draft.name.strip():
        raise Invalid("name", mark("Give it a name."), "name")
    if draft.first_answer_minutes is None and draft.resolution_minutes is None:
        raise Invalid("nothing_promised", mark("Promise at least one of the two."), "first_answer")
    for where, value in (
        ("first_answer", draft.first_answer_minutes),
        ("resolution", draft.resolution_minutes),
    ):
        if value is not None and not 1 <= value <= MOST_MINUTES:
            raise Invalid("minutes", mark("A promise takes from one minute to a year."), where)
    chosen = ((draft.kinds, KINDS), (draft.priorities, PRIORITIES), (draft.segments, SEGMENTS))
    if any(set(some) - set(allowed) for some, allowed in chosen) or not 1 <= draft.warn_percent <= 99:
        raise Invalid("policy", mark("Choose one of what is offered."), "kinds")
    same = session.scalar(select(TicketPolicy.id).where(TicketPolicy.name == draft.name.strip()))
    if same is not None and same != mine:
        raise Conflict("name_taken", mark("Another one has this name."), "name")
