"""What rules may ask about a ticket and its customer, read for many tickets at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from utility_crm.tickets.domain.conditions import Field
from utility_crm.tickets.domain.life import CHANNELS, KINDS, PRIORITIES, STATUSES
from utility_crm.tickets.domain.rules import Known
from utility_crm.tickets.domain.words import mark

FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        one.name: one
        for one in (
            Field("kind", "word", KINDS),
            Field("priority", "word", PRIORITIES),
            Field("status", "word", STATUSES),
            Field("channel", "word", CHANNELS),
            Field("language", "word"),
            Field("segment", "word", ("household", "small_business", "industry")),
            Field("team", "word"),
            Field("assignee", "word"),
            Field("text", "text"),
            Field("sender", "text"),
            Field("tags", "words"),
            Field("customer_tags", "words"),
            Field("vulnerable", "flag"),
            Field("customer_known", "flag"),
            Field("reopened", "flag"),
            Field("age", "minutes"),
            Field("silence", "minutes"),
            Field("since_answer", "minutes"),
        )
    }
)
FIELD_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "kind": mark("what it is about"),
        "priority": mark("how urgent it is"),
        "status": mark("how it stands"),
        "channel": mark("how it came"),
        "language": mark("the language it is spoken in"),
        "segment": mark("the customer's segment"),
        "team": mark("the team that sees to it"),
        "assignee": mark("who sees to it, by sign-in name"),
        "text": mark("the subject and their latest words"),
        "sender": mark("the address it came from"),
        "tags": mark("tags of the ticket"),
        "customer_tags": mark("tags of the customer"),
        "vulnerable": mark("the customer needs care"),
        "customer_known": mark("we know the customer"),
        "reopened": mark("it was opened again"),
        "age": mark("minutes since it was opened"),
        "silence": mark("minutes since their last word"),
        "since_answer": mark("minutes since our last answer"),
    }
)
_FACTS = text("""
    select t.id, t.kind, t.priority, t.status, t.channel, nullif(t.language, '') as language, c.segment,
           team.name as team, who.login as assignee, t.subject, t.tags, c.tags as customer_tags,
           t.customer_id, t.reopened, t.opened_at,
           exists (select from customer_flags f
                   where f.customer_id = t.customer_id and f.kind <> 'needs') as vulnerable,
           heard.text as words, heard.sender, heard.at as heard_at, told.at as told_at
    from tickets t
    left join customers c on c.id = t.customer_id
    left join teams team on team.id = t.team_id
    left join users who on who.id = t.assignee_id
    left join lateral (
        select m.text, m.sender, m.at from ticket_messages m
        where m.ticket_id = t.id and m.direction = 'in' order by m.at desc, m.id desc limit 1
    ) heard on true
    left join lateral (
        select m.at from ticket_messages m
        where m.ticket_id = t.id and m.direction = 'out' order by m.at desc, m.id desc limit 1
    ) told on true
    where t.id = any(:ids)
""")


def facts_of(session: Session, ticket_ids: Iterable[int], now: datetime) -> dict[int, dict[str, Any]]:
    """The facts of tickets by their ids, in one statement."""
    rows = session.execute(_FACTS, {"ids": list(ticket_ids)})
    return {row.id: _facts(row, now) for row in rows}


def _facts(row: Any, now: datetime) -> dict[str, Any]:
    return {
        "kind": row.kind, "priority": row.priority, "status": row.status, "channel": row.channel,
        "language": row.language, "segment": row.segment, "team": row.team, "assignee": row.assignee,
        "text": f"{row.subject}\n{row.words or ''}", "sender": row.sender, "tags": frozenset(row.tags),
        "customer_tags": frozenset(row.customer_tags or ()), "vulnerable": row.vulnerable,
        "customer_known": row.customer_id is not None, "reopened": row.reopened > 0,
        "age": minutes_since(row.opened_at, now), "silence": minutes_since(row.heard_at, now),
        "since_answer": minutes_since(row.told_at, now),
    }  # fmt: skip


def minutes_since(at: datetime | None, now: datetime) -> int | None:
    """Whole minutes; None where it never was."""
    return None if at is None else int((now - at).total_seconds() // 60)


_LISTS = text("""
    select 'people', login from users where active
    union all select 'teams', name from teams
    union all select 'macros', key from ticket_macros where active
    order by 1, 2
""")


def known(session: Session) -> Known:
    """What a rule may name."""
    lists: dict[str, tuple[str, ...]] = {
        "people": (), "teams": (), "macros": (), "statuses": STATUSES[1:], "priorities": PRIORITIES,
        "kinds": KINDS,
    }  # fmt: skip
    for name, value in session.execute(_LISTS):
        lists[name] = (*lists[name], value)
    lists["routes"] = ("any", *lists["teams"])
    return Known(FIELDS, lists)
