"""The customer page's part: what is open for them, what was written, and a new ticket from any question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, cast
from uuid import uuid4

from sqlalchemy import Select, bindparam, func, select

from utility_crm.auth.queries import SignedIn
from utility_crm.auth.tables import User
from utility_crm.customers.room import card_of
from utility_crm.kit.module import (
    Act,
    Answer,
    Cell,
    CustomerCall,
    CustomerRoom,
    Question,
    Sheet,
    TimelineEntry,
    Todo,
    Tone,
)
from utility_crm.tickets.domain.life import CHANNELS, ENDED, KINDS, PRIORITIES
from utility_crm.tickets.domain.numbers import number_of
from utility_crm.tickets.queries.queue import NEXT_DUE
from utility_crm.tickets.seen import tickets_seen_by
from utility_crm.tickets.tables import Ticket, TicketEventRow, TicketMessage
from utility_crm.tickets.words import CHANNEL_WORDS, KIND_WORDS, PRIORITY_WORDS, STATUS_TONES, STATUS_WORDS
from utility_crm.web.formats import day_near
from utility_crm.web.words import mark, translator

PACKAGE = "utility_crm.tickets"
MOST, MOST_SAID = 60, 12
"""Tickets of a customer that their page knows, and the newest messages of each."""
_SAID = (
    select(
        TicketMessage.id, TicketMessage.at, TicketMessage.direction, TicketMessage.channel,
        func.left(TicketMessage.text, 160).label("text"),
    )
    .where(TicketMessage.ticket_id == Ticket.id, TicketMessage.direction != "note")
    .order_by(TicketMessage.at.desc(), TicketMessage.id.desc())
    .limit(MOST_SAID)
    .correlate(Ticket)
    .subquery()
)  # fmt: skip
_TOLD = select(
    func.jsonb_agg(func.jsonb_build_array(_SAID.c.at, _SAID.c.direction, _SAID.c.channel, _SAID.c.text))
).scalar_subquery()
_RATED = (
    select(func.jsonb_build_array(TicketEventRow.at, TicketEventRow.after))
    .where(TicketEventRow.ticket_id == Ticket.id, TicketEventRow.kind == "rated")
    .order_by(TicketEventRow.id.desc())
    .limit(1)
    .correlate(Ticket)
    .scalar_subquery()
)
_ROWS = (
    select(
        Ticket.id, Ticket.subject, Ticket.kind, Ticket.status, Ticket.priority, Ticket.opened_at,
        Ticket.waits_since, NEXT_DUE, Ticket.merged_into_id, func.coalesce(User.name, ""), _RATED, _TOLD,
    )
    .outerjoin(User, User.id == Ticket.assignee_id)
    .order_by(Ticket.status.in_(ENDED), Ticket.opened_at.desc())
    .limit(MOST)
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Theirs:
    """A ticket of the customer's. rated: when they said how it was, which question and score. said: (when,
    direction, channel, first words), newest first."""

    id: int
    subject: str
    kind: str
    status: str
    priority: str
    opened_at: datetime
    waits_since: datetime | None
    due_at: datetime | None
    merged_into_id: int | None
    assignee: str
    rated: tuple[datetime, str, int] | None
    said: tuple[tuple[datetime, str, str, str], ...]

    @property
    def number(self) -> str:
        return number_of(self.id)

    @property
    def path(self) -> str:
        return f"/tickets/{self.number}"

    @property
    def open(self) -> bool:
        return self.status not in ENDED


@lru_cache(maxsize=512)
def _seen_by(user: SignedIn) -> Select[Any]:
    """A customer's tickets that a person may see: the statement is written once for each."""
    return _ROWS.where(Ticket.customer_id == bindparam("customer"), tickets_seen_by(user))


def theirs(call: CustomerCall) -> list[Theirs]:
    """The customer's tickets that whoever looks may see, open ones first; use it through `call.once`."""
    if call.viewer is None or not call.viewer.may("tickets.read"):
        return []
    statement = _seen_by(cast("SignedIn", call.viewer))
    rows = call.session.execute(statement, {"customer": call.customer_id})
    found = []
    for row in rows:
        values: list[Any] = list(row)
        told, rated = values.pop(), values.pop()
        values.append(
            (datetime.fromisoformat(rated[0]), rated[1]["question"], rated[1]["score"]) if rated else None
        )
        values.append(tuple((datetime.fromisoformat(at), *rest) for at, *rest in told or ()))
        found.append(Theirs(*values))
    return found


def _open(call: CustomerCall) -> list[Theirs]:
    return [one for one in call.once(theirs) if one.open]


def _answer(call: CustomerCall) -> Answer:
    _ = translator(call.language, PACKAGE)
    found = _open(call)
    if not found:
        return Answer(_("nothing"))
    since = min((one.waits_since for one in found if one.waits_since), default=None)
    words = _("waits since %(day)s", day=day_near(since, call.today, call.language)) if since else ""
    return Answer(str(len(found)), words, "warn" if since else "")


def _sheet(call: CustomerCall) -> Sheet:
    found = call.once(theirs)
    context = {
        "open": _open(call),
        "ended": [one for one in found if not one.open and one.merged_into_id is None],
        "tw": {"status": STATUS_WORDS, "tone": STATUS_TONES, "kind": KIND_WORDS, "priority": PRIORITY_WORDS},
        "may_write": call.viewer is not None and call.viewer.may("tickets.write"),
    }
    return Sheet("tickets/theirs.html", context)


def _cells(call: CustomerCall) -> Sequence[Cell]:
    found = _open(call)
    if not found:
        return ()
    late = any(one.due_at is not None and one.due_at <= call.now for one in found)
    return (Cell(mark("Open tickets"), str(len(found)), tone="bad" if late else "", order=45),)


def _todos(call: CustomerCall) -> Sequence[Todo]:
    _ = translator(call.language, PACKAGE)
    return [
        Todo(
            _("Say how %(number)s stands: %(subject)s", number=one.number, subject=one.subject),
            _("they wait since %(day)s", day=day_near(one.waits_since, call.today, call.language)),
            one.path,
            tone="bad" if one.due_at is not None and one.due_at <= call.now else "warn",
            order=11,
        )
        for one in _open(call)
        if one.waits_since is not None
    ][:4]


def _timeline(call: CustomerCall) -> Sequence[TimelineEntry]:
    _ = translator(call.language, PACKAGE)
    entries = []
    for one in call.once(theirs):
        for at, direction, channel, text in one.said:
            how = translator(call.language, PACKAGE)(CHANNEL_WORDS[channel])
            ours = direction == "out"
            words = _("We wrote (%(how)s)", how=how) if ours else _("They wrote (%(how)s)", how=how)
            entries.append(TimelineEntry(at, mark("Tickets"), f"{words}: {one.subject}", text, href=one.path))
        if one.rated is not None:
            at, question, score = one.rated
            most, bad = (10, score <= 6) if question == "nps" else (5, score <= 2)
            words = _("They rated it %(score)s of %(most)s", score=score, most=most)
            tone: Tone = "bad" if bad else ""
            entries.append(
                TimelineEntry(at, mark("Tickets"), f"{words}: {one.subject}", tone=tone, href=one.path)
            )
    return entries


def _new_panel(call: CustomerCall) -> Mapping[str, Any]:
    words = translator(call.language, PACKAGE)

    def named_of(names: Sequence[str], said: Mapping[str, str]) -> list[tuple[str, str]]:
        return [(name, words(said[name])) for name in names]

    accounts = [(one.id, one.number) for one in call.once(card_of).accounts if one.holds]
    return {
        "named_of": named_of, "accounts": accounts, "form_key": uuid4().hex, "subject": "", "kind": "other",
        "ticket_kinds": KINDS, "priorities": PRIORITIES,
        "channels": [one for one in CHANNELS if one != "note"],
        "tw": {"kind": KIND_WORDS, "channel": CHANNEL_WORDS, "priority": PRIORITY_WORDS},
    }  # fmt: skip


ROOM = CustomerRoom(
    questions=(Question("tickets", mark("What is open for me?"), 78, _answer, _sheet),),
    cells=_cells,
    todos=_todos,
    timeline=_timeline,
    acts=(
        Act(
            "n", mark("Ticket"), "tickets.write", "tickets/act_new.html", order=20, context=_new_panel,
        ),
    ),
)  # fmt: skip
