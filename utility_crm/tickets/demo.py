"""The tickets' part of the demo utility: some hundred conversations of the last months, made of what the
simulated customers wrote to us in any case; written in bulk, the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from psycopg.types.json import Jsonb
from sqlalchemy import text

from utility_crm.demo.calendar import ZONE
from utility_crm.demo.context import DemoBuild
from utility_crm.demo.plan import Plan
from utility_crm.demo.random_streams import stream
from utility_crm.tickets.demo_words import (
    COMPLAINED,
    INCIDENT,
    INCIDENT_ANSWER,
    INCIDENT_ASKS,
    INCIDENT_NOTE,
    NOTES,
    RUSSIAN,
    TALKS,
    Talk,
)
from utility_crm.tickets.domain.life import CLOSES_AFTER, Standing, answered, begun, heard, turned

BACK, MOST, TODAY = timedelta(days=150), 320, 18
"""How far back, and how many at most; how many a day brings."""
KINDS = {"bill": "billing", "payment": "billing", "tariff": "billing", "meter": "meter", "outage": "outage"}
CHANNELS = ("email", "email", "email", "web", "messenger", "call")
TEAM_OF = {"billing": "Bills and payments", "complaint": "Complaints", "meter": "Network and meters",
           "outage": "Network and meters"}  # fmt: skip


@dataclass(slots=True)
class Story:
    """A ticket as it comes to be: its standing and what was written, in order."""

    customer: int
    kind: str
    subject: str
    channel: str
    language: str
    opened_at: datetime
    standing: Standing
    said: list[tuple[str, datetime, str]] = field(default_factory=list)
    priority: str = "normal"
    assigned: bool = False
    parent: bool = False
    child: bool = False

    @property
    def last_at(self) -> datetime:
        return max(at for _, at, _ in self.said)


def build(context: DemoBuild) -> None:
    """Write them all."""
    rows = context.connection.execute(text("select login, id from users")).all()
    people: dict[str, int] = {row.login: row.id for row in rows}
    teams: dict[str, int] = {
        row.name: row.id for row in context.connection.execute(text("select name, id from teams"))
    }
    stories = [*stories_of(context.plan), *today_of(context.plan, context.now)]
    with context.steps.step("Tickets", 1) as advance:
        _write(context, stories, people, teams)
        context.analyse("tickets", "ticket_messages", "ticket_events")
        advance(1)


def stories_of(plan: Plan) -> list[Story]:
    """Every ticket, oldest first: of what customers said in the last months, and of one outage. Pure."""
    draw = stream(plan.seed, "tickets")
    ends = datetime.combine(plan.as_of, time(), ZoneInfo(ZONE)).astimezone(UTC)
    lately = [
        one
        for one in plan.contacts
        if ends - BACK <= one.at < ends and (not one.complaint or one.answered_at is not None)
    ][-MOST:]  # a complaint that nobody answered becomes a ticket by the care of complaints
    found = [_story(draw, plan, one.customer, one.topic, one.complaint, one.at, ends) for one in lately]
    found += [_fresh(draw, plan, place, ends) for place in range(min(14, len(plan.customers)))]
    return sorted([*found, *_incident(plan, ends)], key=lambda one: one.opened_at)


def _talk(draw: np.random.Generator, topic: str, language: str) -> Talk:
    if language == "ru" and topic in RUSSIAN:
        return RUSSIAN[topic]
    known = TALKS.get(topic, TALKS["details"])
    return known[int(draw.integers(len(known)))]


def _story(
    draw: np.random.Generator,
    plan: Plan,
    customer: int,
    topic: str,
    complaint: bool,
    at: datetime,
    ends: datetime,
) -> Story:
    """One that was answered, as most are, thanked for or not, solved and closed in its time."""
    person = plan.customers[customer]
    talk, kind = _talk(draw, topic, person.language), "complaint" if complaint else KINDS.get(topic, "other")
    asks = (COMPLAINED if complaint and person.language == "en" else "") + talk.asks
    channel = CHANNELS[int(draw.integers(len(CHANNELS)))]
    if not person.email:
        channel = "call"
    one = Story(
        customer, kind, talk.subject, channel, person.language, at, begun(at, by_us=False), [("in", at, asks)]
    )
    one.priority = "high" if complaint else "normal"
    lots = draw.random(5)
    hours = float(draw.exponential(9)) + 0.4
    one.assigned = True
    step = at + timedelta(hours=hours)
    if lots[0] < 0.3 and step < ends:
        some = NOTES if topic in ("bill", "meter") else NOTES[:1]
        one.said.append(("note", step, some[int(draw.integers(len(some)))]))
    step += timedelta(minutes=12)
    if step >= ends:
        one.assigned = bool(lots[1] < 0.5)
        return one
    one.standing = answered(one.standing, step, "waiting")
    one.said.append(("out", step, talk.answer))
    if talk.thanks and lots[2] < 0.6:
        step += timedelta(hours=float(draw.exponential(20)) + 0.2)
        if step >= ends:
            return one
        one.standing = heard(one.standing, step)
        one.said.append(("in", step, talk.thanks))
    step += timedelta(hours=3)
    if step < ends and lots[3] < 0.93:
        one.standing = turned(one.standing, "solved", step)
        if step + CLOSES_AFTER < ends:
            one.standing = turned(one.standing, "closed", step + CLOSES_AFTER)
    return one


def _fresh(draw: np.random.Generator, plan: Plan, place: int, ends: datetime) -> Story:
    """One of yesterday evening that waits for us, so that there is something to do."""
    person = plan.customers[place]
    topic = ("bill", "meter", "payment", "tariff", "outage")[place % 5]
    talk = _talk(draw, topic, person.language)
    at = ends - timedelta(hours=1 + 6 * float(draw.random()))
    one = Story(
        place, KINDS[topic], talk.subject, "email" if person.email else "call", person.language, at,
        begun(at, by_us=False), [("in", at, talk.asks)],
    )  # fmt: skip
    one.assigned = place % 3 == 0
    if one.assigned:
        one.standing = turned(one.standing, "open", at + timedelta(minutes=20))
    one.priority = "urgent" if place == 4 else "high" if place == 1 else "normal"
    return one


def today_of(plan: Plan, until: datetime) -> list[Story]:
    """What today brought until now: most were answered and solved at once, some wait. Pure; none where the
    day has only begun."""
    draw = stream(plan.seed, "tickets of today")
    begins = datetime.combine(plan.as_of, time(), ZoneInfo(ZONE)).astimezone(UTC)
    found = []
    for place, moment in enumerate(sorted(draw.random(TODAY))):
        at = begins + (until - begins) * float(moment)
        customer = int(draw.integers(len(plan.customers)))
        person = plan.customers[customer]
        topic = ("bill", "payment", "meter", "tariff", "bill", "moving")[place % 6]
        talk = _talk(draw, topic, person.language)
        channel = "email" if person.email and place % 3 else "call"
        one = Story(
            customer, KINDS.get(topic, "other"), talk.subject, channel, person.language, at,
            begun(at, by_us=False), [("in", at, talk.asks)],
        )  # fmt: skip
        answers_at = at + (until - at) * float(0.02 + 0.1 * draw.random())
        if place % 5 != 4:
            one.assigned = True
            one.said.append(("out", answers_at, talk.answer))
            one.standing = answered(one.standing, answers_at, "waiting" if place % 4 == 3 else "solved")
        found.append(one)
    return found


def _incident(plan: Plan, ends: datetime) -> Iterator[Story]:
    """An outage a month ago, with those who wrote about it below one ticket of ours."""
    begins = ends - timedelta(days=31) + timedelta(hours=8)
    over = begins + timedelta(hours=7)
    solved = turned(answered(begun(begins, by_us=True), over, "solved"), "closed", over + CLOSES_AFTER)
    codes = {node.id: node.code for node in plan.nodes}
    there = [supply.customer for supply in plan.supplies if codes[supply.address.node_id].startswith("OLD-2")]
    some = list(dict.fromkeys(there))[: len(INCIDENT_ASKS)]
    if not some:
        return
    yield Story(
        -1,
        "outage",
        INCIDENT,
        "email",
        "en",
        begins,
        solved,
        [("note", begins, INCIDENT_NOTE)],
        "high",
        True,
        True,
    )
    for place, customer in enumerate(some):
        at = begins + timedelta(minutes=25 + 17 * place)
        standing = turned(answered(begun(at, by_us=False), over, "solved"), "closed", over + CLOSES_AFTER)
        said = [("in", at, INCIDENT_ASKS[place]), ("out", over, INCIDENT_ANSWER)]
        yield Story(
            customer, "outage", "No power", "email", plan.customers[customer].language, at, standing, said,
            assigned=True, child=True,
        )  # fmt: skip


def _write(context: DemoBuild, stories: list[Story], people: dict[str, int], teams: dict[str, int]) -> None:
    """Copy them into their tables; the incident is before those below it."""
    plan = context.plan
    account = {supply.customer: supply.id for supply in reversed(plan.supplies)}
    staff = [people[login] for login in ("priya", "owen") if login in people]
    numbered = list(enumerate(stories, 1))
    parent = next((row for row, one in numbered if one.parent), None)

    def who(row: int) -> Any:
        return staff[row % len(staff)] if staff else None

    tickets: list[tuple[Any, ...]] = []
    messages: list[tuple[Any, ...]] = []
    events: list[tuple[Any, ...]] = []
    for row, one in numbered:
        s, known = one.standing, one.customer >= 0
        assignee = who(row) if one.assigned else None
        team = teams.get(TEAM_OF.get(one.kind, ""), teams.get("Customer care"))
        version = len(one.said) + (1 if s.ended else 0)
        tickets.append((
            row, one.kind, one.subject, s.status, one.priority, one.channel, one.language,
            one.customer + 1 if known else None, account.get(one.customer), assignee, team,
            parent if one.child else None, [], version, one.opened_at,
            max(one.last_at, s.closed_at or one.last_at), s.first_answered_at, s.solved_at, s.closed_at,
            s.waits_since, s.reopened,
        ))  # fmt: skip
        for place, (direction, at, words) in enumerate(one.said):
            author = None if direction == "in" else who(row)
            channel = "note" if direction == "note" else one.channel
            sender = _sender(plan, one) if direction == "in" else ""
            sending = "sent" if direction == "out" and one.channel != "call" else ""
            messages.append((len(messages) + 1, row, direction, channel, words, sender, author, at, sending))
            kind = "opened" if place == 0 else {"in": "heard", "out": "answered", "note": "noted"}[direction]
            events.append((row, place + 1, at, kind, author, len(messages), Jsonb({}), Jsonb({})))
        if s.ended and s.solved_at:
            after = Jsonb({"status": s.status})
            events.append((row, version, s.closed_at or s.solved_at, "changed", None, None, Jsonb({}), after))
    _copy(context, tickets, messages, events)


def _sender(plan: Plan, one: Story) -> str:
    person = plan.customers[one.customer]
    return person.email or person.phone or person.name


def _copy(context: DemoBuild, tickets: list[Any], messages: list[Any], events: list[Any]) -> None:
    context.copy_rows(
        "tickets",
        (
            "id", "kind", "subject", "status", "priority", "channel", "language", "customer_id", "account_id",
            "assignee_id", "team_id", "parent_id", "tags", "version", "opened_at", "updated_at",
            "first_answered_at", "solved_at", "closed_at", "waits_since", "reopened",
        ),
        tickets,
    )  # fmt: skip
    context.copy_rows(
        "ticket_messages",
        ("id", "ticket_id", "direction", "channel", "text", "sender", "author_id", "at", "sending"),
        messages,
    )
    context.copy_rows(
        "ticket_events",
        ("ticket_id", "version", "at", "kind", "by_user", "message_id", "before", "after"),
        events,
    )
