"""Messages and notes of another system's tickets: on their tickets, in their time; nothing of it is sent."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text

from utility_crm.records.kinds import (
    TO_COME,
    Brought,
    Change,
    Changed,
    Kind,
    Made,
    Refusal,
    Row,
    Stands,
    Taking,
    things_named,
)
from utility_crm.records.people import authors
from utility_crm.records.restoring import gone, moved_on, put_back
from utility_crm.tickets.brought.fields import MESSAGE_FIELDS
from utility_crm.web.words import mark

NO_TICKET = mark("Ticket %(value)s of that system was not brought over.")
MERGED = mark("Ticket %(value)s was merged into another here.")
BEFORE = mark("It was written before its ticket was opened.")
_NAMES = ("ticket_id", "direction", "channel", "text", "sender", "author_id", "at")
_TYPES = (
    "ticket_id bigint, direction text, channel text, text text, sender text, author_id bigint, at timestamptz"
)
_TICKETS = text("select id, customer_id, opened_at, merged_into_id from tickets where id = any(:ids)")
_INSERT = text(f"""
    with told as (
        select * from jsonb_to_recordset(cast(:rows as jsonb)) as t(place int, external_id text, {_TYPES})
    ), numbered as (
        select t.*, nextval(pg_get_serial_sequence('ticket_messages', 'id')) as id
        from told t order by at, place
    ), made as (
        insert into ticket_messages (id, form_key, {", ".join(_NAMES)}) overriding system value
        select id, 'record:' || :source || ':message:' || external_id, {", ".join(_NAMES)} from numbered
    )
    select place, id from numbered
""")
_HELD = text(f"""
    select m.id, t.customer_id, {", ".join(f"m.{name}" for name in _NAMES)} from ticket_messages m
    join tickets t on t.id = m.ticket_id where m.id = any(:ids) for update of m
""")
_UPDATE = text(f"""
    update ticket_messages m set {", ".join(f"{name} = t.{name}" for name in _NAMES)}
    from jsonb_to_recordset(cast(:rows as jsonb)) as t(id bigint, {_TYPES}) where m.id = t.id
""")
# A ticket whose file did not say when it was answered first was answered by the first answer that is there,
# and waits since the first word after the last one; only of tickets that nobody has worked on here.
_ANSWERED = text("""
    update tickets t set first_answered_at = m.first, waits_since = case
        when t.status in ('new', 'open') then (
            select min(at) from ticket_messages i where i.ticket_id = t.id and i.direction = 'in'
                and i.at > m.last) end
    from (select ticket_id, min(at) as first, max(at) as last from ticket_messages
          where ticket_id = any(:ids) and direction = 'out' group by 1) m
    where t.id = m.ticket_id and t.first_answered_at is null and not exists (
        select from ticket_events e where e.ticket_id = t.id and e.reason not like 'record import %')
""")
_UNANSWERED = text("""
    update tickets t set first_answered_at = null,
        waits_since = case when t.status in ('new', 'open') then t.opened_at end
    from (select ticket_id, min(at) as first from ticket_messages
          where id = any(:ids) and direction = 'out' group by 1) m
    where t.id = m.ticket_id and t.first_answered_at = m.first and not exists (
        select from ticket_events e where e.ticket_id = t.id and e.reason not like 'record import %')
""")


def _wanted(taking: Taking, rows: Sequence[Row]) -> tuple[dict[int, dict[str, Any]], list[Refusal]]:
    named = things_named(taking, "tickets", (row.values["ticket"] for row in rows))
    tickets = {row.id: row for row in taking.session.execute(_TICKETS, {"ids": list(set(named.values()))})}
    writers = authors(taking, rows)
    refused: list[Refusal] = []
    found: dict[int, dict[str, Any]] = {}
    for row in rows:
        told, at = row.values["ticket"], row.values["at"]
        ticket = tickets.get(named.get(told, 0))
        words = _wrong(taking, ticket, at)
        if words is not None:
            name, code, why = words
            value = told if name == "ticket" else at.isoformat()
            refused.append(Refusal(row.line, name, code, why, value, {"value": value}))
            continue
        assert ticket is not None
        note, writer = row.values["direction"] == "note", writers[row.line]
        sender = row.get("sender") or (writer.name if writer.id is None else "")
        found[row.line] = {
            "ticket_id": ticket.id, "direction": row.values["direction"],
            "channel": "note" if note else row.values["channel"], "text": row.values["text"],
            "sender": sender, "author_id": writer.id, "at": at,
        }  # fmt: skip
    return found, refused


def _wrong(taking: Taking, ticket: Any, at: datetime) -> tuple[str, str, str] | None:
    if ticket is None:
        return "ticket", "no_ticket", NO_TICKET
    if ticket.merged_into_id is not None:
        return "ticket", "ticket_merged", MERGED
    if at > taking.now:
        return "at", "to_come", TO_COME
    return ("at", "before", BEFORE) if at < ticket.opened_at else None


def _make(taking: Taking, rows: Sequence[Row]) -> Made:
    found, refused = _wanted(taking, rows)
    told = [{"place": row.line, "external_id": row.external_id, **found[row.line]}
            for row in rows if row.line in found]  # fmt: skip
    values = {"rows": json.dumps(told, default=str), "source": taking.source}
    made = {row.place: row.id for row in taking.session.execute(_INSERT, values)}
    taking.session.execute(_ANSWERED, {"ids": list({one["ticket_id"] for one in found.values()})})
    taking.session.expire_all()
    return Made(made, refused)


def _change(taking: Taking, rows: Sequence[Row]) -> Changed:
    found, refused = _wanted(taking, rows)
    held = {
        row.id: row._asdict()
        for row in taking.session.execute(_HELD, {"ids": [row.thing_id for row in rows]})
    }
    changes: dict[int, Change] = {}
    told = []
    for row in rows:
        wanted, now_is = found.get(row.line), held.get(row.thing_id or 0)
        if wanted is None:
            continue
        if now_is is None:
            refused.append(gone(row))
            continue
        before = {name: now_is[name] for name in _NAMES if now_is[name] != wanted[name]}
        if before:
            after = {name: wanted[name] for name in before}
            changes[row.line] = Change(now_is["customer_id"], before, after)
            told.append({"id": row.thing_id, **wanted})
    if told:
        taking.session.execute(_UPDATE, {"rows": json.dumps(told, default=str)})
        taking.session.expire_all()
    return Changed(changes, refused)


def _stands(taking: Taking, things: Sequence[Brought]) -> Sequence[Stands]:
    return moved_on(taking, "ticket_messages", things)


def _take_back(taking: Taking, things: Sequence[Brought]) -> None:
    ids = [one.thing_id for one in things if one.before is None]
    taking.session.execute(_UNANSWERED, {"ids": ids})
    put_back(taking, "ticket_messages", things, mark("message"))
    taking.session.expire_all()


MESSAGES = Kind(
    name="messages", title=mark("Messages of tickets"), thing=mark("message"), order=40,
    fields=MESSAGE_FIELDS, make=_make, change=_change, stands=_stands, take_back=_take_back,
    room="utility_crm.tickets", table="ticket_messages",
)  # fmt: skip
