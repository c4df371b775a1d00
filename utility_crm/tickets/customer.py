"""The customer page's part: what is open for them, what was written, and a new ticket from any question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import uuid4

from utility_crm.auth.queries import SignedIn
from utility_crm.customers.room import card_of
from utility_crm.kit.gathering import Gather, Listed
from utility_crm.kit.masking import shown
from utility_crm.kit.parts import (
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
from utility_crm.kit.together import together
from utility_crm.tickets.domain.life import CHANNELS, ENDED, KINDS, PRIORITIES
from utility_crm.tickets.domain.numbers import number_of
from utility_crm.tickets.seen import allowed, seen_as
from utility_crm.tickets.words import CHANNEL_WORDS, KIND_WORDS, PRIORITY_WORDS, STATUS_TONES, STATUS_WORDS
from utility_crm.web.formats import day_near
from utility_crm.web.words import mark, translator

PACKAGE = "utility_crm.tickets"
MOST, MOST_SAID, SAID_LETTERS = 60, 12, 160
"""Tickets of a customer that their page knows, the newest messages of each, and how many letters of them: a
few more are read, so that nothing that is covered stands cut at their end."""
_AT = datetime.fromisoformat


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


# Who may see the customer may see their tickets, but for those of other teams.
_THEIRS = Listed(
    f"""
    select ticket.id, ticket.subject, ticket.kind, ticket.status, ticket.priority, ticket.opened_at,
           ticket.waits_since,
           case when ticket.first_answered_at is null
                then least(ticket.first_answer_due_at, ticket.solve_due_at) else ticket.solve_due_at end,
           ticket.merged_into_id, coalesce(u.name, ''),
           (select json_build_array(e.at, e.after) from ticket_events e
            where e.ticket_id = ticket.id and e.kind = 'rated' order by e.id desc limit 1),
           (select json_agg(json_build_array(m.at, m.direction, m.channel, m.text)) from (
                select at, direction, channel, left(text, {SAID_LETTERS + 40}) as text from ticket_messages
                where ticket_id = ticket.id and direction <> 'note'
                order by at desc, id desc limit {MOST_SAID}) m)
    from tickets as ticket left join users u on u.id = ticket.assignee_id
    where ticket.customer_id = :customer and ({allowed("ticket.id")})
    order by ticket.status in {ENDED!r}, ticket.opened_at desc limit {MOST}
    """,
    (None, None, None, None, None, _AT, _AT, _AT, None, None, None, None),
)


def _values(call: CustomerCall) -> dict[str, Any]:
    viewer = cast("SignedIn", call.viewer)
    return {"customer": call.customer_id, **seen_as(viewer)}


KNOWN = Gather((_THEIRS,), _values)


def theirs(call: CustomerCall) -> list[Theirs]:
    """The customer's tickets that whoever looks may see, open ones first; use it through `call.once`."""
    if call.viewer is None or not call.viewer.may("tickets.read"):
        return []
    (rows,) = together(call, KNOWN)
    found = []
    for *row, rated, said in rows:
        values: list[Any] = [*row, _rated(rated), _said(said)]
        found.append(Theirs(*values))
    return found


def _rated(found: Sequence[Any] | None) -> tuple[datetime, str, int] | None:
    if not found:
        return None
    at, answer = found
    return datetime.fromisoformat(at), answer["question"], answer["score"]


def _said(found: Sequence[Sequence[Any]] | None) -> tuple[tuple[datetime, str, str, str], ...]:
    return tuple((datetime.fromisoformat(at), *rest) for at, *rest in found or ())


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
            _(
                "Say how %(number)s stands: %(subject)s",
                number=one.number,
                subject=shown(_(one.subject), "text", call.customer_id),
            ),
            _("they wait since %(day)s", day=day_near(one.waits_since, call.today, call.language)),
            one.path,
            tone="bad" if one.due_at is not None and one.due_at <= call.now else "warn",
            order=11,
        )
        for one in _open(call)
        if one.waits_since is not None
    ][:4]


def _begun(call: CustomerCall, text: str) -> str:
    return shown(text, "text", call.customer_id)[:SAID_LETTERS]


def _timeline(call: CustomerCall) -> Sequence[TimelineEntry]:
    _ = translator(call.language, PACKAGE)
    entries = []
    for one in call.once(theirs):
        for at, direction, channel, text in one.said:
            how = translator(call.language, PACKAGE)(CHANNEL_WORDS[channel])
            ours = direction == "out"
            words = _("We wrote (%(how)s)", how=how) if ours else _("They wrote (%(how)s)", how=how)
            entries.append(
                TimelineEntry(
                    at, mark("Tickets"), f"{words}: {_(one.subject)}", _begun(call, text), href=one.path
                )
            )
        if one.rated is not None:
            at, question, score = one.rated
            most, bad = (10, score <= 6) if question == "nps" else (5, score <= 2)
            words = _("They rated it %(score)s of %(most)s", score=score, most=most)
            tone: Tone = "bad" if bad else ""
            entries.append(
                TimelineEntry(at, mark("Tickets"), f"{words}: {_(one.subject)}", tone=tone, href=one.path)
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
    gathers=(KNOWN,),
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
