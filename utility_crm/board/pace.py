"""Whether the desk keeps up: what came, what was solved, how long it took, by team, person and channel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Date, and_, cast, func, literal_column, select, tuple_, union_all
from sqlalchemy.orm import Session

from utility_crm.auth.queries import SignedIn
from utility_crm.auth.tables import Team, User
from utility_crm.board.domain.piles import Pile, piles
from utility_crm.tickets.seen import tickets_seen_by
from utility_crm.tickets.tables import Ticket

_ALL, _TEAM, _PERSON, _CHANNEL = 7, 3, 5, 6
"""What `grouping(team, person, channel)` says: a bit for each that is not grouped by."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Tickets of one team, person or channel (name "": of none). answered, ended: by the clock, the median
    from the first word to the first answer, of those that came; and to the solution, of those solved.
    again: of those solved, how many had been opened again."""

    name: str
    came: int
    solved: int
    answered: timedelta | None
    ended: timedelta | None
    again: int


@dataclass(frozen=True, slots=True)
class Paces:
    """Of some days: all of it, and by team, person and channel, each with most solved first."""

    whole: Pace
    teams: tuple[Pace, ...]
    people: tuple[Pace, ...]
    channels: tuple[Pace, ...]


def paces(session: Session, user: SignedIn, begins: datetime, ends: datetime) -> Paces:
    """What came and was solved from `begins` until before `ends`, of tickets this person may see. What was
    put into another ticket counts for nothing. One statement."""
    came = and_(Ticket.opened_at >= begins, Ticket.opened_at < ends)
    went = and_(Ticket.solved_at >= begins, Ticket.solved_at < ends)

    def median(until: Any) -> Any:
        long = func.extract("epoch", until - Ticket.opened_at)
        return func.percentile_cont(0.5).within_group(long)

    rows = session.execute(
        select(
            func.grouping(Ticket.team_id, Ticket.assignee_id, Ticket.channel),
            func.coalesce(Team.name, User.name, Ticket.channel, ""),
            func.count().filter(came),
            func.count().filter(went),
            median(Ticket.first_answered_at).filter(came),
            median(Ticket.solved_at).filter(went),
            func.count().filter(went, Ticket.reopened > 0),
        )
        .outerjoin(Team, Team.id == Ticket.team_id)
        .outerjoin(User, User.id == Ticket.assignee_id)
        .where(
            Ticket.merged_into_id.is_(None),
            (Ticket.opened_at >= begins) | (Ticket.solved_at >= begins),
            Ticket.opened_at < ends,
            tickets_seen_by(user),
        )
        .group_by(
            func.grouping_sets(
                literal_column("()"),
                tuple_(Ticket.team_id, Team.name),
                tuple_(Ticket.assignee_id, User.name),
                tuple_(Ticket.channel),
            )
        )
    ).all()
    by: dict[int, list[Pace]] = {_ALL: [], _TEAM: [], _PERSON: [], _CHANNEL: []}
    for row in rows:
        by[row[0]].append(Pace(row[1], row[2], row[3], _long(row[4]), _long(row[5]), row[6]))
    (whole,) = by[_ALL]
    parts = (
        tuple(sorted(by[one], key=lambda each: (each.name == "", -each.solved, -each.came, each.name)))
        for one in (_TEAM, _PERSON, _CHANNEL)
    )
    return Paces(whole, *parts)


def _long(seconds: Any) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=float(seconds))


def piles_of(session: Session, user: SignedIn, first: date, days: int, zone: str) -> tuple[Pile, ...]:
    """What stood open at the end of each day, oldest first (`domain.piles`). One that was opened again and is
    open counts as open all along: when it was solved before is not asked. One statement."""
    own = and_(Ticket.merged_into_id.is_(None), tickets_seen_by(user))
    one: Any = literal_column("1")
    none: Any = literal_column("0")
    came = select(Ticket.opened_at.label("at"), one.label("came"), none.label("went")).where(own)
    went = select(Ticket.solved_at, none, one).where(own, Ticket.solved_at.is_not(None))
    moves = union_all(came, went).subquery()
    day = cast(func.timezone(zone, moves.c.at), Date)
    when = func.nullif(func.greatest(day, first - timedelta(days=1)), first - timedelta(days=1))
    rows = session.execute(select(when, func.sum(moves.c.came), func.sum(moves.c.went)).group_by(when)).all()
    base = sum(row[1] - row[2] for row in rows if row[0] is None)
    moved = {row[0]: (int(row[1]), int(row[2])) for row in rows if row[0] is not None}
    return piles(int(base), first, days, moved)
