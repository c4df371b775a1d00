"""What became known of an outage, in order; and which incidents run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from notifications.domain.incident import State

_EVENTS = text("""
    select event.id, event.kind, event.state, node.name as place, event.estimated_at, event.other_id,
           event.at, event.recorded_at, users.name as author, event.source, event.note,
           telling.event_id is not null as tells, coalesce(telling.ended_at is not null, false) as told,
           coalesce(telling.superseded, false) as superseded, coalesce(telling.queued, 0) as queued
    from outage_events as event
    join network_nodes as node on node.id = event.node_id
    left join users on users.id = event.author_id
    left join outage_tellings as telling on telling.event_id = event.id
    where event.outage_id = :outage
    order by event.id desc
""")
_RUNNING = text("""
    select outages.id, outages.node_id, node.name as place, outages.state, outages.starts_at, outages.ends_at,
           outages.reason
    from outages join network_nodes as node on node.id = outages.node_id
    where not outages.planned and outages.state in ('reported', 'confirmed', 'estimated')
    order by outages.starts_at, outages.id
""")


@dataclass(frozen=True, slots=True)
class KnownEvent:
    """One thing that became known, newest first in lists. `tells`: customers hear of it; `told`: they were,
    or a newer event overtook it (`superseded`); `queued`: how many notices came of it."""

    id: int
    kind: str
    state: str
    place: str
    estimated_at: datetime | None
    other_id: int | None
    at: datetime
    recorded_at: datetime
    author: str | None
    source: str
    note: str
    tells: bool
    told: bool
    superseded: bool
    queued: int


@dataclass(frozen=True, slots=True)
class RunningIncident:
    """An incident that is not over; second reports left out."""

    id: int
    node_id: int
    place: str
    state: State
    starts_at: datetime
    ends_at: datetime | None
    reason: str


def events_of(session: Session, outage_id: int) -> list[KnownEvent]:
    """All that became known of an outage, newest first."""
    return [KnownEvent(**row) for row in session.execute(_EVENTS, {"outage": outage_id}).mappings()]


def running_incidents(session: Session) -> list[RunningIncident]:
    """What runs, the oldest first."""
    rows = session.execute(_RUNNING).mappings()
    return [RunningIncident(**dict(row) | {"state": State(row["state"])}) for row in rows]
