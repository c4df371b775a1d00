"""What surveys say: figures by team and person over chosen days, and what was said in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from utility_crm.auth.queries import SignedIn
from utility_crm.auth.tables import Team, User
from utility_crm.surveys.asking import WINDOW
from utility_crm.surveys.domain.plans import Plan
from utility_crm.surveys.domain.scores import QUESTIONS, SCORES, Question, Tally, is_bad, is_good
from utility_crm.surveys.tables import Survey
from utility_crm.tickets.domain.numbers import number_of
from utility_crm.tickets.seen import tickets_seen_by
from utility_crm.tickets.tables import Ticket

MOST_SAID = 30
Which = Literal["bad", "words", "all"]
NONE_ASKED = {question: Tally(question) for question in QUESTIONS}


@dataclass(frozen=True, slots=True)
class Rated:
    """A team or a person (id None: nobody) with what customers said of their tickets."""

    id: int | None
    name: str
    csat: Tally = NONE_ASKED["csat"]
    nps: Tally = NONE_ASKED["nps"]

    @property
    def answers(self) -> int:
        return self.csat.answers + self.nps.answers

    @property
    def asked(self) -> int:
        return self.csat.asked + self.nps.asked

    @property
    def response(self) -> float | None:
        """The share of those asked who answered, whatever the question."""
        return self.answers / self.asked if self.asked else None

    def plus(self, one: Tally) -> Rated:
        if one.question == "csat":
            return replace(self, csat=self.csat + one)
        return replace(self, nps=self.nps + one)


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """Of surveys that were sent in these days: all of them, those of as many days before, by team and person,
    each with most answers first."""

    whole: Rated
    before: Rated
    teams: tuple[Rated, ...]
    people: tuple[Rated, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """An answer as it was given; `who` and `team` had the ticket."""

    ticket_id: int
    subject: str
    question: Question
    score: int
    comment: str
    at: datetime
    who: str
    team: str
    customer_id: int | None

    @property
    def number(self) -> str:
        return number_of(self.ticket_id)

    @property
    def most(self) -> int:
        """The best there is."""
        return SCORES[self.question][-1]

    @property
    def good(self) -> bool:
        return is_good(self.question, self.score)

    @property
    def bad(self) -> bool:
        return is_bad(self.question, self.score)


_GOOD = or_(
    and_(Survey.question == "csat", Survey.score >= 4), and_(Survey.question == "nps", Survey.score >= 9)
)
_BAD = or_(
    and_(Survey.question == "csat", Survey.score <= 2), and_(Survey.question == "nps", Survey.score <= 6)
)


def satisfaction(session: Session, user: SignedIn, begins: datetime, ends: datetime) -> Satisfaction:
    """What customers said who were asked from `begins` until before `ends`, of tickets this person may see.
    One statement."""
    lately = case((Survey.sent_at >= begins, 1), else_=0)
    rows = session.execute(
        select(
            lately,
            Survey.question,
            Survey.team_id,
            func.coalesce(Team.name, ""),
            Survey.user_id,
            func.coalesce(User.name, ""),
            func.count(),
            func.count(Survey.score),
            func.count().filter(_GOOD),
            func.count().filter(_BAD),
        )
        .join(Ticket, Ticket.id == Survey.ticket_id)
        .outerjoin(Team, Team.id == Survey.team_id)
        .outerjoin(User, User.id == Survey.user_id)
        .where(
            Survey.state == "sent",
            Survey.sent_at >= begins - (ends - begins),
            Survey.sent_at < ends,
            tickets_seen_by(user),
        )
        .group_by(lately, Survey.question, Survey.team_id, Team.name, Survey.user_id, User.name)
    ).all()
    now = [row for row in rows if row[0]]
    return Satisfaction(
        _sum(Rated(None, ""), now),
        _sum(Rated(None, ""), [row for row in rows if not row[0]]),
        _by(now, 2),
        _by(now, 4),
    )


def _sum(start: Rated, rows: Iterable[Any]) -> Rated:
    found = start
    for row in rows:
        found = found.plus(Tally(row[1], *row[6:]))
    return found


def _by(rows: Iterable[Any], column: int) -> tuple[Rated, ...]:
    """Summed by the id in a column, whose name stands in the next."""
    found: dict[int | None, Rated] = {}
    for row in rows:
        key = row[column]
        found[key] = _sum(found.get(key, Rated(key, row[column + 1])), [row])
    return tuple(sorted(found.values(), key=lambda one: (one.id is None, -one.answers, one.name)))


def said(
    session: Session,
    user: SignedIn,
    begins: datetime,
    ends: datetime,
    *,
    which: Which = "all",
    most: int = MOST_SAID,
) -> tuple[Said, ...]:
    """Answers of those asked in these days, newest first: bad ones, those with words, all. One statement."""
    statement: Any = (
        select(
            Survey.ticket_id, Ticket.subject, Survey.question, Survey.score, Survey.comment,
            Survey.changed_at, func.coalesce(User.name, ""), func.coalesce(Team.name, ""),
            Ticket.customer_id,
        )
        .join(Ticket, Ticket.id == Survey.ticket_id)
        .outerjoin(Team, Team.id == Survey.team_id)
        .outerjoin(User, User.id == Survey.user_id)
        .where(
            Survey.answered_at.is_not(None),
            Survey.sent_at >= begins,
            Survey.sent_at < ends,
            tickets_seen_by(user),
        )
        .order_by(Survey.changed_at.desc(), Survey.id.desc())
        .limit(most)
    )  # fmt: skip
    if which == "bad":
        statement = statement.where(_BAD)
    if which == "words":
        statement = statement.where(Survey.comment != "")
    return tuple(Said(*row) for row in session.execute(statement))


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What became of tickets whose turn came in these days. asked: letters that left; why_not: reasons with
    how many, most frequent first; what was answered badly is among `answered`."""

    asked: int
    answered: int
    bad: int
    why_not: tuple[tuple[str, int], ...]

    @property
    def not_asked(self) -> int:
        return sum(count for _, count in self.why_not)


def outcomes(session: Session, user: SignedIn, begins: datetime, ends: datetime) -> Outcomes:
    """Of tickets this person may see. One statement. Asked are those whose letter left in these days."""
    at = func.coalesce(Survey.sent_at, Survey.decided_at)
    rows = session.execute(
        select(Survey.state, Survey.reason, func.count(), func.count(Survey.score), func.count().filter(_BAD))
        .join(Ticket, Ticket.id == Survey.ticket_id)
        .where(at >= begins, at < ends, tickets_seen_by(user))
        .group_by(Survey.state, Survey.reason)
    ).all()
    sent = [row for row in rows if row[0] == "sent"]
    asked, answered, bad = (sum(int(row[place]) for row in sent) for place in (2, 3, 4))
    why: dict[str, int] = {}
    for row in rows:
        if row[0] in ("not_asked", "withdrawn"):
            why[row[1]] = why.get(row[1], 0) + row[2]
    return Outcomes(asked, answered, bad, tuple(sorted(why.items(), key=lambda one: (-one[1], one[0]))))


def waiting(session: Session, user: SignedIn, plan: Plan, now: datetime) -> int:
    """Solved tickets of customers whose turn has not come yet, or comes with the next run."""
    longest = timedelta(minutes=plan.wait_minutes) + WINDOW
    found = session.scalar(
        select(func.count())
        .select_from(Ticket)
        .outerjoin(Survey, Survey.ticket_id == Ticket.id)
        .where(
            Ticket.solved_at > now - longest,
            Ticket.merged_into_id.is_(None),
            Ticket.customer_id.is_not(None),
            Survey.id.is_(None),
            tickets_seen_by(user),
        )
    )
    return found or 0


def counted(session: Session, begins: datetime, ends: datetime) -> tuple[Tally, ...]:
    """Answers to each question of surveys that were sent from `begins` until before `ends`."""
    rows: Any = session.execute(
        select(
            Survey.question, func.count(), func.count(Survey.score), func.count().filter(_GOOD),
            func.count().filter(_BAD),
        )
        .where(Survey.state == "sent", Survey.sent_at >= begins, Survey.sent_at < ends)
        .group_by(Survey.question)
    )  # fmt: skip
    found: dict[str, Tally] = {row[0]: Tally(*row) for row in rows.all()}
    return tuple(found.get(question, Tally(question)) for question in QUESTIONS)
