"""Lists of tickets: what each question counts, and the rows of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select, true
from sqlalchemy.orm import Session

from utility_crm.auth.queries import SignedIn
from utility_crm.auth.tables import Team, User
from utility_crm.customers.tables import Customer
from utility_crm.tickets.domain.filters import QUESTIONS, Filters
from utility_crm.tickets.domain.life import ENDED, STATUSES
from utility_crm.tickets.domain.numbers import id_of, number_of
from utility_crm.tickets.seen import tickets_seen_by
from utility_crm.tickets.tables import Ticket, TicketMention, TicketMessage

MOST = 200
READ_OF_LAST = 240
"""Letters of the last word: a few more than are shown, so that nothing that is covered stands cut there."""
SOON = timedelta(hours=4)
"""A promise that falls due within so long is about to be broken."""
_RANK = case({"urgent": 0, "high": 1, "normal": 2, "low": 3}, value=Ticket.priority)
NEXT_DUE = case(
    (Ticket.first_answered_at.is_(None), func.least(Ticket.first_answer_due_at, Ticket.solve_due_at)),
    else_=Ticket.solve_due_at,
)
"""The next promise of a ticket: its first answer until that is given, then its solution."""


@dataclass(frozen=True, slots=True)
class TicketLine:
    """A ticket in a list. waits_since: their oldest word that nobody answered; last: the newest words."""

    id: int
    subject: str
    kind: str
    status: str
    priority: str
    channel: str
    language: str
    tags: list[str]
    version: int
    opened_at: datetime
    updated_at: datetime
    waits_since: datetime | None
    first_answered_at: datetime | None
    due_at: datetime | None
    snoozed_until: datetime | None
    customer_id: int | None
    customer: str
    assignee: str
    team: str
    last: str
    last_direction: str
    sender: str

    @property
    def number(self) -> str:
        return number_of(self.id)


@dataclass(frozen=True, slots=True)
class Listed:
    """The first rows of a list, and how many it has in all."""

    rows: tuple[TicketLine, ...]
    all: int


def conditions(asked: Filters, user: SignedIn, now: datetime) -> list[ColumnElement[bool]]:
    """What a list asks, as conditions on Ticket; what the person may not see is never in it."""
    found: list[ColumnElement[bool]] = [tickets_seen_by(user)]
    if asked.status == "active":
        found.append(Ticket.status.not_in(ENDED))
    elif asked.status == "ended":
        found.append(Ticket.status.in_(ENDED))
    elif asked.status in STATUSES:
        found.append(Ticket.status == asked.status)
    for column, value in (
        (Ticket.kind, asked.kind), (Ticket.priority, asked.priority), (Ticket.channel, asked.channel),
        (Ticket.language, asked.language),
    ):  # fmt: skip
        if value:
            found.append(column == value)
    if asked.tag:
        found.append(Ticket.tags.contains([asked.tag.lower()]))
    found += _whose(asked, user)
    asleep = Ticket.snoozed_until.is_not(None) & (Ticket.snoozed_until > now)
    if asked.sleep != "any":
        found.append(asleep if asked.sleep == "asleep" else ~asleep)
    if asked.waits:
        found.append(Ticket.waits_since.is_not(None))
        if asked.waits == "first":
            found.append(Ticket.first_answered_at.is_(None))
    if asked.due:
        found.append(now + SOON >= NEXT_DUE)
    if asked.words:
        found.append(_said(asked.words))
    return found


def _whose(asked: Filters, user: SignedIn) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if asked.who == "nobody":
        found.append(Ticket.assignee_id.is_(None))
    elif asked.who:
        found.append(Ticket.assignee_id == (user.id if asked.who == "me" else int(asked.who)))
    if asked.team == "none":
        found.append(Ticket.team_id.is_(None))
    elif asked.team == "mine":
        found.append(Ticket.team_id.in_(user.team_ids))
    elif asked.team:
        found.append(Ticket.team_id == int(asked.team))
    if asked.named:
        found.append(_named(user))
    return found


def _named(user: SignedIn) -> ColumnElement[bool]:
    """Whether a note on it names the person, who has not seen that yet."""
    mentions = (
        select(TicketMention.message_id)
        .join(TicketMessage, TicketMessage.id == TicketMention.message_id)
        .where(
            TicketMessage.ticket_id == Ticket.id,
            TicketMention.user_id == user.id,
            TicketMention.seen_at.is_(None),
        )
    )
    return mentions.exists()


def _said(words: str) -> ColumnElement[bool]:
    """Each word is in the subject, in what was written, or in the customer's name; or it is a number."""
    ticket_id = id_of(words)
    if ticket_id is not None:
        return Ticket.id == ticket_id
    every: list[ColumnElement[bool]] = []
    for word in words.split():
        like = "%" + word.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") + "%"
        written = select(TicketMessage.id).where(
            TicketMessage.ticket_id == Ticket.id, TicketMessage.text.ilike(like)
        )
        named = select(Customer.id).where(Customer.id == Ticket.customer_id, Customer.name.ilike(like))
        every.append(or_(Ticket.subject.ilike(like), written.exists(), named.exists()))
    return and_(true(), *every)


def ordered(asked: Filters) -> list[Any]:
    """The order of a list."""
    by: dict[str, list[Any]] = {
        "promise": [NEXT_DUE.asc().nulls_last(), _RANK, Ticket.waits_since.asc().nulls_last()],
        "waits": [Ticket.waits_since.asc().nulls_last()],
        "newest": [Ticket.opened_at.desc()],
        "oldest": [Ticket.opened_at],
        "changed": [Ticket.updated_at.desc()],
    }
    return [*by[asked.order], Ticket.id.desc()]


def listed(session: Session, asked: Filters, user: SignedIn, now: datetime, limit: int = MOST) -> Listed:
    """The first rows of a list: one statement."""
    return _listed(session, asked, conditions(asked, user, now), limit)


def everything(session: Session, asked: Filters, now: datetime, limit: int) -> Listed:
    """The same for nobody in particular, as the command line asks: whose tickets they are limits nothing."""
    nobody = SignedIn(0, "", "", "admin", "en", sees_all_tickets=True)
    return _listed(session, asked, conditions(asked, nobody, now), limit)


def _listed(session: Session, asked: Filters, wanted: list[ColumnElement[bool]], limit: int) -> Listed:
    last = (
        select(TicketMessage.text, TicketMessage.direction)
        .where(TicketMessage.ticket_id == Ticket.id, TicketMessage.direction != "note")
        .order_by(TicketMessage.at.desc(), TicketMessage.id.desc())
        .limit(1)
        .lateral()
    )
    first = (
        select(TicketMessage.sender)
        .where(TicketMessage.ticket_id == Ticket.id, TicketMessage.direction == "in")
        .order_by(TicketMessage.at, TicketMessage.id)
        .limit(1)
        .scalar_subquery()
    )
    inner = (
        select(
            Ticket.id,
            func.count().over().label("n"),
            func.row_number().over(order_by=ordered(asked)).label("place"),
        )
        .where(*wanted)
        .order_by("place")
        .limit(limit)
        .subquery()
    )
    columns: list[Any] = [
        inner.c.n, Ticket.id, Ticket.subject, Ticket.kind, Ticket.status, Ticket.priority, Ticket.channel,
        Ticket.language, Ticket.tags, Ticket.version, Ticket.opened_at, Ticket.updated_at, Ticket.waits_since,
        Ticket.first_answered_at, NEXT_DUE, Ticket.snoozed_until, Ticket.customer_id,
        func.coalesce(Customer.name, ""), func.coalesce(User.name, ""), func.coalesce(Team.name, ""),
        func.coalesce(func.left(last.c.text, READ_OF_LAST), ""), func.coalesce(last.c.direction, ""),
        func.coalesce(first, ""),
    ]  # fmt: skip
    rows = session.execute(
        select(*columns)
        .select_from(inner)
        .join(Ticket, Ticket.id == inner.c.id)
        .outerjoin(last, true())
        .outerjoin(Customer, Customer.id == Ticket.customer_id)
        .outerjoin(User, User.id == Ticket.assignee_id)
        .outerjoin(Team, Team.id == Ticket.team_id)
        .order_by(inner.c.place)
    ).all()
    return Listed(tuple(TicketLine(*row[1:]) for row in rows), rows[0][0] if rows else 0)


def counted(
    session: Session, lists: Mapping[str, Filters], user: SignedIn, now: datetime
) -> dict[str, tuple[int, datetime | None]]:
    """Of each list how many it has, and since when the oldest of it waits: one statement."""
    names = list(lists)
    columns: list[Any] = []
    for name in names:
        held = select(func.count(), func.min(Ticket.waits_since)).where(*conditions(lists[name], user, now))
        one = held.subquery()
        columns += [select(one.c[0]).scalar_subquery(), select(one.c[1]).scalar_subquery()]
    row = session.execute(select(*columns)).one()
    return {name: (row[2 * place], row[2 * place + 1]) for place, name in enumerate(names)}


def figures(session: Session, user: SignedIn, now: datetime) -> dict[str, tuple[int, datetime | None]]:
    """What everybody's questions count."""
    return counted(session, QUESTIONS, user, now)


def those_seen(session: Session, ticket_ids: Sequence[int], user: SignedIn) -> frozenset[int]:
    """Those of the tickets that the person may see."""
    return frozenset(
        session.scalars(select(Ticket.id).where(Ticket.id.in_(ticket_ids), tickets_seen_by(user)))
    )
