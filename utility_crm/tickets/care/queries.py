"""What the page of care shows: promises kept and broken, what rules did, who is given tickets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.auth.sign_ins import signed_in_people
from utility_crm.tickets.domain.numbers import number_of


@dataclass(frozen=True, slots=True)
class PolicyLine:
    """A promise with its goals in minutes, and how it was kept since a day: by what of it."""

    id: int
    name: str
    active: bool
    kinds: tuple[str, ...]
    priorities: tuple[str, ...]
    segments: tuple[str, ...]
    first_answer_minutes: int | None
    first_answer_working: bool
    resolution_minutes: int | None
    resolution_working: bool
    warn_percent: int
    kept: int
    broken: int
    running: int
    late: int


@dataclass(frozen=True, slots=True)
class RunLine:
    """A rule that acted on a ticket, and what came of each act."""

    at: datetime
    rule: str
    ticket_id: int
    event: str
    did: tuple[dict[str, str], ...]

    @property
    def number(self) -> str:
        """What people say."""
        return number_of(self.ticket_id)


@dataclass(frozen=True, slots=True)
class TakerLine:
    """Somebody who may answer tickets; capacity None: they are given none. present: given while they are
    here, which is while they are signed in."""

    id: int
    name: str
    languages: tuple[str, ...]
    skills: tuple[str, ...]
    teams: tuple[str, ...]
    capacity: int | None
    present: bool
    here: bool
    open_tickets: int
    given_at: datetime | None


_POLICIES = text("""
    select p.id, p.name, p.active, p.kinds, p.priorities, p.segments, p.first_answer_minutes,
           p.first_answer_working, p.resolution_minutes, p.resolution_working, p.warn_percent,
           count(*) filter (where m.met_at >= :since and m.breached_at is null) as kept,
           count(*) filter (where m.breached_at >= :since) as broken,
           count(*) filter (where m.ticket_id is not null and m.met_at is null) as running,
           count(*) filter (where m.met_at is null and m.due_at <= :now) as late
    from ticket_policies p left join ticket_promises m on m.policy_id = p.id
    group by p.id order by p.position, p.id
""")
_RUNS = text("""
    select n.at, r.name as rule, n.ticket_id, n.event, n.did
    from ticket_rule_runs n join ticket_rules r on r.id = n.rule_id
    where n.did <> '[]' order by n.id desc limit :most
""")
_TAKERS = text("""
    select u.id, u.name, u.languages, u.skills,
           coalesce((select array_agg(t.name order by t.name) from team_members m
                     join teams t on t.id = m.team_id where m.user_id = u.id), '{}') as teams,
           k.capacity, coalesce(k.present, false) as present, k.given_at,
           (select count(*) from tickets t where t.assignee_id = u.id
             and t.status not in ('solved', 'closed', 'waiting')) as open_tickets
    from users u left join ticket_takers k on k.user_id = u.id
    where u.active and (k.user_id is not null or u.role in ('agent', 'supervisor'))
    order by k.user_id is null, u.name, u.id
""")


def policy_lines(session: Session, since: datetime, now: datetime) -> list[PolicyLine]:
    """All promises in their order, with how they were kept since an instant."""
    return [PolicyLine(**_tuples(row)) for row in session.execute(_POLICIES, {"since": since, "now": now})]


def latest_runs(session: Session, most: int = 50) -> list[RunLine]:
    """What rules did, the latest first."""
    return [RunLine(**_tuples(row)) for row in session.execute(_RUNS, {"most": most})]


def taker_lines(session: Session) -> list[TakerLine]:
    """Whoever is given tickets, then who could be."""
    here = signed_in_people(session)
    return [TakerLine(**_tuples(row), here=row.id in here) for row in session.execute(_TAKERS)]


def _tuples(row: Any) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in row._mapping.items()}
