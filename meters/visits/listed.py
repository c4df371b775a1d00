"""The visits to one customer, as their page lists them: part of what it reads at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from utility_crm.kit.gathering import listed


@dataclass(frozen=True, slots=True)
class VisitEvent:
    """What became of a visit (kind: moved, cancelled, done, missed); was_on, was_from: when it should have
    been, before it was moved."""

    visit_id: int
    at: datetime
    by: str
    kind: str
    was_on: date | None
    was_from: str | None
    note: str


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit: the day and between which times ("08:00") of the wall clock there. state: booked, done,
    missed, cancelled. events: the newest first."""

    id: int
    kind: str
    on_day: date
    starts: str
    ends: str
    place: str
    note: str
    state: str
    made_at: datetime
    made_by: str
    outcome: str
    events: tuple[VisitEvent, ...] = ()

    @property
    def slot(self) -> str:
        return f"{self.starts}–{self.ends}"

    def waits(self, today: date) -> bool:
        """Whether somebody is still to come."""
        return self.state == "booked" and self.on_day >= today

    def untold(self, today: date) -> bool:
        """Whether its day is over, and nobody said what came of it."""
        return self.state == "booked" and self.on_day < today

    def may_end(self, today: date) -> bool:
        """Whether its day has come."""
        return self.state == "booked" and self.on_day <= today


def with_events(one: Visit, events: Sequence[VisitEvent]) -> Visit:
    """The visit with what became of it, out of what became of all."""
    return replace(one, events=tuple(event for event in events if event.visit_id == one.id))


VISITS = listed(
    """
    select v.id, v.kind, v.on_day, to_char(v.starts, 'HH24:MI'), to_char(v.ends, 'HH24:MI'),
           coalesce(concat_ws(', ', nullif(p.address, ''), nullif(p.city, '')), ''), v.note, v.state,
           v.made_at, coalesce(u.name, ''), v.outcome
    from appointments v
    left join premises p on p.id = v.premise_id
    left join users u on u.id = v.made_by
    where v.customer_id = :customer_id
    order by v.on_day desc, v.id desc limit 60
    """,
    Visit,
    but=1,
)
"""To `:customer_id`, the newest day first."""

VISIT_EVENTS = listed(
    """
    select e.appointment_id, e.at, coalesce(u.name, ''), e.kind, e.was_on, to_char(e.was_from, 'HH24:MI'),
           e.note
    from appointments v
    join appointment_events e on e.appointment_id = v.id
    left join users u on u.id = e.by_user
    where v.customer_id = :customer_id
    order by e.at desc, e.id desc limit 200
    """,
    VisitEvent,
)
