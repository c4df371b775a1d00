"""One ticket as its page shows it: the row, and everything around it in one statement more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from utility_crm.auth.permissions import roles_with
from utility_crm.auth.queries import SignedIn
from utility_crm.auth.tables import Team, User
from utility_crm.customers.tables import Account, Customer
from utility_crm.kit.errors import NotFound
from utility_crm.kit.gathering import gathered, listed
from utility_crm.network.tables import Premise
from utility_crm.tickets.domain.life import Standing
from utility_crm.tickets.domain.numbers import id_of, number_of
from utility_crm.tickets.seen import tickets_seen_by
from utility_crm.tickets.tables import Ticket
from utility_crm.web.words import mark

PRESENT_FOR = timedelta(seconds=40)
"""Who gave no sign for so long has gone."""


@dataclass(frozen=True, slots=True)
class OneTicket:
    """The ticket's row with the names behind its ids."""

    id: int
    kind: str
    subject: str
    status: str
    priority: str
    channel: str
    language: str
    customer_id: int | None
    customer: str
    account_id: int | None
    account: str
    address: str
    assignee_id: int | None
    assignee: str
    team_id: int | None
    team: str
    parent_id: int | None
    parent_subject: str
    parent_customer_id: int | None
    merged_into_id: int | None
    outage_id: int | None
    tags: list[str]
    version: int
    opened_at: datetime
    opened_by: str
    updated_at: datetime
    first_answered_at: datetime | None
    solved_at: datetime | None
    closed_at: datetime | None
    waits_since: datetime | None
    snoozed_until: datetime | None
    reopened: int
    first_answer_due_at: datetime | None
    solve_due_at: datetime | None

    @property
    def number(self) -> str:
        return number_of(self.id)

    @property
    def path(self) -> str:
        return f"/tickets/{self.number}"

    @property
    def ended(self) -> bool:
        return Standing(self.status).ended

    @property
    def due_at(self) -> datetime | None:
        """The next promise: the first answer until it is given, then the solution."""
        if self.first_answered_at is not None or self.first_answer_due_at is None:
            return self.solve_due_at
        return self.first_answer_due_at


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the conversation. direction: in, out or note; sending: what became of an answer."""

    id: int
    direction: str
    channel: str
    text: str
    sender: str
    author: str
    at: datetime
    sending: str
    sending_detail: str


@dataclass(frozen=True, slots=True)
class File:
    """A file on a message; `refused`: the code why it was not taken."""

    id: int
    message_id: int
    name: str
    media_type: str
    size_bytes: int
    refused: str


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, with who."""

    id: int
    at: datetime
    kind: str
    by: str
    before: dict[str, Any]
    after: dict[str, Any]
    reason: str


@dataclass(frozen=True, slots=True)
class Other:
    """Another ticket that has to do with this one. how: a link's kind, with `ours` whether it is read from
    here; child; merged (into this one); customer (of the same customer). link_id: of a link, else 0."""

    id: int
    subject: str
    status: str
    opened_at: datetime
    how: str
    ours: bool
    link_id: int
    customer_id: int | None

    @property
    def number(self) -> str:
        return number_of(self.id)


@dataclass(frozen=True, slots=True)
class Person:
    """A colleague: who watches, who is here (doing: looking or writing), who may see to it."""

    id: int
    name: str
    login: str
    doing: str


@dataclass(frozen=True, slots=True)
class Named:
    """A team, or anything else with a name."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Around:
    """What lies around a ticket."""

    messages: list[Message]
    files: list[File]
    events: list[Event]
    others: list[Other]
    watchers: list[Person]
    present: list[Person]
    people: list[Person]
    teams: list[Named]

    def files_of(self, message_id: int) -> list[File]:
        return [one for one in self.files if one.message_id == message_id]

    def how(self, *kinds: str) -> list[Other]:
        return [one for one in self.others if one.how in kinds]


_parent, _opener = aliased(Ticket), aliased(User)
_COLUMNS: list[Any] = [
    Ticket.id, Ticket.kind, Ticket.subject, Ticket.status, Ticket.priority, Ticket.channel, Ticket.language,
    Ticket.customer_id, func.coalesce(Customer.name, ""), Ticket.account_id,
    func.coalesce(Account.number, ""),
    func.coalesce(func.concat_ws(", ", Premise.address, Premise.city), ""), Ticket.assignee_id,
    func.coalesce(User.name, ""), Ticket.team_id, func.coalesce(Team.name, ""), Ticket.parent_id,
    func.coalesce(_parent.subject, ""), _parent.customer_id, Ticket.merged_into_id, Ticket.outage_id,
    Ticket.tags, Ticket.version, Ticket.opened_at, func.coalesce(_opener.name, ""), Ticket.updated_at,
    Ticket.first_answered_at, Ticket.solved_at, Ticket.closed_at, Ticket.waits_since, Ticket.snoozed_until,
    Ticket.reopened, Ticket.first_answer_due_at, Ticket.solve_due_at,
]  # fmt: skip
_ONE = (
    select(*_COLUMNS)
    .outerjoin(Customer, Customer.id == Ticket.customer_id)
    .outerjoin(Account, Account.id == Ticket.account_id)
    .outerjoin(Premise, Premise.id == Ticket.premise_id)
    .outerjoin(User, User.id == Ticket.assignee_id)
    .outerjoin(Team, Team.id == Ticket.team_id)
    .outerjoin(_parent, _parent.id == Ticket.parent_id)
    .outerjoin(_opener, _opener.id == Ticket.opened_by)
)


def ticket_numbered(session: Session, number: str, user: SignedIn) -> OneTicket:
    """The ticket of this number. NotFound where there is none that this person may see."""
    ticket_id = id_of(number)
    row = None
    if ticket_id is not None:
        row = session.execute(_ONE.where(Ticket.id == ticket_id, tickets_seen_by(user))).one_or_none()
    if row is None:
        raise NotFound("no_such_ticket", mark("There is no ticket %(number)s."), "ticket", number=number)
    return OneTicket(*row)


_ROLES = ", ".join(f"'{role}'" for role in (*roles_with("tickets.write"), "admin"))
_MESSAGES = listed(
    "select m.id, m.direction, m.channel, m.text, m.sender, coalesce(u.name, ''), m.at, m.sending, "
    "m.sending_detail from ticket_messages m left join users u on u.id = m.author_id "
    "where m.ticket_id = :ticket order by m.at, m.id",
    Message,
)
_FILES = listed(
    "select a.id, a.message_id, a.name, a.media_type, a.size_bytes, a.refused from ticket_attachments a "
    "join ticket_messages m on m.id = a.message_id where m.ticket_id = :ticket order by a.id",
    File,
)
_EVENTS = listed(
    "select e.id, e.at, e.kind, coalesce(u.name, ''), e.before, e.after, e.reason from ticket_events e "
    "left join users u on u.id = e.by_user where e.ticket_id = :ticket order by e.id desc limit 200",
    Event,
)
_OTHERS = listed(
    "select t.id, t.subject, t.status, t.opened_at, l.kind, true, l.id, t.customer_id from ticket_links l "
    "join tickets t on t.id = l.other_id where l.ticket_id = :ticket "
    "union all select t.id, t.subject, t.status, t.opened_at, l.kind, false, l.id, t.customer_id "
    "from ticket_links l "
    "join tickets t on t.id = l.ticket_id where l.other_id = :ticket "
    "union all select t.id, t.subject, t.status, t.opened_at, 'child', true, 0, t.customer_id from tickets t "
    "where t.parent_id = :ticket "
    "union all select t.id, t.subject, t.status, t.opened_at, 'merged', true, 0, t.customer_id "
    "from tickets t "
    "where t.merged_into_id = :ticket "
    "union all (select t.id, t.subject, t.status, t.opened_at, 'customer', true, 0, t.customer_id "
    "from tickets t "
    "where t.customer_id = :customer and t.id <> :ticket and t.merged_into_id is null "
    "order by (t.status in ('solved', 'closed')), t.opened_at desc limit 12)",
    Other,
)
_WATCHERS = listed(
    "select u.id, u.name, u.login, '' from ticket_watchers w join users u on u.id = w.user_id "
    "where w.ticket_id = :ticket order by u.name",
    Person,
)
_PRESENT = listed(
    "select u.id, u.name, u.login, p.doing from ticket_presence p join users u on u.id = p.user_id "
    "where p.ticket_id = :ticket and p.user_id <> :me and p.seen_at > cast(:since as timestamptz) "
    "order by u.name",
    Person,
)
_PEOPLE = listed(
    f"select u.id, u.name, u.login, '' from users u where u.active and u.role in ({_ROLES}) "
    "order by u.name limit 500",
    Person,
)
_TEAMS = listed("select t.id, t.name from teams t order by t.name limit 200", Named)


def around(session: Session, ticket: OneTicket, user: SignedIn, now: datetime) -> Around:
    """Everything around a ticket: one statement, and one more where it has to do with others."""
    values = {
        "ticket": ticket.id,
        "customer": ticket.customer_id,
        "me": user.id,
        "since": now - PRESENT_FOR,
    }
    parts = (_MESSAGES, _FILES, _EVENTS, _OTHERS, _WATCHERS, _PRESENT, _PEOPLE, _TEAMS)
    found = gathered(session, parts, values)
    return Around(
        [Message(*row) for row in found[0]],
        [File(*row) for row in found[1]],
        [Event(*row) for row in found[2]],
        _seen(session, [Other(*row) for row in found[3]], user),
        [Person(*row) for row in found[4]],
        [Person(*row) for row in found[5]],
        [Person(*row) for row in found[6]],
        [Named(*row) for row in found[7]],
    )


def _seen(session: Session, others: list[Other], user: SignedIn) -> list[Other]:
    """Those of the others that the person may see."""
    if not others:
        return []
    ids = {one.id for one in others}
    seen = set(session.scalars(select(Ticket.id).where(Ticket.id.in_(ids), tickets_seen_by(user))))
    return [one for one in others if one.id in seen]


def choices(session: Session) -> tuple[list[Person], list[Named]]:
    """People and teams that a ticket can be given to: one statement."""
    people, teams = gathered(session, (_PEOPLE, _TEAMS), {})
    return [Person(*row) for row in people], [Named(*row) for row in teams]


def present(session: Session, ticket_id: int, user_id: int, now: datetime) -> list[Person]:
    """Who else has the ticket open."""
    values = {"ticket": ticket_id, "me": user_id, "since": now - PRESENT_FOR}
    (found,) = gathered(session, (_PRESENT,), values)
    return [Person(*row) for row in found]
